"""Security policies of a Junos configuration, as filter rules.

Private to the Junos reader. Policies of zone pairs come first, then global ones, then what
``default-policy`` says; within one zone too, traffic needs a policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from checkvalve.observe.firewalls.base import Action, FilterRule, Names
from checkvalve.observe.firewalls.juniper.junos_objects import Objects
from checkvalve.observe.firewalls.juniper.junos_times import Times
from checkvalve.observe.firewalls.juniper.junos_tree import Node
from checkvalve.observe.firewalls.objects import ANY_SERVICE, Bounds, Ends, Services, merged
from checkvalve.observe.firewalls.spans import ANYWHERE, NOWHERE

#: The zone of the firewall itself.
JUNOS_HOST: Final = "junos-host"
_FLAGS: Final = frozenset({"source-address-excluded", "destination-address-excluded"})
_LISTS: Final = frozenset(
    {"source-address", "destination-address", "application", "from-zone", "to-zone"}
)
#: Further matches, and the words that make them match all.
_OTHER: Final = {
    "dynamic-application": frozenset({"any", "none"}),
    "source-identity": frozenset({"any"}),
    "url-category": frozenset({"any", "none"}),
}
_ACTIONS: Final = {"permit": Action.ACCEPT, "deny": Action.DENY, "reject": Action.DENY}
_NARROWS: Final = frozenset({"tunnel", "firewall-authentication", "destination-address"})
_PERMIT_HARMLESS: Final = frozenset(
    {"application-services", "services-offload", "tcp-options", "no-services-offload"}
)
_POLICY: Final = frozenset({"match", "then", "scheduler-name", "description"})
_ASIDE: Final = frozenset({"apply-groups", "apply-groups-except", "apply-macro", "description"})


@dataclass(frozen=True, slots=True)
class Context:
    """What policies refer to.

    Attributes:
        objects: addresses and applications.
        schedulers: when policies count.
        zones: that the text defines; empty: it does not say.
        everywhere: zones that hold all interfaces which are in no other.
    """

    objects: Objects
    schedulers: Mapping[str, Times | str]
    zones: frozenset[str] = frozenset()
    everywhere: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pair:
    """The zones of a policy; none of a side: any zone."""

    sources: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()


def policies(context: Context, section: Node) -> Iterator[tuple[Pair, list[FilterRule]]]:
    """All policies in the order in which they are asked, each with its zones."""
    for source in section.at("from-zone").active():
        for target in source.at("to-zone").active():
            pair = Pair(_zones(source.word), _zones(target.word))
            for node in target.at("policy").active():
                yield _Reader(context, node, pair).read()
    for node in section.at("global", "policy").active():
        yield _Reader(context, node, None).read()


def strange(section: Node) -> Iterator[Node]:
    """What stands where only zone pairs and policies may."""
    known = {"from-zone", "global", "default-policy", "policy-rematch", "policy-stats"}
    known |= {"traceoptions", "pre-id-default-policy", "unified-policy", *_ASIDE}
    yield from (one for one in section.active() if one.word not in known)
    for source in section.at("from-zone").active():
        yield from (one for one in source.active() if one.word not in {"to-zone", *_ASIDE})
        for target in source.at("to-zone").active():
            yield from (one for one in target.active() if one.word not in {"policy", *_ASIDE})
    inner = section.at("global").active()
    yield from (one for one in inner if one.word not in {"policy", *_ASIDE})


def _zones(word: str) -> frozenset[str]:
    return frozenset() if word == "any" else frozenset({word})


@dataclass(slots=True)
class _Match:
    """What ``match`` says."""

    lists: dict[str, dict[str, None]] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    odd: list[tuple[Node, str]] = field(default_factory=list)


def _read_match(node: Node) -> _Match:
    """All that stands behind ``match``; several keywords may stand in one statement."""
    found = _Match()
    for words, last in node.sentences():
        rest = list(words)
        while rest:
            key = rest.pop(0)
            if key in _FLAGS:
                found.flags.add(key)
            elif key in _ASIDE:
                break
            elif key in _LISTS and rest:
                found.lists.setdefault(key, {})[rest.pop(0)] = None
            elif not (key in _OTHER and rest and rest.pop(0) in _OTHER[key]):
                found.odd.append((last, key))
                break
    return found


class _Reader:
    """Reads one policy.

    Args:
        context: what it refers to.
        node: the policy.
        pair: its zones; ``None`` for a global policy, which names them in its match.
    """

    def __init__(self, context: Context, node: Node, pair: Pair | None) -> None:
        self._context = context
        self._node = node
        self._tally = context.objects.tally
        self._match = _read_match(node.at("match"))
        self._doubts: list[str] = []
        self._global = pair is None
        self._pair = pair or Pair(self._listed("from-zone"), self._listed("to-zone"))

    def read(self) -> tuple[Pair, list[FilterRule]]:
        """The policy's zones and rules."""
        for where, key in self._match.odd:
            self._miss(where, f"it depends on {key}")
        for one in self._node.active():
            if one.word not in _POLICY | _ASIDE:
                self._miss(one, f"what it says of {one.word!r} is not understood")
        actions, times = self._actions(), self._times()
        services = self._services()
        src, dst = (
            self._side("source", self._pair.sources),
            self._side("destination", self._pair.targets),
        )
        into, out = self._names(self._pair.sources), self._names(self._pair.targets)
        ends = Ends(src, dst, services, tuple(self._doubts))
        ref = self._tally.ref(self._node.line, self._node.word)
        plains = [
            FilterRule(action, ref, in_if=into, out_if=out, when=when)
            for action in actions
            for when in times
        ]
        return self._pair, [rule for plain in plains for rule in ends.rules(plain)]

    def _miss(self, node: Node, why: str) -> None:
        self._doubts.append(why)
        for line in node.lines or [node.line]:
            self._tally.missed(line, why)

    def _listed(self, key: str) -> frozenset[str]:
        names = frozenset(self._match.lists.get(key, ()))
        return frozenset() if "any" in names else names

    def _actions(self) -> list[Action]:
        found: list[Action] = []
        for words, last in self._node.at("then").sentences():
            if words[0] in _ACTIONS:
                found.append(_ACTIONS[words[0]])
                if len(words) > 1 and words[0] == "permit":
                    self._permit(words[1], last)
            elif words[0] not in {"count", "log", *_ASIDE}:
                self._miss(last, f"what follows {words[0]!r} is not understood")
        both = list(dict.fromkeys(found))
        if len(both) == 1:
            return both
        self._doubts.append("it has no action" if not both else "it permits and denies")
        return [Action.ACCEPT, Action.DENY]

    def _permit(self, word: str, last: Node) -> None:
        if word in _NARROWS:
            self._doubts.append(f"it permits by {word}")
        elif word not in _PERMIT_HARMLESS:
            self._miss(last, f"it permits by {word}")

    def _times(self) -> Times:
        names = [one.word for one in self._node.at("scheduler-name").active()]
        if not names:
            return (None,)
        times = self._context.schedulers.get(names[0])
        if len(names) > 1:
            times = "it has several schedulers"
        elif times is None:
            why = f"nobody defines the scheduler {names[0]!r}"
            times = self._context.objects.problem(self._node.line, why)
        if isinstance(times, str):
            self._doubts.append(times)
            return (None,)
        return times

    def _services(self) -> Services:
        names = self._match.lists.get("application")
        if not names:
            self._doubts.append("it has no application")
            return (ANY_SERVICE,)
        line = self._node.line
        return merged(
            box for name in names for box in self._context.objects.application(name, line)
        )

    def _side(self, side: str, zones: frozenset[str]) -> Bounds:
        names = self._match.lists.get(f"{side}-address")
        if not names:
            self._doubts.append(f"it has no {side}-address")
            return Bounds.exactly(ANYWHERE)
        zone = next(iter(zones)) if len(zones) == 1 and not self._global else ""
        found = Bounds.exactly(NOWHERE)
        for name in names:
            found |= self._context.objects.address(zone, name, self._node.line)
        if f"{side}-address-excluded" in self._match.flags:
            return Bounds.exactly(ANYWHERE).without(found)
        return found

    def _names(self, zones: frozenset[str]) -> Names | None:
        """The zones as names; ``None`` for all."""
        known = self._context.zones
        unknown = zones - known - {JUNOS_HOST}
        if known and unknown:
            why = f"nobody defines the zone {min(unknown)!r}"
            self._doubts.append(self._context.objects.problem(self._node.line, why))
            return None
        if zones & self._context.everywhere:
            self._doubts.append("its zone holds all interfaces that are in no other")
            return None
        if not zones:
            zones = frozenset() if self._context.everywhere else known
        return Names(zones) if zones else None
