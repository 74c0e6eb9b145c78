"""The one hash chain: every line names the digest of the line before it.

A line is one entry as canonical JSON: ``{at, body, kind, previous, seq, who}``. Its digest is
SHA-256 over the line's octets without the newline, so that any tool can check the chain.
Changing, dropping, adding or swapping a line breaks the line that follows. What a chain alone
does not show is a change to its last line and a missing tail; a *pinned head*, kept elsewhere,
shows both.

Canonical JSON here is the part of RFC 8785 that needs no number formatting: keys sorted by
code point, no blanks, UTF-8, whole numbers within 2**53, no fractions. A measured value goes
in as text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn, TypeAlias

from checkvalve.errors import IntegrityError

#: What an entry's body may hold. Fractions are refused: write them as text.
Value: TypeAlias = "str | int | bool | Sequence[Value] | Mapping[str, Value] | None"


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a whole number")


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)
_DECODER = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse)
_LARGEST = 2**53 - 1
_FIELDS = {"at", "body", "kind", "previous", "seq", "who"}


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain stands.

    Attributes:
        count: how many lines it has.
        digest: SHA-256 of its last line, 64 hexadecimal digits.
    """

    count: int
    digest: str


#: The head of the empty chain.
GENESIS = Head(0, "0" * 64)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a person or the program decided.

    Attributes:
        at: when, with a time zone.
        kind: what sort of decision, in words.
        who: the person, or the part of the program.
        body: the particulars.
    """

    at: datetime
    kind: str
    who: str
    body: Mapping[str, Value]


def instant(at: datetime) -> str:
    """Writes a time as UTC text of fixed width, which therefore sorts by time.

    Raises:
        ValueError: the time has no zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time without a zone is not an instant")
    text = at.astimezone(UTC).isoformat(timespec="microseconds")
    return text.removesuffix("+00:00") + "Z"


def canonical(value: Value) -> bytes:
    """Encodes a value as canonical JSON.

    Raises:
        ValueError: a fraction, a whole number beyond 2**53 - 1, a key that is not text, or
            text that UTF-8 cannot hold.
    """
    _refuse_inexact(value)
    return _encoded(value)


def append(head: Head, entry: Entry) -> tuple[bytes, Head]:
    """Chains one entry to a head.

    Returns:
        The line with its newline, and the head after it.

    Raises:
        ValueError: the entry has no canonical form.
    """
    line = canonical(
        {
            "at": instant(entry.at),
            "body": entry.body,
            "kind": entry.kind,
            "previous": head.digest,
            "seq": head.count + 1,
            "who": entry.who,
        }
    )
    return line + b"\n", Head(head.count + 1, hashlib.sha256(line).hexdigest())


def follow(head: Head, line: bytes) -> tuple[Entry, Head]:
    """Checks one line against the head before it.

    Args:
        head: the chain up to here.
        line: the next line, with or without its newline.

    Raises:
        IntegrityError: the line is not an entry, not canonical, or does not follow.
    """
    number = head.count + 1
    entry, after, previous = read(line, number)
    if after.count != number:
        raise IntegrityError(
            f"line {number} says that it is line {after.count}",
            hint="a line was dropped, added or swapped here",
        )
    if previous != head.digest:
        raise IntegrityError(
            f"line {number} does not follow the line before it",
            hint=f"line {number - 1} was changed, or a line was dropped, added or swapped here",
        )
    return entry, after


def read(line: bytes, number: int) -> tuple[Entry, Head, str]:
    """Reads one line by itself.

    Args:
        line: the line, with or without its newline.
        number: where it stands, from 1, for the error's sentence.

    Returns:
        The entry, the head after it, and the digest that it names as the line before.

    Raises:
        IntegrityError: the line is not an entry in canonical form.
    """
    octets = line.removesuffix(b"\n")
    try:
        fields = _DECODER.decode(octets.decode())
        if not isinstance(fields, dict) or fields.keys() != _FIELDS:
            raise ValueError("its fields are not those of an entry")
        at = datetime.fromisoformat(str(fields["at"]))
        if _encoded(fields) != octets or instant(at) != fields["at"]:
            raise ValueError("it is not in canonical form")
        head = Head(_whole(fields["seq"]), hashlib.sha256(octets).hexdigest())
        entry = Entry(at, _text(fields["kind"]), _text(fields["who"]), _mapping(fields["body"]))
        return entry, head, _text(fields["previous"])
    except (ValueError, RecursionError) as error:
        raise IntegrityError(
            f"line {number} is not an entry of the chain: {error}",
            hint="the file was damaged or edited",
        ) from error


def verify(lines: Iterable[bytes], *, start: Head = GENESIS, pinned: Head | None = None) -> Head:
    """Checks a chain from ``start`` to its end.

    Args:
        lines: the lines in order, with or without newlines.
        start: the head before the first of them.
        pinned: a head that the chain is known to have had; without it a missing tail does
            not show.

    Returns:
        The head at the end.

    Raises:
        IntegrityError: a line does not hold, or the chain never had the pinned head.
    """
    head = start
    _compare(head, pinned)
    for line in lines:
        _, head = follow(head, line)
        _compare(head, pinned)
    if pinned is not None and head.count < pinned.count:
        raise IntegrityError(
            f"the chain ends at line {head.count}, but it is known to have had {pinned.count}",
            hint="its tail was cut off",
        )
    return head


def _compare(head: Head, pinned: Head | None) -> None:
    if pinned is not None and head.count == pinned.count and head.digest != pinned.digest:
        raise IntegrityError(
            f"line {head.count} is not the line that was pinned",
            hint="the chain was rewritten, or the pinned head belongs to another chain",
        )


def _encoded(value: Value) -> bytes:
    return _ENCODER.encode(value).encode()


def _refuse_inexact(value: object) -> None:
    match value:
        case None | bool() | str():
            return
        case int() if -_LARGEST <= value <= _LARGEST:
            return
        case dict():
            for key, item in value.items():
                if not isinstance(key, str):
                    raise ValueError(f"the key {key!r} is not text")
                _refuse_inexact(item)
        case list() | tuple():
            for item in value:
                _refuse_inexact(item)
        case _:
            raise ValueError(f"{value!r} has no canonical form")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not text")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _LARGEST:
        raise ValueError(f"{value!r} is not a line's number")
    return value


def _mapping(value: object) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise ValueError("its body is not an object")
    return value
