"""What decides on a FortiGate before any policy is asked.

Private to the FortiOS reader. Doubts about the text come first; then thresholds, access lists and
multicast, which are not read; then traffic between the interfaces of a zone that allows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from checkvalve.observe.firewalls.base import Action, FilterRule, Names, State
from checkvalve.observe.firewalls.fortinet.fortios_tree import Node
from checkvalve.observe.firewalls.spans import ANYWHERE, Addresses
from checkvalve.observe.firewalls.tally import Tally

#: Tables that deny, and what they deny by.
EARLY: Final = {
    "firewall DoS-policy": "thresholds against floods",
    "firewall DoS-policy6": "thresholds against floods",
    "firewall acl": "access lists before all policies",
    "firewall acl6": "access lists before all policies",
    "firewall ttl-policy": "policies on the time to live",
}
_MULTICAST_TABLES: Final = ("firewall multicast-policy", "firewall multicast-policy6")
_MULTICAST: Final = Addresses.of("224.0.0.0/4") | Addresses.of("ff00::/8")


def before_policies(
    domain: Node, tally: Tally, doubts: Iterable[tuple[int, str]]
) -> Iterator[FilterRule]:
    """The rules that come before all policies of a virtual domain.

    Args:
        domain: the virtual domain.
        tally: the lines of the text.
        doubts: lines because of which all may be otherwise, and why.
    """
    yield from doubtful(tally, doubts)
    for path, what in EARLY.items():
        yield from _denials(domain.table(path), tally, what, rate="DoS" in path)
    for path in _MULTICAST_TABLES:
        if (table := domain.table(path)).entries:
            yield from _either(tally, table.line, "multicast policies are not read", _MULTICAST)
    settings = domain.table("system settings").settings
    if (found := settings.get("asymroute")) and found.values == ("enable",):
        ref, why = tally.ref(found.line), "packets outside of sessions may pass"
        yield FilterRule(Action.ACCEPT, ref, states=frozenset({State.INVALID}), unknown=why)
    for name, node in domain.table("system zone").entries.items():
        if node.word("intrazone") == "allow":
            zone = Names(frozenset({name}))
            ref = tally.ref(node.settings["intrazone"].line, name)
            yield FilterRule(Action.ACCEPT, ref, in_if=zone, out_if=zone)


def doubtful(tally: Tally, doubts: Iterable[tuple[int, str]]) -> Iterator[FilterRule]:
    """Rules that leave open what becomes of any packet."""
    for line, why in doubts:
        yield from _either(tally, line, why, ANYWHERE)


def _either(tally: Tally, line: int, why: str, dst: Addresses) -> Iterator[FilterRule]:
    """Two rules where it is not known whether a line permits or denies."""
    for action in (Action.ACCEPT, Action.DENY):
        yield FilterRule(action, tally.ref(line), dst=dst, unknown=why)


def _denials(table: Node, tally: Tally, what: str, *, rate: bool) -> Iterator[FilterRule]:
    for node in table.entries.values():
        if node.word("status", "enable") != "enable":
            continue
        names = node.values("interface") or node.values("srcintf")
        every = not names or "any" in names
        yield FilterRule(
            Action.DENY,
            tally.ref(node.line, node.name),
            in_if=None if every else Names(frozenset(names)),
            unknown=what,
            rate="above" if rate else "",
        )
