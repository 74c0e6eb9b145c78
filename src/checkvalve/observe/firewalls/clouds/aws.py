"""Amazon Web Services: security groups.

Reads what ``aws ec2 describe-security-groups`` prints, best merged with what ``aws ec2
describe-network-interfaces`` prints into one object with both ``SecurityGroups`` and
``NetworkInterfaces``. Documentation: Amazon EC2 API reference, 2016-11-15.

All groups of an interface count together: there is no order and no denial, and what none of them
permits is denied. Groups stand at each interface, so inside a subnet too.

Known limits: without ``NetworkInterfaces`` it is not said which group a host is in. Prefix lists,
and groups that are not in the export, are unknown. Network ACLs, routes and translations of
gateways are not read.

References:
    https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Final

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
    protocol,
)
from checkvalve.observe.firewalls.json_lines import JsonObject
from checkvalve.observe.firewalls.spans import ANYWHERE, NOWHERE, Addresses

_PERMISSIONS: Final[tuple[tuple[Direction, str], ...]] = (
    ("egress", "IpPermissionsEgress"),
    ("ingress", "IpPermissions"),
)
_PROTOCOLS: Final = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "icmpv6": ICMPV6}
_HIGHEST_PORT: Final = 65_535
_HIGHEST_OCTET: Final = 255


class Aws(Vendor):
    """Security groups of Amazon Web Services."""

    name = "aws"
    also: ClassVar[tuple[str, ...]] = ("security-groups", "ec2")
    title = "AWS security groups"
    verified = "documentation"

    def recognises(self, text: str) -> bool:
        """See ``Vendor.recognises``."""
        return text.lstrip("\ufeff \t\r\n").startswith("{") and '"SecurityGroups"' in text

    def read(self, text: str, *, file: str) -> tuple[RuleSet, Coverage]:
        """See ``Vendor.read``."""
        export = Export(text, file)
        root = export.value
        if not isinstance(root, JsonObject) or not isinstance(
            root.fields.get("SecurityGroups"), list
        ):
            raise export.refuse(self.title, "export 'aws ec2 describe-security-groups'")
        reading = _Reading(export, root)
        chains: dict[str, list[FilterRule]] = {
            direction: list(reading.rules(direction, field)) for direction, field in _PERMISSIONS
        }
        return export.rule_set(self.name, chains)


@dataclass(frozen=True, slots=True)
class _Group:
    """A group and the addresses of its members; ``None``: not said."""

    id: str
    element: JsonObject
    members: Addresses | None


class _Reading:
    """One export."""

    def __init__(self, export: Export, root: JsonObject) -> None:
        self._export = export
        members = _members(root) if isinstance(root.fields.get("NetworkInterfaces"), list) else None
        self._members = members
        self._groups = [
            _Group(
                one.text("GroupId"),
                one,
                None if members is None else members.get(one.text("GroupId"), NOWHERE),
            )
            for one in root.objects("SecurityGroups")
        ]
        for interface in root.objects("NetworkInterfaces"):
            export.understood(interface)
        if members is None:
            export.problem(root.line, "it has no NetworkInterfaces, so hosts' groups are not known")

    def rules(self, direction: Direction, field: str) -> Iterator[FilterRule]:
        """What any group permits, then the denial of all else."""
        for group in self._groups:
            self._export.understood(group.element)
            for permission in group.element.objects(field):
                yield from self._permission(group, permission, direction)
        every = None if self._members is None else addresses_of_all(self._members)
        ref = self._export.implied("what no security group permits is denied")
        if every is None or every:
            yield placed(FilterRule(Action.DENY, ref), direction, every, Far(ANYWHERE))

    def _permission(
        self, group: _Group, permission: JsonObject, direction: Direction
    ) -> Iterator[FilterRule]:
        ref = self._export.ref(permission, group.element.text("GroupName") or group.id)
        rule = self._service(FilterRule(Action.ACCEPT, ref), permission)
        if group.members is None and len(self._groups) > 1:
            rule = replace(rule, unknown=rule.unknown or NOT_SAID)
        if group.members == NOWHERE:
            return
        for far in self._far(permission):
            if far.why:
                self._export.missed(permission, far.why)
            yield placed(rule, direction, group.members, far)

    def _far(self, permission: JsonObject) -> list[Far]:
        """Ranges, groups and prefix lists on the other side."""
        words = [one.text("CidrIp") for one in permission.objects("IpRanges")]
        words += [one.text("CidrIpv6") for one in permission.objects("Ipv6Ranges")]
        found = far_sides(words, lambda word: Far(ANYWHERE, f"the range '{word}' is none"))
        for pair in permission.objects("UserIdGroupPairs"):
            other = pair.text("GroupId")
            known = next((one for one in self._groups if one.id == other), None)
            if known is None or known.members is None:
                found.append(
                    Far(ANYWHERE, f"who is in the group {other} does not stand in the text")
                )
            elif known.members:
                found.append(Far(known.members))
        for one in permission.objects("PrefixListIds"):
            name = one.text("PrefixListId")
            found.append(Far(ANYWHERE, f"the prefix list {name} does not stand in the text"))
        return found

    def _service(self, rule: FilterRule, permission: JsonObject) -> FilterRule:
        """Protocol and ports of a permission."""
        word = permission.text("IpProtocol")
        if word == "-1":
            return rule
        number = protocol(word, _PROTOCOLS)
        low, high = permission.number("FromPort"), permission.number("ToPort")
        if number is None:
            why = self._export.missed(permission, f"the protocol '{word}' is not understood")
            return replace(rule, unknown=why)
        rule = replace(rule, protocols=((number, number),))
        if number in (ICMP, ICMPV6):
            return _icmp(rule, low, high)
        if number not in (TCP, UDP):
            return rule
        if low is None or high is None or not -1 <= low <= high <= _HIGHEST_PORT:
            why = self._export.missed(permission, "its ports are not understood")
            return replace(rule, unknown=why)
        return rule if low == -1 else replace(rule, dst_ports=((low, high),))


def _icmp(rule: FilterRule, kind: int | None, code: int | None) -> FilterRule:
    """ICMP has its type where others have their first port, and its code in the last."""
    if kind is None or not 0 <= kind <= _HIGHEST_OCTET:
        return rule
    if code is None or not 0 <= code <= _HIGHEST_OCTET:
        return replace(rule, icmp=((kind << 8, kind << 8 | _HIGHEST_OCTET),))
    return replace(rule, icmp=((kind << 8 | code, kind << 8 | code),))


def addresses_of_all(members: Mapping[str, Addresses]) -> Addresses:
    """All addresses of all groups."""
    found = NOWHERE
    for one in members.values():
        found = found | one
    return found


def _members(root: JsonObject) -> dict[str, Addresses]:
    """The addresses of each group's interfaces."""
    found: dict[str, Addresses] = {}
    for interface in root.objects("NetworkInterfaces"):
        words = [interface.text("PrivateIpAddress")]
        words += [one.text("PrivateIpAddress") for one in interface.objects("PrivateIpAddresses")]
        words += [one.text("Ipv6Address") for one in interface.objects("Ipv6Addresses")]
        words += [one.text("Ipv4Prefix") for one in interface.objects("Ipv4Prefixes")]
        words += [one.text("Ipv6Prefix") for one in interface.objects("Ipv6Prefixes")]
        own = addresses_of(words)
        for group in interface.objects("Groups"):
            name = group.text("GroupId")
            found[name] = found.get(name, NOWHERE) | own
    return found
