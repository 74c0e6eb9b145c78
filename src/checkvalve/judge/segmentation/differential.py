"""What a new rule set permits that the old one does not, and the other way round, exactly.

Two rule sets are asked about every pair of interfaces that any line tells apart, every protocol
that any line treats apart, and both address families. Before and after, a packet is *denied*,
*permitted*, or nobody can tell; what changed from one of the three to another is a change.

Known limits:
    What is not understood on both sides is equal here, so lines of that kind that differ are
    listed beside the changes (``doubts``). Packets to the firewall itself are not compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import SequenceMatcher
from functools import cached_property
from itertools import chain as together
from itertools import product
from typing import Final, Literal
from zoneinfo import ZoneInfo

from checkvalve.judge.segmentation.asking import is_of_family
from checkvalve.judge.segmentation.boxes import difference
from checkvalve.judge.segmentation.compiled import Compiled
from checkvalve.judge.segmentation.network import FAMILIES, Service, protocols_told_apart
from checkvalve.judge.segmentation.permitted import Block, Box, Permitted, permitted
from checkvalve.judge.segmentation.protocols import run_of
from checkvalve.judge.segmentation.regions import Region, merged
from checkvalve.observe.firewalls.base import PORTED, FilterRule, Names, Ref, RuleSet
from checkvalve.observe.firewalls.spans import (
    ALL_PORTS,
    ALL_PROTOCOLS,
    Span,
    Spans,
    union,
)
from checkvalve.observe.firewalls.spans import ANYWHERE as EVERYTHING

State = Literal["denied", "cannot tell", "permitted"]

#: Stands for the interfaces that no line names.
ANY_OTHER: Final = "any other"
#: So many places where two rule sets differ are looked at one by one; more are one large place.
MOST_PLACES: Final = 32
_NO_PLACE: Final = Ref("", 0, "")
#: The kinds of change, what opens first.
CHANGES: Final[tuple[tuple[State, State], ...]] = (
    ("denied", "permitted"),
    ("cannot tell", "permitted"),
    ("denied", "cannot tell"),
    ("permitted", "denied"),
    ("cannot tell", "denied"),
    ("permitted", "cannot tell"),
)
_RANK: Final = {"denied": 0, "cannot tell": 1, "permitted": 2}


@dataclass(frozen=True, slots=True)
class Change:
    """Packets that one rule set treats otherwise than the other.

    Attributes:
        before: what the old one does with them.
        after: what the new one does.
        pairs: the interfaces that they come in and go out by.
        protocols: IP protocol numbers.
        family: 4 or 6.
        region: which packets, and the lines that decide: of the new rule set where it opens, of
            the old one where it closes.
    """

    before: State
    after: State
    pairs: tuple[tuple[str, str], ...]
    protocols: tuple[Span, ...]
    family: int
    region: Region

    @property
    def opens(self) -> bool:
        """More passes, or may pass, than before."""
        return _RANK[self.after] > _RANK[self.before]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A line of one rule set alone whose effect can't be told, or that counts at times only.

    Attributes:
        side: ``old`` or ``new``.
        ref: the line.
        reason: why.
    """

    side: Literal["old", "new"]
    ref: Ref
    reason: str


@dataclass(frozen=True, slots=True)
class Differential:
    """All that differs between two rule sets.

    Attributes:
        changes: what opens first.
        doubts: lines that differ, and what they change can't be told.
    """

    changes: tuple[Change, ...]
    doubts: tuple[Doubt, ...] = ()

    @property
    def opens(self) -> bool:
        """Whether something is, or may be, newly permitted."""
        return bool(self.doubts) or any(one.opens for one in self.changes)


def differential(
    old: RuleSet, new: RuleSet, at: datetime, *, clock: ZoneInfo | None = None
) -> Differential:
    """Compare two rule sets.

    Args:
        old: the one in use.
        new: the one that is to take its place.
        at: the instant that counts for lines with a time.
        clock: the time zone of the firewall's clock; ``None``: such lines are unknown.
    """
    sides = _Sides(old, new, at, clock)
    found: dict[tuple[object, ...], list[tuple[tuple[str, str], Span]]] = {}
    for family, protocol, pair in product(FAMILIES, sides.protocols, sides.pairs):
        for before, after, region in sides.compare(family, protocol, pair):
            places = found.setdefault((family, before, after, region), [])
            places.append((pair, run_of(protocol, sides.protocols)))
    changes = [
        Change(before, after, pairs, tuple(spans), family, region)  # type: ignore[arg-type]
        for (family, before, after, region), places in found.items()
        for pairs, spans in _by_pairs(places)
    ]
    changes.sort(key=lambda one: (CHANGES.index((one.before, one.after)), one.family))
    return Differential(tuple(changes), tuple(_doubts(old, new)))


class _Sides:
    """Two rule sets made ready for the same questions."""

    def __init__(self, old: RuleSet, new: RuleSet, at: datetime, clock: ZoneInfo | None) -> None:
        self._both = (old, new)
        self._at, self._clock = at, clock
        self._compiled: dict[tuple[int, int], Compiled] = {}
        self.protocols = protocols_told_apart(self._both)

    def compare(
        self, family: int, protocol: int, pair: tuple[str, str]
    ) -> Iterator[tuple[State, State, Region]]:
        """What changed between two interfaces in one protocol."""
        if not is_of_family(Service(protocol), family):
            return
        found: dict[tuple[State, State], tuple[Box, ...]] = {}
        for src, dst, ports in self._places(family, protocol, pair):
            block = Block(*pair, src, dst, protocol, ports)
            before, after = (permitted(self._side(k, family), block) for k in (0, 1))
            if before.must == after.must and before.may == after.may:
                continue
            for change in CHANGES:
                known = found.get(change, ())
                found[change] = known + difference(_changed(before, after, *change), known)
        for (then, now), boxes in found.items():
            for region in merged(boxes):
                yield then, now, region

    def _places(
        self, family: int, protocol: int, pair: tuple[str, str]
    ) -> list[tuple[Spans, Spans, Spans]]:
        """Sources, destinations and ports where the two may differ at all."""
        if self._touched is None:
            return [(EVERYTHING.of_family(family), EVERYTHING.of_family(family), ALL_PORTS)]
        places = [
            (rule.src.of_family(family), rule.dst.of_family(family), rule.dst_ports or ALL_PORTS)
            for rule in self._touched
            if self._may_match(rule, protocol, pair)
        ]
        if protocol not in PORTED:
            places = [(src, dst, ALL_PORTS) for src, dst, _ in places]
        found = list(dict.fromkeys(place for place in places if place[0] and place[1]))
        if len(found) > MOST_PLACES:
            return [
                (union(*(one[0] for one in found)), union(*(one[1] for one in found)), ALL_PORTS)
            ]
        return found

    def _may_match(self, rule: FilterRule, protocol: int, pair: tuple[str, str]) -> bool:
        return any(
            low <= protocol <= high for low, high in rule.protocols or ALL_PROTOCOLS
        ) and all(
            names is None or any(names.fits(interface, one.groups) for one in self._both)
            for names, interface in zip((rule.in_if, rule.out_if), pair, strict=True)
        )

    def _side(self, place: int, family: int) -> Compiled:
        key = (place, family)
        if key not in self._compiled:
            touched = self._touched or ()
            self._compiled[key] = Compiled(
                self._both[place],
                family,
                (EVERYTHING, *(side for rule in touched for side in (rule.src, rule.dst))),
                self._at,
                clock=self._clock,
                ports=[rule.dst_ports for rule in touched if rule.dst_ports],
            )
        return self._compiled[key]

    @cached_property
    def _touched(self) -> tuple[FilterRule, ...] | None:
        """The lines that the two do not share in the same order; ``None``: look everywhere.

        A packet that none of them matches meets the same lines in the same order on both sides.
        """
        old, new = self._both
        parts = [(one.forward, one.groups, one.families, one.chains.keys()) for one in self._both]
        if parts[0] != parts[1]:
            return None
        touched: dict[FilterRule, None] = {}
        for name, chain in old.chains.items():
            other = new.chains[name]
            if _alike(chain.policy) != _alike(other.policy):
                return None
            touched |= dict.fromkeys(_apart(chain.rules, other.rules))
        return tuple(touched)

    @cached_property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Pairs of interfaces; of those that no line tells apart one stands for all."""
        names = [_names_in(one) for one in self._both]
        known = dict.fromkeys(
            interface
            for rule_set, asked in zip(self._both, names, strict=True)
            for interface in _interfaces(rule_set, asked)
        )
        alike: dict[tuple[bool, ...], str] = {}
        for interface in (*known, ANY_OTHER):
            treated = tuple(
                name.fits(interface, rule_set.groups)
                for rule_set, asked in zip(self._both, names, strict=True)
                for name in asked
            )
            alike.setdefault(treated, interface)
        names_alike = tuple(alike.values())
        return tuple((one, other) for one in names_alike for other in names_alike)


def _changed(before: Permitted, after: Permitted, then: State, now: State) -> tuple[Box, ...]:
    """The boxes that were ``then`` and are ``now``, with the lines of the side that permits."""
    match then, now:
        case "denied", "permitted":
            return difference(after.must, before.may)
        case "cannot tell", "permitted":
            return _common(difference(after.must, before.must), before.may)
        case "denied", "cannot tell":
            return difference(difference(after.may, before.may), after.must)
        case "permitted", "denied":
            return difference(before.must, after.may)
        case "cannot tell", "denied":
            return difference(difference(before.may, after.may), before.must)
        case _:
            return _common(difference(before.must, after.must), after.may)


def _common(boxes: tuple[Box, ...], others: tuple[Box, ...]) -> tuple[Box, ...]:
    """What of some boxes is in others too, with the lines of the first."""
    return difference(boxes, difference(boxes, others))


def _alike(rule: FilterRule | None) -> FilterRule | None:
    """A line as what it does, wherever it stands and however it is written."""
    return None if rule is None else replace(rule, ref=_NO_PLACE, owner="")


def _apart(old: tuple[FilterRule, ...], new: tuple[FilterRule, ...]) -> Iterator[FilterRule]:
    """The lines of either list that stand in no longest run of lines that both have in order."""
    sides = [[_alike(rule) for rule in rules] for rules in (old, new)]
    matcher = SequenceMatcher(None, sides[0], sides[1], autojunk=False)
    for tag, first, last, begin, end in matcher.get_opcodes():
        if tag != "equal":
            yield from old[first:last]
            yield from new[begin:end]


def _names_in(rule_set: RuleSet) -> tuple[Names, ...]:
    """Every set of interfaces that a stage or a line names."""
    stages = together.from_iterable((one.in_if, one.out_if) for one in rule_set.forward)
    lines = together.from_iterable((one.in_if, one.out_if) for one in rule_set.rules())
    places = together(stages, lines)
    return tuple(dict.fromkeys(name for name in places if name is not None))


def _interfaces(rule_set: RuleSet, asked: tuple[Names, ...]) -> Iterator[str]:
    """Interfaces by name; a firewall's own zone without interfaces stands for itself."""
    for members in rule_set.groups.values():
        yield from sorted(members)
    for names in asked:
        for name in sorted(names.names):
            if not rule_set.groups.get(name):
                yield name


def _by_pairs(
    places: list[tuple[tuple[str, str], Span]],
) -> Iterator[tuple[tuple[tuple[str, str], ...], list[Span]]]:
    """Protocols by the interface pairs between which they changed."""
    by_protocol: dict[Span, dict[tuple[str, str], None]] = {}
    for pair, span in places:
        by_protocol.setdefault(span, {})[pair] = None
    by_pairs: dict[tuple[tuple[str, str], ...], list[Span]] = {}
    for span, pairs in by_protocol.items():
        by_pairs.setdefault(tuple(pairs), []).append(span)
    yield from by_pairs.items()


def _doubts(old: RuleSet, new: RuleSet) -> Iterator[Doubt]:
    """Lines of one side alone that are not understood, or count at times only."""
    before, after = _doubtful(old), _doubtful(new)
    yield from (Doubt("old", *found) for key, found in before.items() if key not in after)
    yield from (Doubt("new", *found) for key, found in after.items() if key not in before)


def _doubtful(rule_set: RuleSet) -> dict[tuple[object, ...], tuple[Ref, str]]:
    found: dict[tuple[object, ...], tuple[Ref, str]] = {}
    for rule in rule_set.rules():
        if rule.unknown or rule.rate or rule.when is not None:
            reason = rule.unknown or ("it counts at times only" if rule.when else "a rate limit")
            key = (rule.ref.text, rule.when, rule.unknown, rule.rate, rule.action)
            found.setdefault(key, (rule.ref, reason))
    return found
