"""Google Cloud: firewall rules of VPC networks.

Reads what ``gcloud compute firewall-rules list --format json`` prints, best merged with what
``gcloud compute instances list --format json`` prints, as ``{"firewallRules": [...],
"instances": [...]}``. Documentation: Compute Engine API v1.

Rules are asked by priority, the lowest number first; among equals a denial wins. Then nothing
comes in and everything goes out. Rules stand at each instance, so inside a subnet too.

Known limits: without instances it is not said who has which tag or service account, nor which
addresses are instances at all. Hierarchical and network policies, threat lists and addresses of
load balancers are not read. Networks with equal addresses are not told apart.

References:
    https://cloud.google.com/firewall/docs/firewalls
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, Final

from checkvalve.observe.firewalls.base import (
    PORTED,
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
    protocol,
)
from checkvalve.observe.firewalls.json_lines import JsonObject, objects
from checkvalve.observe.firewalls.spans import ANY_V4, ANYWHERE, NOWHERE, Addresses, union

_PROTOCOLS: Final = {
    "tcp": 6, "udp": 17, "icmp": 1, "esp": 50, "ah": 51, "sctp": 132, "ipip": 4,
}  # fmt: skip
_DIRECTIONS: Final[tuple[Direction, ...]] = ("egress", "ingress")
_DEFAULT_PRIORITY: Final = 1_000
_IMPLIED: Final = {
    "ingress": "nothing comes in that no rule allows",
    "egress": "everything goes out that no rule denies",
}


class Gcp(Vendor):
    """Firewall rules of Google Cloud."""

    name = "gcp"
    also: ClassVar[tuple[str, ...]] = ("google", "gce")
    title = "Google Cloud firewall rules"
    verified = "documentation"

    def recognises(self, text: str) -> bool:
        """See ``Vendor.recognises``."""
        return text.lstrip("\ufeff \t\r\n").startswith(("[", "{")) and (
            '"compute#firewall"' in text or ('"IPProtocol"' in text and '"direction"' in text)
        )

    def read(self, text: str, *, file: str) -> tuple[RuleSet, Coverage]:
        """See ``Vendor.read``."""
        export = Export(text, file)
        root = export.value
        merged = isinstance(root, JsonObject)
        rules = root.objects("firewallRules") if merged else objects(root)
        if not any(one.is_set("allowed") or one.is_set("denied") for one in rules):
            raise export.refuse(
                self.title, "export 'gcloud compute firewall-rules list --format json'"
            )
        has_instances = merged and isinstance(root.fields.get("instances"), list)
        reading = _Reading(export, root.objects("instances") if has_instances else None)
        chains: dict[str, list[FilterRule]] = {
            one: list(reading.chain(rules, one)) for one in _DIRECTIONS
        }
        return export.rule_set(self.name, chains)


class _Reading:
    """One export."""

    def __init__(self, export: Export, instances: list[JsonObject] | None) -> None:
        self._export = export
        self._instances = instances
        for one in instances or ():
            export.understood(one)
        if instances is None:
            export.problem(1, "it has no instances, so it is not known which hosts rules are for")

    def chain(self, rules: list[JsonObject], direction: Direction) -> Iterator[FilterRule]:
        """The rules of a direction in the order in which they are asked."""
        chosen = []
        for one in rules:
            self._export.understood(one)
            if (one.text("direction") or "INGRESS").lower() == direction:
                chosen.append(one)
        for one in sorted(chosen, key=_order):
            if one.fields.get("disabled") is not True:
                yield from self._rule(one, direction)
        ref = self._export.implied(_IMPLIED[direction])
        action = Action.DENY if direction == "ingress" else Action.ACCEPT
        every = self._hosts(None)
        if every is None or every:
            yield placed(FilterRule(action, ref), direction, every, Far(ANYWHERE))

    def _rule(self, element: JsonObject, direction: Direction) -> Iterator[FilterRule]:
        denies = element.is_set("denied")
        rule = FilterRule(
            Action.DENY if denies else Action.ACCEPT,
            self._export.ref(element, element.text("name")),
        )
        near = self._hosts(element)
        if element.is_set("destinationRanges" if direction == "ingress" else "sourceRanges"):
            why = "ranges of the instances' own side are not understood"
            rule = replace(rule, unknown=self._export.missed(element, why))
        if near is None and (
            element.is_set("targetTags") or element.is_set("targetServiceAccounts")
        ):
            rule = replace(rule, unknown=NOT_SAID)
            self._export.missed(element, NOT_SAID)
        if near == NOWHERE:
            return
        for entry in element.objects("denied" if denies else "allowed"):
            for far in self._far(element, direction):
                if far.why:
                    self._export.missed(element, far.why)
                yield placed(self._service(rule, entry), direction, near, far)

    def _service(self, rule: FilterRule, entry: JsonObject) -> FilterRule:
        word = entry.text("IPProtocol")
        if word == "all":
            return rule
        number = protocol(word, _PROTOCOLS)
        if number is None:
            why = self._export.missed(entry, f"the protocol '{word}' is not understood")
            return replace(rule, unknown=rule.unknown or why)
        rule = replace(rule, protocols=((number, number),))
        spans = [port_span(text) for text in entry.texts("ports")]
        if not spans or number not in PORTED:
            return rule
        if None in spans:
            why = self._export.missed(entry, "its ports are not understood")
            return replace(rule, unknown=rule.unknown or why)
        return replace(rule, dst_ports=union(*(one or () for one in spans)))

    def _far(self, element: JsonObject, direction: Direction) -> list[Far]:
        """The other side; any of ranges, tags and service accounts is enough."""
        field = "sourceRanges" if direction == "ingress" else "destinationRanges"
        found = far_sides(
            element.texts(field), lambda word: Far(ANYWHERE, f"the range '{word}' is none")
        )
        for kind, tag in (("tag", "sourceTags"), ("service account", "sourceServiceAccounts")):
            for word in element.texts(tag) if direction == "ingress" else ():
                found += self._bearers(kind, word)
        named = ("sourceTags", "sourceServiceAccounts", field)
        if not any(element.is_set(one) for one in named):
            return [Far(ANY_V4)]  # what the API takes for a range that is not said
        return found

    def _bearers(self, kind: str, word: str) -> list[Far]:
        if self._instances is None:
            return [Far(ANYWHERE, f"who has the {kind} {word} does not stand in the text")]
        own = (one for one in self._instances if word in _labels(one))
        found = addresses_of(word for one in own for word in _addresses(one, ""))
        return [Far(found)] if found else []

    def _hosts(self, element: JsonObject | None) -> Addresses | None:
        """The instances that a rule is for; all of them without one; ``None``: not said."""
        if self._instances is None:
            return None
        network = "" if element is None else element.text("network")
        targets: set[str] = set()
        if element is not None:
            targets = {*element.texts("targetTags"), *element.texts("targetServiceAccounts")}
        return addresses_of(
            word
            for one in self._instances
            if not targets or targets & _labels(one)
            for word in _addresses(one, network)
        )


def _order(element: JsonObject) -> tuple[int, bool]:
    """By priority, and denials first among equals."""
    priority = element.number("priority")
    return (_DEFAULT_PRIORITY if priority is None else priority, not element.is_set("denied"))


def _labels(instance: JsonObject) -> set[str]:
    """Tags and service accounts of an instance."""
    accounts = (one.text("email") for one in instance.objects("serviceAccounts"))
    return {*instance.object("tags").texts("items"), *accounts}


def _addresses(instance: JsonObject, network: str) -> Iterator[str]:
    """Addresses of an instance in a network; in all of them if it is empty."""
    for interface in instance.objects("networkInterfaces"):
        own = interface.text("network").rpartition("/")[2]
        if network and own and own != network.rpartition("/")[2]:
            continue
        yield interface.text("networkIP")
        yield interface.text("ipv6Address")
        for one in interface.objects("aliasIpRanges"):
            yield one.text("ipCidrRange")
        for one in interface.objects("ipv6AccessConfigs"):
            yield f"{one.text('externalIpv6')}/{one.text('externalIpv6PrefixLength')}"
