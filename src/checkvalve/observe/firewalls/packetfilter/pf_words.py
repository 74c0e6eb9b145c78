"""What the words of a pf rule match: hosts, tables, ports, protocols, interfaces, TCP flags.

A word that is not understood gives ``None`` or a reason, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Final

from checkvalve.observe.firewalls.base import ICMP, ICMPV6, Names, State
from checkvalve.observe.firewalls.netfilter.netfilter_names import PROTOCOLS, SERVICES
from checkvalve.observe.firewalls.packetfilter.pf_lines import unquoted
from checkvalve.observe.firewalls.spans import (
    ANY_V4,
    ANY_V6,
    ANYWHERE,
    NOWHERE,
    Addresses,
    Span,
    Spans,
    spans,
)

_ICMP_TYPES: Final[dict[int, dict[str, int]]] = {
    ICMP: {
        "echorep": 0, "unreach": 3, "squench": 4, "redir": 5, "althost": 6, "echoreq": 8,
        "routeradv": 9, "routersol": 10, "timex": 11, "paramprob": 12, "timereq": 13,
        "timerep": 14, "inforeq": 15, "inforep": 16, "maskreq": 17, "maskrep": 18, "trace": 30,
    },
    ICMPV6: {
        "unreach": 1, "toobig": 2, "timex": 3, "paramprob": 4, "echoreq": 128, "echorep": 129,
        "groupqry": 130, "listqry": 130, "grouprep": 131, "listenrep": 131, "groupterm": 132,
        "listendone": 132, "routersol": 133, "routeradv": 134, "neighbrsol": 135,
        "neighbradv": 136, "redir": 137, "routrrenum": 138,
    },
}  # fmt: skip

#: Drivers whose name is also the group of their interfaces.
_DRIVERS: Final = frozenset((
    "lo", "em", "igb", "igc", "ix", "ixl", "re", "vr", "vtnet", "vio", "bge", "bnx", "bnxt", "vmx",
    "hn", "xn", "tun", "tap", "wg", "enc", "gif", "gre", "vlan", "carp", "pflog", "pfsync",
    "bridge", "trunk", "lagg", "ppp", "pppoe", "ovpnc", "ovpns", "ue", "axe", "mlx", "mce", "ena",
    "sis", "fxp", "dc", "xl", "rl", "vether", "veb", "aggr",
))  # fmt: skip
_MOST_UNITS: Final = 256
_SHORT: Final = re.compile(r"\d{1,3}(\.\d{1,3}){0,2}/\d{1,2}")
_HIGHEST_PORT: Final = 65_535
_HIGHEST_OCTET: Final = 255


@dataclass(frozen=True, slots=True)
class Hosts:
    """Hosts of a rule.

    Attributes:
        known: addresses that are meant for certain.
        unknown: why more addresses may be meant; empty: none are.
    """

    known: Addresses = ANYWHERE
    unknown: str = ""

    def choices(self) -> list[tuple[Addresses, str]]:
        """The known and the unknown addresses, each with why they are unknown."""
        known = [(self.known, "")] if self.known else []
        return known + ([(ANYWHERE, self.unknown)] if self.unknown else [])


def union_of(hosts: Iterable[Hosts]) -> Hosts:
    """What any of them means."""
    found = list(hosts)
    known = reduce(lambda a, b: a | b, (one.known for one in found), NOWHERE)
    return Hosts(known, next((one.unknown for one in found if one.unknown), ""))


def host(word: str, last: str, tables: Mapping[str, Hosts], *, negated: bool) -> Hosts:
    """What one host of a rule means.

    Args:
        word: an address, network, table or name.
        last: the last address of a range; empty if there is none.
        tables: by name.
        negated: all but it: of its own family, for an address decides the rule's family.
    """
    if word == "any":
        return Hosts(NOWHERE if negated else ANYWHERE)
    if word.startswith("<"):
        return _table(word[1:-1], tables, negated=negated)
    found = addresses(f"{word}-{last}" if last else word)
    if found is None:
        return Hosts(NOWHERE, f"the addresses of {unquoted(word)} do not stand in the text")
    if negated:
        found = (ANY_V4 if found.v4 else ANY_V6) - found
    return Hosts(found)


def _table(name: str, tables: Mapping[str, Hosts], *, negated: bool) -> Hosts:
    table = tables.get(name) or tables.get(name.partition(":")[0])
    if table is None:
        return Hosts(NOWHERE, f"the table <{name}> is not defined")
    if table.unknown:
        return Hosts(NOWHERE, table.unknown)
    return Hosts(ANYWHERE - table.known) if negated else table


def table_of(entries: Iterable[tuple[str, bool]]) -> Hosts:
    """A table: the longest entry that an address is in says whether it belongs to it.

    Args:
        entries: networks, and whether each is negated.
    """
    found: list[tuple[int, bool, Addresses]] = []
    for word, negated in entries:
        network = addresses(word)
        if network is None:
            return Hosts(NOWHERE, f"the addresses of {unquoted(word)} do not stand in the text")
        found.append((_length(network), negated, network))
    known = NOWHERE
    for _, negated, network in sorted(found, key=lambda one: one[:2]):
        known = known - network if negated else known | network
    return Hosts(known)


def _length(network: Addresses) -> int:
    """The length of a network's prefix."""
    (low, high), bits = (network.v4 or network.v6)[0], 32 if network.v4 else 128
    return bits - (high - low + 1).bit_length() + 1


def addresses(word: str) -> Addresses | None:
    """An address, a network (``10/8`` too) or a range; ``None`` if it is none of them."""
    word = unquoted(word)
    if _SHORT.fullmatch(word):
        octets, _, length = word.partition("/")
        word = ".".join((octets.split(".") + ["0"] * 3)[:4]) + "/" + length
    try:
        return Addresses.of(word)
    except ValueError:
        return None


def port(word: str) -> int | None:
    """A port by number or by its name in ``/etc/services``."""
    if word.isascii() and word.isdigit():
        number = int(word[:6])
        return number if number <= _HIGHEST_PORT else None
    return SERVICES.get(unquoted(word))


def ports(operator: str, word: str, other: str = "") -> Spans | None:
    """The ports that an operator and its operands mean; ``None`` if they are not understood."""
    first, colon, last = word.partition(":")
    if colon and operator in ("", "=", "!="):
        low, high = port(first or "0"), port(last or str(_HIGHEST_PORT))
    else:
        low = port(word)
        high = port(other) if other else low
    if low is None or high is None:
        return None
    meant: dict[str, list[Span]] = {
        "": [(low, high)],
        "=": [(low, high)],
        "!=": [(0, low - 1), (high + 1, _HIGHEST_PORT)],
        "<": [(0, low - 1)],
        "<=": [(0, low)],
        ">": [(low + 1, _HIGHEST_PORT)],
        ">=": [(low, _HIGHEST_PORT)],
        "><": [(low + 1, high - 1)],
        "<>": [(0, low - 1), (high + 1, _HIGHEST_PORT)],
    }
    return spans(meant[operator])


def protocol(word: str) -> int | None:
    """A protocol by number or name."""
    if word.isascii() and word.isdigit():
        number = int(word[:4])
        return number if number <= _HIGHEST_OCTET else None
    return {"carp": 112, "etherip": 97, **PROTOCOLS}.get(unquoted(word))


def icmp(protocol_number: int, kind: str, code: str) -> Spans | None:
    """``type << 8 | code`` of a type and perhaps a code; ``None`` if they are not understood."""
    number = _octet(kind, _ICMP_TYPES[protocol_number])
    if number is None:
        return None
    if not code:
        return ((number << 8, number << 8 | _HIGHEST_OCTET),)
    low = _octet(code, {})
    return None if low is None else ((number << 8 | low, number << 8 | low),)


def _octet(word: str, names: Mapping[str, int]) -> int | None:
    if word.isascii() and word.isdigit():
        number = int(word[:4])
        return number if number <= _HIGHEST_OCTET else None
    return names.get(word)


def interface(word: str, *, negated: bool) -> Names | None:
    """An interface, or all of a driver; ``None`` for a group whose members are not said.

    A name that ends in a digit is an interface's, for pf's groups may not end so.
    """
    word = unquoted(word)
    if word == "any":
        return Names(frozenset({"*"}), negated)
    if word[-1:].isdigit():
        return Names(frozenset({word}), negated)
    if word in _DRIVERS:
        return Names(frozenset(f"{word}{unit}" for unit in range(_MOST_UNITS)), negated)
    return None


def states(flags: str, *, keeps_state: bool) -> frozenset[State] | None:
    """The sessions whose TCP packets have these flags (``S/SA``).

    Args:
        flags: those that are set, of those that are looked at.
        keeps_state: the first packet decides for the whole session.
    """
    want, _, mask = flags.partition("/")
    if flags == "any":
        return None
    opens = set("S") & set(mask) == set(want)
    goes_on = set("A") & set(mask) == set(want)
    if opens:
        return None if goes_on or keeps_state else frozenset({State.NEW})
    if goes_on:
        return frozenset({State.ESTABLISHED, State.RELATED, State.INVALID})
    return frozenset({State.INVALID})
