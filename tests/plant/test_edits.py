"""Changing a YAML text where it must change, and nowhere else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkvalve.errors import InputError
from checkvalve.plant.documents import read_document
from checkvalve.plant.edits import with_entries, with_fields
from checkvalve.plant.nodes import resolve
from checkvalve.plant.spelling import spell

NEW = [("new", {"who": ["a", "b c"], "at": "2026-01-01T00:00:00Z"})]
BLOCK = '- id: new\n  who: [a, b c]\n  at: "2026-01-01T00:00:00Z"\n'
FLOW = '{id: new, who: [a, b c], at: "2026-01-01T00:00:00Z"}'


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("", BLOCK),
        ("# none yet\n", "# none yet\n" + BLOCK),
        ("# none yet", "# none yet\n" + BLOCK),
        ("- id: a # first\n# last words\n", "- id: a # first\n" + BLOCK + "# last words\n"),
        ("- {id: a}", "- {id: a}\n" + BLOCK),
        ("[]", f"[{FLOW}]"),
        ("[ ]\n", f"[{FLOW} ]\n"),
        ("[{id: a}] # all\n", "[{id: a}, " + FLOW + "] # all\n"),
        ('[{"id": "a"},]', '[{"id": "a"}, ' + FLOW + ",]"),
        ("- id: a\n...\n", "- id: a\n" + BLOCK + "...\n"),
        ("- id: a\n  n: |\n    x\n", "- id: a\n  n: |\n    x\n" + BLOCK),
        ("- id: a\n  n:\n", "- id: a\n  n:\n" + BLOCK),
        ("- id: a\r\n", "- id: a\r\n" + BLOCK.replace("\n", "\r\n")),
        ("- id: é\U00020000\n  w: {from: 22:00}\n", None),
    ],
)
def test_a_list_gets_an_object_at_its_end(text: str, changed: str | None) -> None:
    assert with_entries(text, NEW) == (changed or text + BLOCK)


def test_the_column_of_an_indented_list_is_kept() -> None:
    text = "  - id: a\n    x: 1\n"
    indented = "".join(f"  {line}" for line in BLOCK.splitlines(keepends=True))
    assert with_entries(text, NEW) == text + indented


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("a: {x: 1}\n", 'a: {x: 1}\nnew:\n  who: [a, b c]\n  at: "2026-01-01T00:00:00Z"\n'),
        ("a:\n", 'a:\nnew:\n  who: [a, b c]\n  at: "2026-01-01T00:00:00Z"\n'),
        ("{}", '{new: {who: [a, b c], at: "2026-01-01T00:00:00Z"}}'),
    ],
)
def test_a_mapping_by_id_gets_an_object_under_its_id(text: str, changed: str) -> None:
    assert with_entries(text, NEW) == changed


@pytest.mark.parametrize(
    ("text", "path", "changed"),
    [
        ("- id: a # c\n- id: b\n", (0,), "- id: a # c\n  done: true\n- id: b\n"),
        ("- id: a\n  x:\n    - 1\n# z\n", (0,), "- id: a\n  x:\n    - 1\n  done: true\n# z\n"),
        ("- {id: a, w: [1, 2]} # c\n", (0,), "- {id: a, w: [1, 2], done: true} # c\n"),
        ("a:\n  x: 1\nb: {}\n", ("a",), "a:\n  x: 1\n  done: true\nb: {}\n"),
        ("a: {}\n", ("a",), "a: {done: true}\n"),
        ("x: 1\n", (), "x: 1\ndone: true\n"),
        ("- id: a\n  x: 'y\n\n    z'", (0,), "- id: a\n  x: 'y\n\n    z'\n  done: true\n"),
    ],
)
def test_an_object_gets_a_field_behind_its_last(
    text: str, path: tuple[str | int, ...], changed: str
) -> None:
    assert with_fields(text, path, {"done": True}) == changed


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("- id: a\n  done: no\n", (0,)),  # it has the field
        ("- &x {id: a}\n- *x\n", (0,)),  # another object would change with it
        ("a:\n", ("a",)),  # nothing to add to
        ("- id: [\n", (0,)),
        ("- {id: a}\n- {id: a, id: b}\n", (0,)),
    ],
)
def test_what_can_not_be_changed_safely_is_left_to_a_person(
    text: str, path: tuple[str | int, ...]
) -> None:
    with pytest.raises(InputError, match="can't be changed safely") as caught:
        with_fields(text, path, {"done": True})
    assert "nothing was written" in caught.value.hint


_TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs"), max_codepoint=0xFFFD), max_size=12)
_SAFE = _TEXT.filter(lambda text: not set(text) & set("\u2028\u2029\ufeff"))
_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**40), 2**40), _SAFE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_SAFE, inner, max_size=3),
    max_leaves=6,
)
_FIELDS = st.dictionaries(
    _SAFE.filter(lambda key: key not in ("", "id", "<<")), _VALUES, max_size=4
)


@given(_VALUES)
def test_a_spelled_value_is_read_as_itself(value: object) -> None:
    node, complaints = read_document(f"- {spell(value)}\n".encode())
    assert node is not None
    assert complaints or node.plain() == [value]


@given(_SAFE)
def test_text_spelled_without_quotes_is_text_to_every_reader(text: str) -> None:
    spelled = spell(text)
    if not spelled.startswith('"'):
        assert resolve(spelled) == text
        assert spelled.lower() not in {"yes", "no", "on", "off", "y", "n", "true", "false", "null"}


@given(
    st.lists(_FIELDS, max_size=3),
    _FIELDS,
    st.sampled_from([None, 2]),
    st.sampled_from(["", "# above\n"]),
    st.sampled_from(["", "\n", "\n# below\n"]),
)
def test_an_edit_of_any_list_adds_one_object_and_keeps_every_letter(
    held: list[dict[str, object]], new: dict[str, object], indent: int | None, top: str, end: str
) -> None:
    objects = [{"id": f"o{i}", **fields} for i, fields in enumerate(held)]
    text = top + json.dumps(objects, indent=indent, ensure_ascii=False) + end
    try:
        changed = with_entries(text, [("new", new)])
    except InputError:
        assert "<<" in text + str(new)
        return
    node, _ = read_document(changed.encode())
    assert node is not None
    assert node.plain() == [*objects, {"id": "new", **new}]
    kept = iter(changed)
    assert all(letter in kept for letter in text)
