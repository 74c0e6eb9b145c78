"""ASA's interfaces and security levels: what passes where no access list decides.

From a higher level to a lower one connections open, from a lower to a higher they don't. Between
equal levels, and back out of the interface that they came in by, nothing passes without
``same-security-traffic``, whatever an access list says; nor does anything pass through an
interface that is ``management-only``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from checkvalve.observe.firewalls.base import Action, Chain, FilterRule, Names, Ref
from checkvalve.observe.firewalls.cisco.cisco_entries import either
from checkvalve.observe.firewalls.cisco.cisco_lines import Tally
from checkvalve.observe.firewalls.spans import NOWHERE, Addresses


@dataclass(slots=True)
class Interface:
    """An interface with a ``nameif``.

    Attributes:
        name: its ``nameif``; empty until it has one.
        level: its security level; ``None``: the file does not say.
        own: its own addresses.
        management_only: nothing passes through it.
    """

    name: str = ""
    level: int | None = None
    own: Addresses = NOWHERE
    management_only: bool = False


@dataclass(slots=True)
class SameSecurity:
    """What ``same-security-traffic permit`` permits."""

    inter_interface: bool = False
    intra_interface: bool = False


def _pair(action: Action, ref: Ref, source: str, target: str) -> FilterRule:
    return FilterRule(
        action, ref, in_if=Names(frozenset((source,))), out_if=Names(frozenset((target,)))
    )


def level_rules(
    source: Interface, others: Iterable[Interface], same: SameSecurity, tally: Tally
) -> Iterator[FilterRule]:
    """What comes in by an interface without an access list, one rule for each way out."""
    for target in others:
        names = f"from {source.name} to {target.name}"
        if source.level is None or target.level is None:
            why = f"the security levels {names} are not in the file"
            for rule in either(tally.implicit(why), why):
                yield _pair_like(rule, source.name, target.name)
            continue
        levels = f"security level {source.level} to {target.level}, {names}"
        if target is source:
            opens = same.intra_interface
        elif source.level == target.level:
            opens = same.inter_interface
        else:
            opens = source.level > target.level
        action = Action.ACCEPT if opens else Action.DENY
        words = "opens" if opens else "denies"
        yield _pair(action, tally.implicit(f"{levels}: {words}"), source.name, target.name)


def _pair_like(rule: FilterRule, source: str, target: str) -> FilterRule:
    return FilterRule(
        rule.action,
        rule.ref,
        in_if=Names(frozenset((source,))),
        out_if=Names(frozenset((target,))),
        unknown=rule.unknown,
    )


def barred(interfaces: Sequence[Interface], same: SameSecurity, tally: Tally) -> Chain | None:
    """What no access list can permit; ``None`` if there is nothing of it."""
    rules = [*_management(interfaces, tally)]
    for source in interfaces:
        if not same.intra_interface:
            text = f"{source.name} to itself: same-security-traffic is not permitted"
            rules.append(_pair(Action.DENY, tally.implicit(text), source.name, source.name))
        if same.inter_interface:
            continue
        for target in interfaces:
            if source is not target and source.level is not None and source.level == target.level:
                text = (
                    f"{source.name} and {target.name} both at security level {source.level}: "
                    "same-security-traffic is not permitted"
                )
                rules.append(_pair(Action.DENY, tally.implicit(text), source.name, target.name))
    return Chain(tuple(rules)) if rules else None


def _management(interfaces: Sequence[Interface], tally: Tally) -> Iterator[FilterRule]:
    for one in interfaces:
        if one.management_only:
            names = Names(frozenset((one.name,)))
            ref = tally.implicit(f"{one.name} is management-only: nothing passes through it")
            yield FilterRule(Action.DENY, ref, in_if=names)
            yield FilterRule(Action.DENY, ref, out_if=names)
