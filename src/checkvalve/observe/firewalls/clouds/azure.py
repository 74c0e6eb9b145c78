"""Microsoft Azure: network security groups.

Reads what ``az network nsg list`` or ``az network nsg show`` prints, best merged with what ``az
network vnet list`` and ``az network nic list`` print, as ``{"networkSecurityGroups": [...],
"virtualNetworks": [...], "networkInterfaces": [...]}``. Documentation: Microsoft.Network REST API,
2024-05-01.

Rules are asked by priority, the lowest number first, the default rules behind all others. A
packet must pass the group of the interface and that of the subnet, at its source and at its
destination. Groups stand at each host, so inside a subnet too.

Known limits: without subnets and interfaces it is not said which hosts a group is for. Service
tags are unknown but for ``AzureLoadBalancer`` (168.63.129.16), the part of ``VirtualNetwork``
that is in the file, and public addresses of ``Internet``, which are taken to be in no virtual
network. Application security groups are unknown. Routes and firewalls are not read.

References:
    https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import ClassVar, Final, Literal

from checkvalve.observe.firewalls.base import (
    ICMP,
    ICMPV6,
    TCP,
    UDP,
    Action,
    Coverage,
    FilterRule,
    RuleSet,
    Vendor,
)
from checkvalve.observe.firewalls.clouds.cloud_hosts import (
    NOT_SAID,
    Direction,
    Export,
    Far,
    addresses_of,
    far_sides,
    placed,
    port_span,
)
from checkvalve.observe.firewalls.json_lines import JsonObject, objects
from checkvalve.observe.firewalls.spans import (
    ANY_V4,
    ANYWHERE,
    NOWHERE,
    Addresses,
    Spans,
    union,
)

Level = Literal["subnet", "interface"]

#: Where groups are asked, in the order of a packet.
_STAGES: Final[tuple[tuple[str, Direction, Level], ...]] = (
    ("outbound at the interface", "egress", "interface"),
    ("outbound at the subnet", "egress", "subnet"),
    ("inbound at the subnet", "ingress", "subnet"),
    ("inbound at the interface", "ingress", "interface"),
)
_DIRECTIONS: Final = {"ingress": "inbound", "egress": "outbound"}
_PROTOCOLS: Final[dict[str, Spans | None]] = {
    "*": None, "tcp": ((TCP, TCP),), "udp": ((UDP, UDP),), "esp": ((50, 50),), "ah": ((51, 51),),
    "icmp": ((ICMP, ICMP),), "icmpv6": ((ICMPV6, ICMPV6),),
}  # fmt: skip
_PORTED: Final[Spans] = ((TCP, TCP), (UDP, UDP))
_LOAD_BALANCER: Final = "168.63.129.16"
_NOT_PUBLIC: Final = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16", "169.254.0.0/16",
    "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3",
)  # fmt: skip
_LAST: Final = 1 << 20


class Azure(Vendor):
    """Network security groups of Microsoft Azure."""

    name = "azure"
    also: ClassVar[tuple[str, ...]] = ("nsg",)
    title = "Azure network security groups"
    verified = "documentation"

    def recognises(self, text: str) -> bool:
        """See ``Vendor.recognises``."""
        return text.lstrip("\ufeff \t\r\n").startswith(("[", "{")) and (
            '"securityRules"' in text or '"defaultSecurityRules"' in text
        )

    def read(self, text: str, *, file: str) -> tuple[RuleSet, Coverage]:
        """See ``Vendor.read``."""
        export = Export(text, file)
        root = export.value
        if isinstance(root, JsonObject):
            groups = root.objects("networkSecurityGroups") or [root]
        else:
            groups, root = objects(root), JsonObject(1, 1)
        groups = [one for one in groups if _rules(one)]
        if not groups:
            raise export.refuse(self.title, "export 'az network nsg list --output json'")
        reading = _Reading(export, root, groups)
        chains = {name: list(reading.chain(direction, level)) for name, direction, level in _STAGES}
        return export.rule_set(self.name, {name: one for name, one in chains.items() if one})


def _rules(group: JsonObject) -> list[JsonObject]:
    return group.objects("securityRules") + group.objects("defaultSecurityRules")


class _Reading:
    """One export."""

    def __init__(self, export: Export, root: JsonObject, groups: list[JsonObject]) -> None:
        self._export = export
        self._root = root
        self._groups = groups
        self._networks = addresses_of(
            word
            for one in root.objects("virtualNetworks")
            for word in one.object("addressSpace").texts("addressPrefixes")
        )
        public = addresses_of(_NOT_PUBLIC) | self._networks
        self._public = (ANY_V4 | Addresses.of("2000::/3")) - public
        for one in (*groups, *root.objects("virtualNetworks"), *root.objects("networkInterfaces")):
            export.understood(one)
        if not all(self._is_placed(one) for one in groups):
            export.problem(
                root.line, "it has no subnets and interfaces, so hosts' groups are not known"
            )

    def chain(self, direction: Direction, level: Level) -> Iterator[FilterRule]:
        """The rules of all groups at one place; those of unknown hosts stand at the subnet."""
        for group in self._groups:
            if self._is_placed(group):
                hosts = self._at_subnets(group) if level == "subnet" else self._at_nics(group)
                if hosts:
                    yield from self._group(group, direction, hosts)
            elif level == "subnet":
                yield from self._group(group, direction, None)

    def _is_placed(self, group: JsonObject) -> bool:
        """Whether the addresses of a group's hosts stand in the text."""
        return bool(self._at_subnets(group) or self._at_nics(group)) or bool(
            self._root.objects("virtualNetworks") and self._root.objects("networkInterfaces")
        )

    def _at_subnets(self, group: JsonObject) -> Addresses:
        """The addresses of its subnets."""
        known = {one.text("id").casefold() for one in group.objects("subnets")} - {""}
        own = group.text("id").casefold() or "?"
        subnets = group.objects("subnets") + [
            one
            for network in self._root.objects("virtualNetworks")
            for one in network.objects("subnets")
            if one.object("networkSecurityGroup").text("id").casefold() == own
            or one.text("id").casefold() in known
        ]
        return addresses_of(
            word for one in subnets for word in _listed(one, "addressPrefix", "addressPrefixes")
        )

    def _at_nics(self, group: JsonObject) -> Addresses:
        """The addresses of its interfaces."""
        own = group.text("id").casefold() or "?"
        return addresses_of(
            configuration.text(field)
            for one in self._root.objects("networkInterfaces")
            if one.object("networkSecurityGroup").text("id").casefold() == own
            for configuration in one.objects("ipConfigurations")
            for field in ("privateIPAddress", "privateIpAddress")
        )

    def _group(
        self, group: JsonObject, direction: Direction, hosts: Addresses | None
    ) -> Iterator[FilterRule]:
        chosen = [
            one
            for one in _rules(group)
            if one.text("direction").casefold() == _DIRECTIONS[direction]
        ]
        for one in sorted(chosen, key=_priority):
            yield from self._rule(one, direction, hosts)
        ref = self._export.implied("what no rule of the group allows is denied")
        yield placed(FilterRule(Action.DENY, ref), direction, hosts, Far(ANYWHERE))

    def _rule(
        self, element: JsonObject, direction: Direction, hosts: Addresses | None
    ) -> Iterator[FilterRule]:
        ref = self._export.ref(element, element.text("name"))
        access = element.text("access").casefold()
        reasons = list(self._reasons(element, access, alone=hosts is not None))
        actions = {"allow": (Action.ACCEPT,), "deny": (Action.DENY,)}.get(
            access, (Action.ACCEPT, Action.DENY)
        )
        protocols, src_ports, dst_ports = self._service(element, reasons)
        near_side, far_side = ("destination", "source")
        if direction == "egress":
            near_side, far_side = far_side, near_side
        every = product(actions, self._side(element, near_side), self._side(element, far_side))
        for action, near, far in every:
            within = near.addresses if hosts is None else near.addresses & hosts
            if not within or not far.addresses:
                continue
            rule = FilterRule(
                action, ref, protocols=protocols, src_ports=src_ports, dst_ports=dst_ports,
                unknown="; ".join(dict.fromkeys(filter(None, (*reasons, near.why)))),
            )  # fmt: skip
            if hosts is None and action is Action.DENY:
                rule = replace(rule, unknown=rule.unknown or NOT_SAID)
            yield placed(rule, direction, within, far)

    def _reasons(self, element: JsonObject, access: str, *, alone: bool) -> Iterator[str]:
        """Why a rule as a whole is uncertain."""
        if access not in {"allow", "deny"}:
            yield self._export.missed(element, f"the access '{access}' is not understood")
        if not alone and len(self._groups) > 1:
            yield NOT_SAID

    def _service(
        self, element: JsonObject, reasons: list[str]
    ) -> tuple[Spans | None, Spans | None, Spans | None]:
        """Protocols, and ports of both sides."""
        word = element.text("protocol").casefold()
        if word not in _PROTOCOLS:
            reasons.append(self._export.missed(element, f"the protocol '{word}' is not understood"))
        protocols = _PROTOCOLS.get(word)
        found: list[Spans | None] = []
        for side in ("source", "destination"):
            words = _listed(element, f"{side}PortRange", f"{side}PortRanges")
            spans = [port_span(one) for one in words if one != "*"]
            if None in spans:
                reasons.append(self._export.missed(element, "its ports are not understood"))
            known = [one for one in spans if one is not None]
            found.append(union(*known) if known and "*" not in words else None)
        if any(one is not None for one in found) and protocols is None:
            protocols = _PORTED
        return protocols, found[0], found[1]

    def _side(self, element: JsonObject, side: str) -> list[Far]:
        """Addresses, tags and application groups of one side."""
        words = _listed(element, f"{side}AddressPrefix", f"{side}AddressPrefixes")
        if "*" in words or "Any" in words:
            return [Far(ANYWHERE)]
        tags = [far for word in words for far in self._tag(word)]
        found = far_sides((one for one in words if not _is_tag(one)), lambda _: Far(NOWHERE))
        found += tags
        if element.is_set(f"{side}ApplicationSecurityGroups"):
            found.append(Far(ANYWHERE, "who is in an application group does not stand in the text"))
        if not found:
            found.append(Far(ANYWHERE, f"its {side} is not understood"))
        for far in found:
            if far.why:
                self._export.missed(element, far.why)
        return [one for one in found if one.addresses]

    def _tag(self, word: str) -> list[Far]:
        """A service tag: what is certain of it, and what is not."""
        if not _is_tag(word):
            return []
        why = f"the addresses of the tag {word} do not stand in the text"
        match word.casefold():
            case "azureloadbalancer":
                return [Far(Addresses.of(_LOAD_BALANCER))]
            case "virtualnetwork":
                return [Far(self._networks), Far(ANYWHERE - self._networks, why)]
            case "internet":
                rest = ANYWHERE - self._networks - self._public
                return [Far(self._public), Far(rest, why)]
        return [Far(ANYWHERE, why)]


def _is_tag(word: str) -> bool:
    """Whether a word is no address."""
    return not far_sides([word], lambda _: Far(NOWHERE))[0].addresses


def _listed(element: JsonObject, one: str, many: str) -> list[str]:
    """What stands in a field for one value and in its sister for several."""
    return [word for word in (element.text(one), *element.texts(many)) if word]


def _priority(element: JsonObject) -> int:
    found = element.number("priority")
    return _LAST if found is None else found
