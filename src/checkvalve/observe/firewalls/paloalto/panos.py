"""PAN-OS: a configuration as XML, or as ``set`` commands.

Products: PAN-OS 9 to 11 on firewalls, and device groups of Panorama as far as they stand in the
file. Documentation: the PAN-OS administrator's guide and CLI reference.

Rules are asked in the order: before-rules of ``shared`` and of device groups from the top, the
firewall's own, after-rules of device groups from the bottom and of ``shared``, then
``intrazone-default`` (allow) and ``interzone-default`` (deny), whatever was made of those.
Policies name addresses before destination translation and zones behind it; they are rewritten to
real addresses where a translation is static.

Known limits: dynamic groups and lists, FQDN objects, regions, users, devices and URL categories
are unknown. The first packets of a session pass before its application is known, so a rule that
accepts applications on named or default ports accepts those ports; on any port, and wherever
applications are denied, content decides, and the answer is unknown. Default ports are known for a
small table of applications. A file with several virtual systems, or several device groups side by
side, is read, but nothing in it is certain. Zones of Panorama's templates are not read. Policies
other than security and NAT (zone protection, authentication, DoS, forwarding) are not read.

References:
    https://docs.paloaltonetworks.com/pan-os
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from checkvalve.observe.firewalls.base import (
    Action,
    Chain,
    Coverage,
    FilterRule,
    FirewallError,
    Names,
    Permit,
    Problem,
    Ref,
    RuleSet,
    Stage,
    Vendor,
)
from checkvalve.observe.firewalls.paloalto.panos_nat import Translation, read_translation, rewritten
from checkvalve.observe.firewalls.paloalto.panos_objects import Objects
from checkvalve.observe.firewalls.paloalto.panos_rules import SecurityRule
from checkvalve.observe.firewalls.paloalto.panos_tree import Node, read_tree
from checkvalve.observe.firewalls.paloalto.panos_writing import written
from checkvalve.observe.firewalls.tally import Tally
from checkvalve.observe.firewalls.undecided import either

_XML: Final = re.compile(r"<config\b[^>]*>.*<(?:devices|shared|mgt-config|panorama)\b", re.DOTALL)
_COMMANDS: Final = re.compile(
    r"^set (?:shared |(?:vsys|device-group) (?:\"[^\"]*\"|\S+) )?"
    r"(?:(?:pre-|post-)?rulebase (?:security|nat|default-security-rules) |deviceconfig |mgt-config "
    r"|address (?:\"[^\"]*\"|\S+) (?:ip-netmask|ip-range|fqdn) )",
    re.MULTILINE,
)
_DEFAULTS: Final = ("intrazone-default", "interzone-default")
_IN_WORDS: Final = {
    "intrazone-default": "within a zone packets pass",
    "interzone-default": "between zones nothing passes",
}
_ZONE_KINDS: Final = ("layer3", "layer2", "virtual-wire", "tap", "tunnel", "external")
_MOST_ANCESTORS: Final = 16


class Panos(Vendor):
    """PAN-OS of Palo Alto Networks."""

    name = "panos"
    also: ClassVar[tuple[str, ...]] = ("paloalto", "pan-os")
    title = "PAN-OS"
    verified = "rendered files"
    writes = True

    def recognises(self, text: str) -> bool:
        """See ``Vendor.recognises``."""
        if text.lstrip("\ufeff \t\r\n").startswith("<"):
            return bool(_XML.search(text[:65_536]))
        return bool(_COMMANDS.search(text))

    def read(self, text: str, *, file: str) -> tuple[RuleSet, Coverage]:
        """See ``Vendor.read``."""
        tally = Tally("\n".join(text.splitlines()), file)
        top, broken = read_tree(tally)
        if not self.recognises(text) or not top.children:
            raise FirewallError(
                f"{file} is no configuration of PAN-OS",
                hint="export the running configuration as XML, or 'show' it with set commands",
            )
        reading = _Reading(top, tally)
        if broken is not None:
            reading.uncertain(broken.line, broken.sentence)
        return reading.rule_set(), tally.coverage()

    def render(self, permits: Sequence[Permit]) -> str:
        """See ``Vendor.render``."""
        return written(permits)


@dataclass(frozen=True, slots=True)
class _Rulebase:
    """Rules of one place, and the scopes that their names are looked up in."""

    node: Node
    objects: Objects


class _Reading:
    """One configuration."""

    def __init__(self, top: Node, tally: Tally) -> None:
        self._top = top
        self._tally = tally
        self._problems: list[Problem] = []
        self._uncertain: list[FilterRule] = []
        self._vsys = self._only("vsys") or top
        self._groups = self._device_groups()
        scopes = [self._vsys, *self._groups, top.at("shared")]
        self._local = Objects(scopes)
        self._bases = list(self._rulebases(scopes))
        self._interfaces = {
            name: frozenset(one for kind in _ZONE_KINDS for one in zone.words("network", kind))
            for name, zone in self._vsys.at("zone").children.items()
        }
        self._zones = frozenset(self._interfaces) | frozenset(self._named_zones())

    def uncertain(self, line: int, sentence: str) -> None:
        """Something that makes all of it uncertain: rules may be missing before all others."""
        filled = [at for at, text in enumerate(self._tally.lines, start=1) if text.strip()]
        at = next((one for one in filled if one >= line), filled[-1])
        if self._tally.lines[0].lstrip("\ufeff ").startswith("<"):
            for one in filled:
                if one >= at:
                    self._tally.missed(one, sentence)
        ref = self._tally.ref(at)
        self._problems.append(Problem(ref, sentence))
        self._uncertain += either(FilterRule(Action.ACCEPT, ref), sentence)

    def rule_set(self) -> RuleSet:
        """All of it in neutral form."""
        translations = list(self._translations())
        rules = list(self._uncertain)
        for base in self._bases:
            for rule in self._security(base):
                rules += rewritten(rule, translations)
        rules += self._intrazone()
        chain = Chain(tuple(rules), self._default("interzone-default", Action.DENY))
        self._lost()
        return RuleSet(
            vendor="panos",
            file=self._tally.file,
            chains={"security": chain},
            forward=(Stage("security"),),
            groups=self._interfaces,
            problems=tuple(self._problems),
        )

    # Where things stand.

    def _only(self, kind: str) -> Node | None:
        """The only one of a kind; the first, and a problem, if there are several."""
        found = self._top.at(kind).children
        if not found:
            return None
        if len(found) > 1:
            names = ", ".join(list(found)[:4])
            node = list(found.values())[1]
            self._unclear(node.line, f"it holds several of '{kind}' ({names}), not told apart")
        return next(iter(found.values()))

    def _unclear(self, line: int, sentence: str) -> None:
        ref = self._tally.ref(max(line, 1))
        self._problems.append(Problem(ref, sentence))
        self._uncertain += either(FilterRule(Action.ACCEPT, ref), sentence)

    def _device_groups(self) -> list[Node]:
        """The device group that is no other's parent, and those above it."""
        found = self._top.at("device-group").children
        parents = {name: node.word("parent-dg") for name, node in found.items()}
        leaves = [name for name in found if name not in parents.values()]
        if found and len(leaves) != 1:
            self._unclear(
                next(iter(found.values())).line,
                f"it holds several device groups ({', '.join(list(found)[:4])}) side by side",
            )
        line: list[Node] = []
        at = leaves[0] if leaves else next(iter(found), "")
        while at in found and len(line) < _MOST_ANCESTORS:
            line.append(found[at])
            at = parents[at]
        return line

    def _rulebases(self, scopes: list[Node]) -> Iterator[_Rulebase]:
        above = scopes[1:]
        for at in range(len(above) - 1, -1, -1):
            yield _Rulebase(above[at].at("pre-rulebase"), Objects(above[at:]))
        yield _Rulebase(self._vsys.at("pre-rulebase"), self._local)
        yield _Rulebase(self._vsys.at("rulebase"), self._local)
        yield _Rulebase(self._vsys.at("post-rulebase"), self._local)
        for at in range(len(above)):
            yield _Rulebase(above[at].at("post-rulebase"), Objects(above[at:]))

    def _named_zones(self) -> Iterator[str]:
        """Zones that rules name."""
        for base in self._bases:
            for rule in base.node.at("security", "rules").children.values():
                yield from (one for one in rule.words("from") + rule.words("to") if one != "any")

    # Rules.

    def _security(self, base: _Rulebase) -> Iterator[FilterRule]:
        for name, node in base.node.at("security", "rules").children.items():
            ref = self._ref(node, name)
            rule = SecurityRule(node, ref, base.objects, self._zones, groups=bool(self._interfaces))
            yield from rule.neutral()
            for line, why in rule.missed:
                self._tally.missed(line, why)

    def _ref(self, node: Node, name: str) -> Ref:
        return self._tally.ref(max(node.line, 1), name)

    def _translations(self) -> Iterator[Translation]:
        for base in self._bases:
            for name, node in base.node.at("nat", "rules").children.items():
                if node.word("disabled") == "yes":
                    continue
                found = read_translation(name, node, self._ref(node, name), base.objects)
                if isinstance(found, str):
                    self._tally.missed(max(node.line, 1), found)
                    self._unclear(node.line, found)
                else:
                    yield from found

    def _default(self, name: str, action: Action) -> FilterRule:
        """A default rule, as somebody changed it or as it is."""
        ref = Ref(self._tally.file, 0, f"{name}: {_IN_WORDS[name]}", name)
        for base in self._bases:
            for part in ("default-security-rules", "security"):
                node = base.node.at(part, "rules" if part[0] == "d" else "default-rules", name)
                word = node.word("action")
                if word:
                    action = Action.ACCEPT if word == "allow" else Action.DENY
                    return FilterRule(action, self._ref(node, name))
        return FilterRule(action, ref)

    def _intrazone(self) -> Iterator[FilterRule]:
        """Within each zone."""
        rule = self._default("intrazone-default", Action.ACCEPT)
        for zone in sorted(self._zones):
            names = Names(frozenset((zone,)))
            yield FilterRule(rule.action, rule.ref, in_if=names, out_if=names)

    def _lost(self) -> None:
        """Names that nobody defines."""
        lost: dict[str, str] = {}
        for base in self._bases:
            lost |= base.objects.undefined
        text = "\n".join(self._tally.lines)
        for name, sentence in sorted(lost.items()):
            line = text.count("\n", 0, max(0, text.find(name))) + 1
            self._problems.append(Problem(self._tally.ref(line), sentence))
