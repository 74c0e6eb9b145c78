"""Comparisons of nftables: which packets fit ``field op value``, sets and maps among the values.

Documentation: nft(8), *Sets*, *Maps*, *Expressions*; libnftables-json(5). A negated concatenation
is not read, nor a set whose elements come and go by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from checkvalve.observe.firewalls.base import Problem, Ref
from checkvalve.observe.firewalls.netfilter.netfilter_conditions import (
    NEVER,
    Alternatives,
    Conditions,
    all_of,
    tcp_flags,
)
from checkvalve.observe.firewalls.netfilter.nft_entries import Json
from checkvalve.observe.firewalls.netfilter.nft_fields import (
    FlagsField,
    InterfaceField,
    NumberField,
    StateField,
    field_of,
)
from checkvalve.observe.firewalls.spans import Spans, complement, intersection, masked, spans


@dataclass(frozen=True, slots=True)
class NamedSet:
    """A set or a map of a table.

    Attributes:
        elements: as in JSON; of a map, pairs.
        changes: it fills or empties while the firewall runs.
    """

    elements: Sequence[Json]
    changes: bool = False


@dataclass(slots=True)
class Matches:
    """Reads the comparisons of one table.

    Attributes:
        family: of the table.
        sets: its sets and maps by name.
        untracking: some rule of the file switches tracking off.
        problems: groups that nobody defines are added.
    """

    family: str
    sets: Mapping[str, NamedSet]
    untracking: bool = False
    problems: list[Problem] = field(default_factory=list)

    def elements(self, ref: Ref, right: Json) -> list[Json]:
        """The elements of a set, anonymous or named; one value is a set of its own."""
        match right:
            case str() if right.startswith("@"):
                known = self.sets.get(right[1:])
                if known is None:
                    reason = f"the set {right[1:]!r} is not defined"
                    self.problems.append(Problem(ref, reason))
                    raise ValueError(reason)
                if known.changes:
                    raise ValueError(f"the set {right[1:]!r} changes while the firewall runs")
                return [one for part in known.elements for one in self._inside(ref, part)]
            case {"set": list() as parts}:
                return [one for part in parts for one in self._inside(ref, part)]
            case {"set": part}:
                return self._inside(ref, part)
            case _:
                return self._inside(ref, right)

    def _inside(self, ref: Ref, part: Json) -> list[Json]:
        match part:
            case {"elem": {"val": value}}:
                return self._inside(ref, value)
            case {"set": _}:
                return self.elements(ref, part)
            case _:
                return [part]

    def matched(self, ref: Ref, body: Json) -> Alternatives:
        """The packets that fit a ``match``.

        Raises:
            ValueError: it is not understood.
        """
        match body:
            case {"left": {"concat": list() as keys}, "right": right, "op": op}:
                if op not in ("==", "in"):
                    raise ValueError("a negated concatenation")
                return self._concatenated(ref, keys, self.elements(ref, right))
            case {"left": {"&": [left, mask]}, "right": right, "op": op}:
                return self._with_mask(left, mask, str(op), right)
            case {"left": left, "right": right, "op": str() as op}:
                return self._compared(ref, left, op, right)
            case {"left": left, "right": right}:
                return self._compared(ref, left, "==", right)
            case _:
                raise ValueError("it is no comparison")

    def _concatenated(self, ref: Ref, keys: list[Json], found: list[Json]) -> Alternatives:
        alternatives: list[Conditions] = []
        for one in found:
            match one:
                case {"concat": list() as values} if len(values) == len(keys):
                    pairs = zip(keys, values, strict=True)
                    parts = [self._compared(ref, key, "==", value) for key, value in pairs]
                    alternatives += all_of(parts)
                case _:
                    raise ValueError("an element that does not fit its set")
        return tuple(alternatives) or NEVER

    def _compared(self, ref: Ref, left: Json, op: str, right: Json) -> Alternatives:
        looked_at = field_of(left, untracking=self.untracking)
        if isinstance(looked_at, FlagsField):
            return _flags(looked_at, op, self.elements(ref, right) if op != "in" else [right])
        found = self.elements(ref, right)
        if op in ("in", "!") and len(found) == 1 and isinstance(found[0], list):
            found = found[0]
        match looked_at:
            case NumberField():
                return looked_at.put(_numbers(looked_at, op, found))
            case StateField() if self.family == "netdev":
                raise ValueError("packets have no state yet")
            case InterfaceField() | StateField():
                if op not in ("==", "in", "!=", "!"):
                    raise ValueError("a comparison that is not read")
                return looked_at.put(found, negated=op in ("!=", "!"))

    def _with_mask(self, left: Json, mask: Json, op: str, right: Json) -> Alternatives:
        looked_at = field_of(left, untracking=self.untracking)
        if op not in ("==", "!="):
            raise ValueError("a masked comparison that is not read")
        if isinstance(looked_at, FlagsField):
            bits, wanted = looked_at.bits(mask), looked_at.bits(right)
            return tcp_flags(lambda flags: (flags & bits == wanted) == (op == "=="))
        if not isinstance(looked_at, NumberField):
            raise ValueError("a mask that is not read")
        (_, most), *_ = looked_at.whole
        bits, wanted = looked_at.span(mask)[0], looked_at.span(right)[0]
        meant = masked(wanted, ~bits, most.bit_length())
        if meant is None or wanted & ~bits:
            raise ValueError("a mask that is not read")
        return looked_at.put(meant if op == "==" else complement(meant, looked_at.whole))


def _numbers(looked_at: NumberField, op: str, found: list[Json]) -> Spans:
    meant = looked_at.values(found)
    match op:
        case "==" | "in":
            return intersection(meant, looked_at.whole)
        case "!=":
            return complement(meant, looked_at.whole)
        case "<" | "<=" | ">" | ">=" if len(meant) == 1:
            (low, high), ((_, most), *_) = meant[0], looked_at.whole
            below = {"<": low - 1, "<=": high}.get(op)
            above = {">": high + 1, ">=": low}.get(op, 0)
            return spans([(above, most if below is None else below)])
        case _:
            raise ValueError("a comparison that is not read")


def _flags(looked_at: FlagsField, op: str, found: list[Json]) -> Alternatives:
    meant = {looked_at.bits(one) for one in found}
    match op:
        case "==":
            return tcp_flags(lambda flags: flags in meant)
        case "!=":
            return tcp_flags(lambda flags: flags not in meant)
        case "in":
            return tcp_flags(lambda flags: any(flags & bits for bits in meant))
        case "!":
            return tcp_flags(lambda flags: not any(flags & bits for bits in meant))
        case _:
            raise ValueError("a comparison that is not read")
