"""The chain holds, and shows where it does not."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkvalve import chain
from checkvalve.chain import GENESIS, Entry, Head, Value
from checkvalve.errors import IntegrityError

AT = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


def made(count: int) -> tuple[list[bytes], list[Head]]:
    lines, heads = [], [GENESIS]
    for number in range(count):
        entry = Entry(AT + timedelta(seconds=number), "note", "shift lead", {"number": number})
        line, head = chain.append(heads[-1], entry)
        lines.append(line)
        heads.append(head)
    return lines, heads


def test_a_line_is_canonical_json_that_any_tool_can_check() -> None:
    line, head = chain.append(GENESIS, Entry(AT, "mute", "Jörg", {"b": [1, None], "a": "é\n"}))
    assert (
        line
        == (
            '{"at":"2026-11-24T06:30:00.000000Z","body":{"a":"é\\n","b":[1,null]},"kind":"mute",'
            f'"previous":"{"0" * 64}","seq":1,"who":"Jörg"}}\n'
        ).encode()
    )
    assert head == Head(1, hashlib.sha256(line[:-1]).hexdigest())


def test_an_entry_comes_back_as_it_went_in() -> None:
    entry = Entry(AT, "close", "shift lead", {"findings": ["a", "b"], "until": None})
    line, head = chain.append(GENESIS, entry)
    assert chain.follow(GENESIS, line) == (entry, head)


def test_a_local_time_is_written_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    assert chain.instant(AT.astimezone(berlin)) == "2026-11-24T06:30:00.000000Z"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        chain.instant(AT.replace(tzinfo=None))


def test_a_whole_chain_verifies_to_its_head_and_to_every_pinned_head() -> None:
    lines, heads = made(12)
    assert chain.verify(lines) == heads[-1]
    for head in heads:
        assert chain.verify(lines, pinned=head) == heads[-1]
    assert chain.verify(lines[5:], start=heads[5]) == heads[-1]
    assert chain.verify([]) == GENESIS


@pytest.mark.parametrize("number", range(1, 6))
def test_a_changed_line_is_named(number: int) -> None:
    lines, heads = made(6)
    lines[number - 1] = lines[number - 1].replace(b"shift lead", b"shift head")
    with pytest.raises(IntegrityError, match=f"line {number + 1} does not follow"):
        chain.verify(lines, pinned=heads[-1])


def test_a_changed_last_line_shows_only_against_the_pinned_head() -> None:
    lines, heads = made(6)
    lines[-1] = lines[-1].replace(b"shift lead", b"shift head")
    assert chain.verify(lines).count == 6
    with pytest.raises(IntegrityError, match="line 6 is not the line that was pinned"):
        chain.verify(lines, pinned=heads[-1])


def test_a_dropped_tail_shows_only_against_the_pinned_head() -> None:
    lines, heads = made(6)
    assert chain.verify(lines[:4]) == heads[4]
    with pytest.raises(IntegrityError, match="ends at line 4, but it is known to have had 6"):
        chain.verify(lines[:4], pinned=heads[-1])


@pytest.mark.parametrize("number", range(1, 6))
def test_a_dropped_line_is_named(number: int) -> None:
    lines, _ = made(6)
    del lines[number - 1]
    with pytest.raises(IntegrityError, match=f"line {number} says that it is line {number + 1}"):
        chain.verify(lines)


def test_two_swapped_lines_are_named() -> None:
    lines, _ = made(6)
    lines[2], lines[3] = lines[3], lines[2]
    with pytest.raises(IntegrityError, match="line 3 says that it is line 4"):
        chain.verify(lines)


def test_an_added_line_is_named() -> None:
    lines, heads = made(6)
    stranger, _ = chain.append(Head(3, "f" * 64), Entry(AT, "note", "stranger", {}))
    lines.insert(3, stranger)
    with pytest.raises(IntegrityError, match="line 4 does not follow"):
        chain.verify(lines, pinned=heads[-1])


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null\n",
        b"[1]\n",
        b"{}\n",
        b"\xff\xfe\n",
        b"\x00" * 40,
        b'{"at":1}\n',
        b"[" * 100_000,
    ],
)
def test_what_is_not_an_entry_is_an_integrity_error_that_names_the_line(line: bytes) -> None:
    lines, _ = made(2)
    with pytest.raises(IntegrityError, match="line 3 is not an entry"):
        chain.verify([*lines, line])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", "yesterday"),
        ("at", "2026-11-24T06:30:00Z"),
        ("body", []),
        ("kind", 3),
        ("previous", None),
        ("seq", True),
        ("seq", 0),
        ("seq", 1.0),
        ("who", {}),
    ],
)
def test_a_field_of_another_sort_is_refused(field: str, value: object) -> None:
    line, _ = chain.append(GENESIS, Entry(AT, "note", "shift lead", {}))
    fields = json.loads(line) | {field: value}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    with pytest.raises(IntegrityError, match="line 1 is not an entry"):
        chain.verify([text.encode()])


def test_the_same_entry_in_another_spelling_is_refused() -> None:
    line, _ = chain.append(GENESIS, Entry(AT, "note", "shift lead", {"a": 1}))
    fields = json.loads(line)
    for spelling in (json.dumps(fields, sort_keys=True), json.dumps(fields, indent=1)):
        with pytest.raises(IntegrityError, match="canonical"):
            chain.verify([spelling.encode()])
    doubled = line.replace(b'{"a":1}', b'{"a":0,"a":1}')
    with pytest.raises(IntegrityError, match="canonical"):
        chain.verify([doubled])


@pytest.mark.parametrize("value", [1.5, float("nan"), 2**53, b"x", {1: 2}, {"a": {3, 4}}, "\ud800"])
def test_what_has_no_canonical_form_is_refused(value: Value) -> None:
    with pytest.raises(ValueError, match=r"."):
        chain.canonical(value)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
def test_canonical_json_is_read_back_and_written_the_same(value: Value) -> None:
    octets = chain.canonical(value)
    assert b"\n" not in octets
    assert json.loads(octets) == value
    assert chain.canonical(json.loads(octets)) == octets


@settings(max_examples=200)
@given(st.data())
def test_any_flipped_bit_breaks_a_pinned_chain(data: st.DataObject) -> None:
    lines, heads = made(4)
    octets = bytearray(b"".join(lines))
    place = data.draw(st.integers(0, len(octets) - 1))
    octets[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(IntegrityError):
        chain.verify(bytes(octets).split(b"\n")[:-1], pinned=heads[-1])


@given(st.binary(max_size=200))
def test_any_octets_give_an_entry_or_an_integrity_error(octets: bytes) -> None:
    with pytest.raises(IntegrityError):
        chain.follow(GENESIS, octets)
