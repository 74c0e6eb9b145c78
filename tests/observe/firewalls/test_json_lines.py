"""JSON by its lines: equal to what Python reads, and as far as it goes where it is cut."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from checkvalve.observe.firewalls.json_lines import JsonObject, read_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


def plain(value: Any) -> Any:
    if isinstance(value, JsonObject):
        return {name: plain(one) for name, one in value.fields.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


@given(VALUES, st.sampled_from((None, 2)))
def test_what_python_writes_is_read_alike(value: Any, indent: int | None) -> None:
    found, broken = read_json(json.dumps(value, indent=indent))
    assert broken is None
    assert plain(found) == value


@given(st.text() | st.text(alphabet='{}[],:"a1 \n\\'))
def test_any_text_is_read_or_broken_at_a_line(text: str) -> None:
    _, broken = read_json(text)
    try:
        json.loads(text)
    except ValueError:
        assert broken is not None
        assert 1 <= broken.line <= text.count("\n") + 1


def test_objects_know_their_lines_and_depth_costs_no_recursion() -> None:
    found, _ = read_json('[\n{\n"a": 1},\n{"b": {}}]')
    assert [(one.line, one.last) for one in found] == [(2, 3), (4, 4)]
    assert read_json("[" * 100_000)[1] is not None
    found, broken = read_json('{"a": [1, {"b": 2}, ')
    assert broken is not None
    assert plain(found) == {"a": [1, {"b": 2}]}
