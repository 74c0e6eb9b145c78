"""One security rule of PAN-OS as neutral rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product
from typing import Final

from checkvalve.observe.firewalls.base import Action, FilterRule, Names, Ref, When
from checkvalve.observe.firewalls.meant import Meant
from checkvalve.observe.firewalls.paloalto.panos_objects import Objects, Service
from checkvalve.observe.firewalls.paloalto.panos_tree import Node
from checkvalve.observe.firewalls.spans import ANYWHERE

_ACTIONS: Final = {
    "allow": Action.ACCEPT,
    "deny": Action.DENY,
    "drop": Action.DENY,
    "reset-client": Action.DENY,
    "reset-server": Action.DENY,
    "reset-both": Action.DENY,
}
#: What commit refuses to be without.
_NEEDED: Final = ("from", "to", "source", "destination", "application", "service", "action")
_HARMLESS: Final = frozenset((
    "description", "tag", "group-tag", "log-start", "log-end", "log-setting", "profile-setting",
    "qos", "option", "uuid", "icmp-unreachable", "disabled", "schedule", "rule-type",
    "negate-source", "negate-destination", "audit-comment", "loc",
))  # fmt: skip
#: Matches that are understood only where they say ``any``.
_ANY_ALONE: Final = frozenset((
    "source-user", "category", "hip-profiles", "source-hip", "destination-hip", "source-imei",
    "source-imsi", "source-nw-slice", "saas-user-list", "saas-tenant-list",
))  # fmt: skip

Pair = tuple[Names | None, Names | None]


class SecurityRule:
    """What one rule says.

    Args:
        node: the rule.
        ref: where it stands, with its name.
        objects: what names mean there.
        zones: all that are defined, or that rules name.
        groups: whether all zones are known, with their interfaces.
    """

    def __init__(
        self, node: Node, ref: Ref, objects: Objects, zones: frozenset[str], *, groups: bool
    ) -> None:
        self._node = node
        self._ref = ref
        self._objects = objects
        self._zones = zones
        self._groups = groups
        #: Lines that are not understood, and why.
        self.missed: list[tuple[int, str]] = []

    def neutral(self) -> list[FilterRule]:
        """Its neutral rules; none where it is disabled."""
        if self._node.word("disabled") == "yes":
            return []
        reasons = tuple(self._reasons())
        known = _ACTIONS.get(self._node.word("action"))
        if known is None:
            self._miss("action", "its action is not understood")
        found: list[FilterRule] = []
        for action in (known,) if known else (Action.ACCEPT, Action.DENY):
            found += self._rules(action, reasons if known else (*reasons, "its action is unknown"))
        return found

    def _rules(self, action: Action, reasons: tuple[str, ...]) -> Iterator[FilterRule]:
        every = product(
            self._pairs(),
            self._side("source").choices(ANYWHERE),
            self._side("destination").choices(ANYWHERE),
            self._services(action),
            self._whens(),
        )
        for (in_if, out_if), src, dst, service, (when, late) in every:
            why = dict.fromkeys((*reasons, src[1], dst[1], service.why, late))
            yield FilterRule(
                action,
                self._ref,
                src=src[0],
                dst=dst[0],
                protocols=service.protocols,
                src_ports=service.src_ports,
                dst_ports=service.dst_ports,
                icmp=service.icmp,
                in_if=in_if,
                out_if=out_if,
                when=when,
                unknown="; ".join(filter(None, why)),
            )

    def _miss(self, field: str, why: str) -> str:
        node = self._node.children.get(field, self._node)
        self.missed.append((node.line, why))
        return why

    def _reasons(self) -> Iterable[str]:
        """Why the rule as a whole may match less than it says."""
        for field in _NEEDED:
            if not self._node.words(field):
                yield self._miss(field, f"it does not say its '{field}'")
        for field, child in self._node.children.items():
            if field in _NEEDED or field in _HARMLESS:
                continue
            if field == "target" and not self._node.at(field, "devices").children:
                continue
            if field not in _ANY_ALONE or list(child.children) not in (["any"], []):
                yield self._miss(field, f"'{field}' is not understood")

    def _side(self, field: str) -> Meant:
        words = self._node.words(field)
        meant = Meant(ANYWHERE) if words in ([], ["any"]) else self._objects.addresses(words)
        if meant.why:
            self._miss(field, meant.why)
        negated = self._node.word(f"negate-{field}") == "yes"
        return meant.negated() if negated else meant

    def _whens(self) -> list[tuple[When | None, str]]:
        name = self._node.word("schedule")
        if not name:
            return [(None, "")]
        found = self._objects.schedule(name)
        if isinstance(found, str):
            return [(None, self._miss("schedule", found))]
        return [(when, "") for when in found]

    # Zones.

    def _pairs(self) -> list[Pair]:
        """Zones that packets come from and go to."""
        sources = [one for one in self._node.words("from") if one != "any"]
        targets = [one for one in self._node.words("to") if one != "any"]
        match self._node.word("rule-type"):
            case "intrazone":
                within = sources or targets or sorted(self._zones)
                return [(_zone(one), _zone(one)) for one in within]
            case "interzone":
                return self._between(sources or sorted(self._zones), targets)
        return [(self._any_of(sources), self._any_of(targets))]

    def _any_of(self, zones: list[str]) -> Names | None:
        """These zones; where none is named, every one, for interfaces in no zone pass nothing."""
        if zones:
            return Names(frozenset(zones))
        return Names(self._zones) if self._groups else None

    def _between(self, sources: list[str], targets: list[str]) -> list[Pair]:
        found: list[Pair] = []
        for one in sources:
            others = frozenset(targets or self._zones) - {one}
            if others:
                found.append((_zone(one), Names(others)))
        return found

    # Services and applications.

    def _services(self, action: Action) -> list[Service]:
        names, asked = self._node.words("application"), self._node.words("service")
        applications = [] if names in ([], ["any"]) else names
        if asked == ["application-default"]:
            return self._by_default(action, applications)
        listed = [] if asked in ([], ["any"]) else asked
        found = self._objects.services(listed) if listed else [Service()]
        if applications and (not listed or action is Action.DENY):
            found = self._by_content(action, applications, found)
        self._told(found, "service")
        return found

    def _by_default(self, action: Action, applications: list[str]) -> list[Service]:
        """The default ports of applications."""
        if not applications:
            why = self._miss("service", "the default ports of any application are not known")
            return [Service(why=why)]
        found = self._objects.applications(applications)
        if action is Action.DENY:
            why = "content decides what it denies"
            found = [replace(one, why=one.why or why) if _needs_content(one) else one
                     for one in found]  # fmt: skip
        self._told(found, "application")
        return found

    def _by_content(
        self, action: Action, applications: list[str], services: list[Service]
    ) -> list[Service]:
        """Applications on ports that are not theirs: but for protocols, content decides."""
        known = self._objects.applications(applications)
        if services == [Service()] and not any(map(_needs_content, known)):
            return known
        why = self._miss("application", "content decides which packets are of its applications")
        return [replace(one, why=one.why or why) for one in services]

    def _told(self, services: list[Service], field: str) -> None:
        for one in services:
            if one.why:
                self._miss(field, one.why)


def _needs_content(service: Service) -> bool:
    """Whether packets alone do not show that they are of an application."""
    return service.protocols is None or service.dst_ports is not None or bool(service.why)


def _zone(name: str) -> Names:
    return Names(frozenset((name,)))
