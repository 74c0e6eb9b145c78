"""Policies of a FortiOS configuration, as filter rules in the order in which they are asked.

Private to the FortiOS reader. A packet that a virtual IP translates is matched by policies that
name it (and by those with ``match-vip``), and by no other; so those policies are a chain of
their own, asked first, where a deny leaves the packet to the rest: what reaches a host directly
or through a virtual IP reaches it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

from checkvalve.observe.firewalls.base import Action, FilterRule, Names
from checkvalve.observe.firewalls.fortinet.fortios_objects import Objects, count, table, whole
from checkvalve.observe.firewalls.fortinet.fortios_times import Schedules, Times
from checkvalve.observe.firewalls.fortinet.fortios_tree import Node
from checkvalve.observe.firewalls.fortinet.fortios_vips import VirtualIp
from checkvalve.observe.firewalls.objects import (
    ANY_SERVICE,
    Bounds,
    Ends,
    Service,
    Services,
    merged,
    negated,
)
from checkvalve.observe.firewalls.spans import ANYWHERE, IPV6, NOWHERE, Addresses

_KNOWN: Final = frozenset(
    {"srcintf", "dstintf", "action", "status", "schedule", "service", "service-negate"}
    | {f"{side}addr{tail}" for side in ("src", "dst") for tail in ("", "4", "6", "-negate")}
    | {f"{side}addr6-negate" for side in ("src", "dst")}
    | {"match-vip", "intf", "inbound"}
)
_ACTIONS: Final = {"accept": Action.ACCEPT, "deny": Action.DENY, "ipsec": Action.ACCEPT}
_MATCH_VIP_DENIES: Final = (7, 2, 4)


@dataclass(frozen=True, slots=True)
class Domain:
    """What policies of one virtual domain refer to.

    Attributes:
        objects: addresses and services.
        schedules: when policies count.
        vips: virtual IPs by family and name.
        interfaces: names that a policy may use; empty: the text does not say.
        groups: zones and their interfaces.
        version: of the product; empty: the text does not say.
        central_nat: translations stand apart, and policies name hosts themselves.
    """

    objects: Objects
    schedules: Schedules
    vips: Mapping[int, Mapping[str, tuple[VirtualIp, ...]]]
    interfaces: frozenset[str] = frozenset()
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    version: tuple[int, ...] = ()
    central_nat: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy, read.

    Attributes:
        rules: for packets that reach their destination directly.
        vip_rules: for packets that a virtual IP translates.
    """

    rules: tuple[FilterRule, ...]
    vip_rules: tuple[FilterRule, ...]


def read_policy(
    domain: Domain, node: Node, families: tuple[int, ...], *, local: bool = False
) -> Policy:
    """One policy.

    Args:
        domain: what it refers to.
        node: the policy.
        families: that its addresses are of; both in the table that both share.
        local: it is about packets to the firewall itself.
    """
    return _Reader(domain, node, families, local=local).policy()


class _Reader:
    """Reads one policy."""

    def __init__(
        self, domain: Domain, node: Node, families: tuple[int, ...], *, local: bool
    ) -> None:
        self._domain = domain
        self._local = local
        self._node = node
        self._families = families
        self._tally = domain.objects.tally
        self._doubts: list[str] = []

    def policy(self) -> Policy:
        """The policy's rules."""
        node = self._node
        odd = self._count()
        if node.word("status", "enable") != "enable" and not odd:
            return Policy((), ())
        src, (dst, vips) = self._side("src"), self._destination()
        services = self._services()
        plains = list(self._plains(odd=odd))
        ends = Ends(src, dst, services, tuple(self._doubts))
        rules = [rule for plain in plains for rule in ends.rules(plain)]
        if node.word("action") == "ipsec" and node.enabled("inbound"):
            back = Ends(dst, src, services, ends.doubts)
            rules += [rule for plain in plains for rule in back.rules(_reversed(plain))]
        return Policy(tuple(rules), tuple(self._through(plains, ends, vips)))

    def _count(self) -> bool:
        """Count its lines; gives whether one of them is no statement."""
        node, (known, harmless) = self._node, _keys()
        doubtful, switches = table()["policy_doubts"], table()["policy_switches"]
        why = count(self._tally, node, known, harmless)
        if why:
            self._doubts.append(why)
        for key in node.settings:
            if key in doubtful and node.values(key):
                self._doubts.append(f"it depends on {doubtful[key]}")
            if key in switches and node.word(key) not in ("disable", "0"):
                self._doubts.append(f"it depends on {switches[key]}")
        return bool(node.odd)

    def _plains(self, *, odd: bool) -> Iterator[FilterRule]:
        """Action, interfaces and time of the rules, without their ends."""
        node = self._node
        word = node.word("action", "deny")
        actions = [_ACTIONS[word]] if word in _ACTIONS else []
        if word not in _ACTIONS:
            self._doubts.append(f"the action {word!r} is not understood")
        if not actions or (odd and "action" not in node.settings):
            actions = [Action.ACCEPT, Action.DENY]
        if word == "ipsec":
            self._doubts.append("it goes through a VPN tunnel that policies choose")
        times = self._times()
        into = self._names("intf" if self._local else "srcintf")
        out = None if self._local else self._names("dstintf")
        ref = self._tally.ref(node.line, node.name)
        for action in actions:
            for when in times:
                yield FilterRule(action, ref, in_if=into, out_if=out, when=when)

    def _times(self) -> Times:
        name = self._node.word("schedule")
        if not name:
            self._doubts.append("it has no schedule")
            return (None,)
        times = self._domain.schedules.times(name, self._node.line)
        if isinstance(times, str):
            self._doubts.append(times)
            return (None,)
        return times

    def _names(self, key: str) -> Names | None:
        """Interfaces; ``None`` for all."""
        names = self._node.values(key)
        if not names:
            self._doubts.append(f"it has no {key}")
        known = self._domain.interfaces
        for name in names:
            if known and name != "any" and name not in known:
                why = f"nobody defines the interface {name!r}"
                self._doubts.append(self._domain.objects.problem(self._node.line, why))
                return None
        return None if not names or "any" in names else Names(frozenset(names))

    def _side(self, side: str) -> Bounds:
        found = Bounds.exactly(NOWHERE)
        for family in self._families:
            names = self._addresses(side, family)
            if names:
                found |= self._bounds(side, family, names)
        return self._given(side, found)

    def _given(self, side: str, found: Bounds) -> Bounds:
        """What a side says; all where it says nothing, which a device would not take."""
        if any(self._addresses(side, family) for family in self._families):
            return found
        self._doubts.append(f"it has no {side}addr")
        return Bounds.exactly(ANYWHERE if len(self._families) > 1 else whole(self._families[0]))

    def _addresses(self, side: str, family: int) -> tuple[str, ...]:
        node = self._node
        if len(self._families) == 1:
            return node.values(f"{side}addr")
        if family == IPV6:
            return node.values(f"{side}addr6")
        return (*node.values(f"{side}addr"), *node.values(f"{side}addr4"))

    def _bounds(self, side: str, family: int, names: tuple[str, ...]) -> Bounds:
        found = Bounds.exactly(NOWHERE)
        for name in names:
            found |= self._domain.objects.address(family, name, self._node.line)
        apart = len(self._families) > 1 and family == IPV6
        key = f"{side}addr6-negate" if apart else f"{side}addr-negate"
        return Bounds.exactly(whole(family)).without(found) if self._node.enabled(key) else found

    def _destination(self) -> tuple[Bounds, tuple[VirtualIp, ...]]:
        """Destinations that are no virtual IP, and the virtual IPs."""
        found, vips = Bounds.exactly(NOWHERE), []
        for family in self._families:
            names = self._addresses("dst", family)
            own = self._domain.vips[family]
            mapped = [vip for name in names if name in own for vip in own[name]]
            if mapped and self._node.enabled("dstaddr-negate"):
                self._doubts.append("it negates a virtual IP")
            plain = tuple(name for name in names if name not in own)
            if plain:
                found |= self._bounds("dst", family, plain)
            vips += mapped
        return self._given("dst", found), tuple(vips)

    def _services(self) -> Services:
        names = self._node.values("service")
        if not names:
            self._doubts.append("it has no service")
            return (ANY_SERVICE,)
        every: list[Service] = []
        for name in names:
            every += self._domain.objects.service(name, self._node.line)
        return negated(every) if self._node.enabled("service-negate") else merged(every)

    def _through(
        self, plains: list[FilterRule], ends: Ends, vips: tuple[VirtualIp, ...]
    ) -> Iterator[FilterRule]:
        """Rules for packets that a virtual IP translates."""
        all_vips = [
            vip for own in self._domain.vips.values() for one in own.values() for vip in one
        ]
        for plain in plains:
            left = replace(plain, action=Action.RETURN) if plain.action == Action.DENY else plain
            for vip in vips:
                yield from self._of_vip(left, ends, vip)
            if all_vips and (why := self._matches_vips(plain.action)) is not None:
                for vip in dict.fromkeys(all_vips):
                    doubts = (*ends.doubts, *filter(None, (why,)))
                    yield from self._of_vip(left, replace(ends, doubts=doubts), vip)

    def _of_vip(self, plain: FilterRule, ends: Ends, vip: VirtualIp) -> Iterator[FilterRule]:
        if vip.interface:
            if plain.in_if and not plain.in_if.fits(vip.interface, self._domain.groups):
                zone = self._domain.groups.get(vip.interface, frozenset())
                if not zone & plain.in_if.names:
                    return
            else:
                plain = replace(plain, in_if=Names(frozenset({vip.interface})))
        clipped = replace(ends, dst=vip.hosts, services=vip.clip(ends.services))
        yield from clipped.rules(plain)

    def _matches_vips(self, action: Action) -> str | None:
        """Whether it matches what any virtual IP translates: ``None``, surely (empty), or why not.

        It does with ``match-vip``, which denies have by default since 7.2.4.
        """
        if self._domain.central_nat:
            return None
        word = self._node.word("match-vip")
        doubt = ""
        if not word and action == Action.DENY:
            if not self._domain.version:
                doubt = "whether it matches virtual IPs depends on the version"
            elif self._domain.version >= _MATCH_VIP_DENIES:
                word = "enable"
        if word != "enable" and not doubt:
            return None
        if self._node.values("dstaddr") != ("all",):
            return doubt or "which virtual IPs it matches is not understood"
        return doubt


@cache
def _keys() -> tuple[frozenset[str], frozenset[str]]:
    """Settings of a policy that are read, and those that do not decide."""
    data = table()
    known = _KNOWN | data["policy_doubts"].keys() | data["policy_switches"].keys()
    return known, frozenset(data["policy_harmless"])


def _reversed(plain: FilterRule) -> FilterRule:
    return replace(plain, in_if=plain.out_if, out_if=plain.in_if)


def hosts_behind(vips: Mapping[str, tuple[VirtualIp, ...]]) -> Addresses:
    """All that virtual IPs could map to."""
    found = NOWHERE
    for one in vips.values():
        for vip in one:
            found |= vip.hosts.perhaps
    return found
