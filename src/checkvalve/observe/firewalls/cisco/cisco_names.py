"""Protocols, ports and ICMP types as Cisco's command lines write them: by name or number."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from checkvalve.observe.firewalls.base import ICMPV6
from checkvalve.observe.firewalls.cisco.cisco_lines import WordError, Words
from checkvalve.observe.firewalls.spans import ALL_PORTS, Spans, complement, spans

_LAST_PORT: Final = 65_535
_LAST_OCTET: Final = 255
_LONGEST_NUMBER: Final = 10
#: Words that begin a restriction of ports.
OPERATORS: Final = frozenset(("eq", "neq", "lt", "gt", "range"))


@cache
def _tables() -> Mapping[str, Mapping[str, int]]:
    text = files(__package__).joinpath("cisco.toml").read_text("utf-8")
    tables = tomllib.loads(text)
    return {"protocols": tables["protocols"], "ports": tables["ports"]}


@cache
def _icmp_names(table: str) -> Mapping[str, Spans]:
    text = files(__package__).joinpath("cisco.toml").read_text("utf-8")
    return {name: _types(*numbers) for name, numbers in tomllib.loads(text)[table].items()}


def _types(kind: int, code: int | None = None) -> Spans:
    if code is None:
        return ((kind << 8, kind << 8 | _LAST_OCTET),)
    return ((kind << 8 | code, kind << 8 | code),)


def number(word: str, most: int) -> int | None:
    """A decimal number up to a limit."""
    if not word.isascii() or not word.isdecimal() or len(word) > _LONGEST_NUMBER:
        return None
    value = int(word)
    return value if value <= most else None


def protocol(word: str) -> int:
    """An IP protocol's number.

    Raises:
        WordError: there is no such protocol.
    """
    found = _tables()["protocols"].get(word)
    if found is None:
        found = number(word, _LAST_OCTET)
    if found is None:
        raise WordError(f"there is no protocol '{word}'")
    return found


def is_port(word: str) -> bool:
    """Whether a word is a port's name or number."""
    return word in _tables()["ports"] or number(word, _LAST_PORT) is not None


def port(word: str) -> int:
    """A port's number.

    Raises:
        WordError: there is no such port.
    """
    found = number(word, _LAST_PORT)
    if found is None:
        found = _tables()["ports"].get(word)
    if found is None:
        raise WordError(f"there is no port '{word}'")
    return found


def ports(words: Words, *, several: bool = False) -> Spans:
    """Ports from an operator on: ``eq 80``, ``range 1 9``.

    Args:
        words: the next one is an operator.
        several: ``eq`` and ``neq`` take more than one port (IOS).

    Raises:
        WordError: what follows is no port.
    """
    operator = words.take()
    first = port(words.take())
    if operator == "range":
        last = port(words.take())
        return ((min(first, last), max(first, last)),)
    if operator == "lt":
        return spans([(0, first - 1)])
    if operator == "gt":
        return spans([(first + 1, _LAST_PORT)])
    listed = [(first, first)]
    while several and is_port(words.peek()):
        also = port(words.take())
        listed.append((also, also))
    return spans(listed) if operator == "eq" else complement(spans(listed), ALL_PORTS)


def is_icmp(word: str, number_of_protocol: int) -> bool:
    """Whether a word is a type of ICMP or ICMPv6."""
    return word in _icmp_names(_table(number_of_protocol)) or number(word, _LAST_OCTET) is not None


def icmp(words: Words, number_of_protocol: int) -> Spans:
    """A type, and a code if one follows, as ``type << 8 | code``.

    Raises:
        WordError: there is no such type.
    """
    word = words.take()
    named = _icmp_names(_table(number_of_protocol)).get(word)
    if named is not None and named[0][0] == named[0][1]:
        return named
    kind = named[0][0] >> 8 if named is not None else number(word, _LAST_OCTET)
    if kind is None:
        raise WordError(f"there is no ICMP type '{word}'")
    code = number(words.peek(), _LAST_OCTET)
    if code is not None:
        words.take()
    return _types(kind, code)


def _table(number_of_protocol: int) -> str:
    return "icmpv6" if number_of_protocol == ICMPV6 else "icmp"
