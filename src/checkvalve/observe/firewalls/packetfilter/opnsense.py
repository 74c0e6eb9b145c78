"""OPNsense and pfSense: ``config.xml``, as a backup or as it lies in ``/conf``.

Products: OPNsense 23 to 26 (filter rules, old and new, aliases, port forwards), pfSense 2.4 to
2.8. Documentation: docs.opnsense.org, docs.netgate.com, and pf.conf(5), which both write.

Rules are asked in the order floating, interface groups, interfaces; among each of them new rules
(``Firewall/Filter``) before old ones. ``quick`` decides at once; of the others the last match
wins. Packets are judged as they come in, where nothing passes by itself, and as they go out,
where all passes that no floating rule blocks. Port forwards and 1:1 translations come before the
rules, so rules speak of inner addresses.

Known limits: tables from the network (URL tables, GeoIP, bogons), host names, networks of
interfaces with DHCP, rules with a gateway, tags, operating systems, and schedules that name days
of a month are unknown. A rule without ``ipprotocol`` means IPv4, and IPv6 perhaps. Rules of the
way out that name sources are unknown where sources may be translated. Rules of packages (captive
portal, intrusion prevention, VPN servers) are not in the file, and not read.

References:
    https://docs.opnsense.org/manual/firewall.html
    https://docs.netgate.com/pfsense/en/latest/firewall/rule-methodology.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import reduce
from typing import ClassVar, Final

from checkvalve.observe.firewalls.base import (
    Action,
    Chain,
    Coverage,
    FilterRule,
    FirewallError,
    Names,
    Problem,
    Ref,
    RuleSet,
    Stage,
    Vendor,
)
from checkvalve.observe.firewalls.packetfilter.opnsense_names import Aliases, Interfaces
from checkvalve.observe.firewalls.packetfilter.opnsense_rules import (
    Context,
    OpnsenseRule,
    is_disabled,
    read_rule,
)
from checkvalve.observe.firewalls.packetfilter.pf import first_match
from checkvalve.observe.firewalls.packetfilter.pf_words import addresses, ports
from checkvalve.observe.firewalls.spans import ANY_V4, ANY_V6, ANYWHERE, NOWHERE, Addresses
from checkvalve.observe.firewalls.tally import Tally
from checkvalve.observe.firewalls.undecided import either
from checkvalve.observe.firewalls.xml_lines import Element, read_xml

_ROOT: Final = re.compile(r"<(opnsense|pfsense)\b")
_READ: Final = (
    ("interfaces",), ("filter",), ("aliases",), ("schedules",), ("ifgroups",), ("virtualip",),
    ("nat",), ("OPNsense", "Firewall"),
)  # fmt: skip
_PRIVATE: Final = ("10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
_SHARED: Final = "100.64.0.0/10"


class Opnsense(Vendor):
    """OPNsense and pfSense."""

    name = "opnsense"
    also: ClassVar[tuple[str, ...]] = ("pfsense",)
    title = "OPNsense and pfSense"
    verified = "real files"

    def recognises(self, text: str) -> bool:
        """See ``Vendor.recognises``."""
        return text.lstrip("\ufeff \t\r\n").startswith("<") and bool(_ROOT.search(text[:4_096]))

    def read(self, text: str, *, file: str) -> tuple[RuleSet, Coverage]:
        """See ``Vendor.read``."""
        tally = Tally("\n".join(text.splitlines()), file)
        root, broken = read_xml("\n".join(tally.lines).lstrip("\ufeff"))
        if root is None or root.tag not in {"opnsense", "pfsense"}:
            raise FirewallError(
                f"{file} is no configuration of OPNsense or pfSense",
                hint="export it under System: Configuration: Backups",
            )
        reading = _Reading(root, tally)
        if broken is not None:
            reading.stop_at(broken.line, broken.sentence)
        return reading.rule_set(), tally.coverage()


class _Reading:
    """One configuration."""

    def __init__(self, root: Element, tally: Tally) -> None:
        self._root = root
        self._tally = tally
        self._problems: list[Problem] = []
        self._first: list[FilterRule] = []
        new = root.all("OPNsense", "Firewall", "Alias", "aliases", "alias")
        self._context = Context(
            Aliases([*root.all("aliases", "alias"), *new]),
            Interfaces(root),
            {one.value("name"): one for one in root.all("schedules", "schedule")},
        )
        for path in _READ:
            for part in root.all(*path):
                tally.understood(range(part.line, part.last + 1))

    def stop_at(self, line: int, sentence: str) -> None:
        """The rest can't be read, and rules may stand there that come before all others."""
        filled = [at for at, text in enumerate(self._tally.lines, start=1) if text.strip()]
        missed = [at for at in filled if at >= line] or filled[-1:]
        for at in missed:
            self._tally.missed(at, sentence)
        ref = self._tally.ref(missed[0])
        self._problems.append(Problem(ref, sentence))
        self._first += either(FilterRule(Action.ACCEPT, ref), sentence)

    def rule_set(self) -> RuleSet:
        """All of it in neutral form."""
        rules = sorted(self._rules(), key=lambda rule: rule.place)
        chains = {
            "in": self._chain(rules, "in", [*self._system(), *self._passing_forwards()]),
            "out": self._chain(rules, "out", self._system_out()),
        }
        for name in sorted(self._context.aliases.undefined):
            self._problem(name, f"the alias {name} is not defined")
        for name in sorted(self._context.aliases.circular):
            self._problem(name, f"the alias {name} holds itself, or too many others")
        return RuleSet(
            vendor="opnsense",
            file=self._tally.file,
            chains=chains,
            forward=(Stage("in"), Stage("out")),
            groups=self._context.interfaces.groups(),
            problems=tuple(self._problems),
        )

    def _problem(self, name: str, sentence: str) -> None:
        """Something wrong about a name, at the first line that has it."""
        lines = self._tally.lines
        line = next((at for at, text in enumerate(lines, start=1) if name in text), self._root.line)
        self._problems.append(Problem(self._tally.ref(line), sentence))

    def _rules(self) -> Iterator[OpnsenseRule]:
        """New rules by their sequence, then old ones; those in force alone."""
        new = self._root.all("OPNsense", "Firewall", "Filter", "rules", "rule")
        ordered = sorted(new, key=lambda one: _number(one.value("sequence")))
        for element in (*ordered, *self._root.all("filter", "rule")):
            if is_disabled(element) or not element.children:
                continue
            rule = read_rule(element, self._ref(element), self._context)
            for line, why in rule.missed:
                self._tally.missed(line, why)
                if why.endswith("is not defined"):
                    self._problems.append(Problem(self._tally.ref(line), why))
            yield rule

    def _ref(self, element: Element) -> Ref:
        """The line of a rule, named by what people call it."""
        name = element.value("descr") or element.value("description")
        return Ref(self._tally.file, element.line, self._tally.ref(element.line).text, name)

    def _chain(
        self, rules: Iterable[OpnsenseRule], direction: str, before: list[FilterRule]
    ) -> Chain:
        here = [rule for rule in rules if direction in rule.directions]
        quick = [one for rule in here if rule.quick for one in rule.rules[direction]]
        others = [rule.rules[direction] for rule in here if not rule.quick]
        chain = first_match([*self._first, *before, *quick], others)
        if direction == "out" and self._translates():
            chain = Chain(tuple(map(_behind_nat, chain.rules)))
        words = "nothing comes in that no rule passes"
        if direction == "out":
            words = "what came in may go out"
        action = Action.DENY if direction == "in" else Action.ACCEPT
        return replace(chain, policy=FilterRule(action, Ref(self._tally.file, 0, words)))

    def _translates(self) -> bool:
        """Whether sources may be translated on their way out."""
        mode = self._root.value("nat", "outbound", "mode")
        static = next(self._root.all("nat", "onetoone"), None)
        return mode != "disabled" or static is not None

    # What stands before people's own rules.

    def _system(self) -> list[FilterRule]:
        """Rules that the product adds by itself."""
        found = self._system_out()
        for name, element in self._context.interfaces.elements.items():
            if element.flag("blockpriv"):
                found += self._private(name, element)
            if element.flag("blockbogons"):
                why = "the list of bogon networks is fetched, and does not stand in the text"
                line = (element.first("blockbogons") or element).line
                self._tally.missed(line, why)
                names = Names(frozenset((name,)))
                found.append(
                    FilterRule(Action.DENY, self._tally.ref(line), in_if=names, unknown=why)
                )
        return found

    def _system_out(self) -> list[FilterRule]:
        """Rules for both ways: the filter switched off, and IPv6 switched off."""
        system = self._root.first("system")
        if system is not None and system.flag("disablefilter"):
            line = (system.first("disablefilter") or system).line
            return [FilterRule(Action.ACCEPT, self._tally.ref(line, "the filter is switched off"))]
        if system is not None and system.flag("ipv6allow"):
            return []
        text = "IPv6 is blocked where it is not allowed"
        why = "" if system is not None else "whether IPv6 is allowed does not stand in the text"
        ref = Ref(self._tally.file, 0, text)
        return [FilterRule(Action.DENY, ref, ANY_V6, ANY_V6, unknown=why)]

    def _private(self, name: str, element: Element) -> Iterator[FilterRule]:
        """Private networks have no business on an interface to the internet."""
        ref = self._tally.ref((element.first("blockpriv") or element).line)
        known = reduce(Addresses.__or__, map(Addresses.of, _PRIVATE), NOWHERE)
        rule = FilterRule(Action.DENY, ref, src=known, in_if=Names(frozenset((name,))))
        yield rule
        why = "" if self._root.tag == "opnsense" else "pfSense may count shared addresses as bogons"
        yield replace(rule, src=Addresses.of(_SHARED), unknown=why)

    def _passing_forwards(self) -> Iterator[FilterRule]:
        """Port forwards whose packets pass without a rule."""
        old = self._root.all("nat", "rule")
        new = self._root.all("OPNsense", "Firewall", "DNat", "rule")
        passing = (
            *(one for one in old if one.value("associated-rule-id") == "pass"),
            *(one for one in new if one.value("pass") == "pass"),
        )
        for element in passing:
            if is_disabled(element) or element.flag("nordr"):
                continue
            yield self._forward(element)

    def _forward(self, element: Element) -> FilterRule:
        """A port forward as a rule about the address behind the firewall."""
        ref = self._ref(element)
        target = addresses(element.value("target"))
        first = ports("", element.value("local-port"))
        rules = read_rule(_as_rule(element), ref, self._context).rules["in"]
        asked = rules[0].dst_ports if rules else None
        why = ""
        if len(rules) != 1 or rules[0].unknown:
            why = "what it matches is not understood"
        if target is None or first is None or (asked and asked[0][0] != asked[-1][1]):
            why = "where it leads does not stand in the text"
        if why or target is None:
            self._tally.missed(element.line, why)
            return FilterRule(Action.ACCEPT, ref, unknown=why)
        return replace(rules[0], dst=target, dst_ports=first)


def _as_rule(element: Element) -> Element:
    """What a port forward matches, less the outer address, which its target replaces."""
    kept = {"interface", "protocol", "source", "ipprotocol"}
    children = [child for child in element.children if child.tag in kept]
    outer = element.first("destination")
    if outer is not None:
        children.append(replace(outer, children=list(outer.all("port"))))
    if element.first("ipprotocol") is None:
        children.append(Element("ipprotocol", element.line, element.line, {}, "inet"))
    return replace(element, children=children)


def _behind_nat(rule: FilterRule) -> FilterRule:
    """A rule of the way out: its sources may be other ones by then."""
    if rule.src in (ANYWHERE, ANY_V4, ANY_V6):
        return rule
    why = rule.unknown or "sources may have been translated before it is asked"
    return replace(rule, src=ANYWHERE, unknown=why, rate="")


def _number(text: str) -> int:
    return int(text[:9]) if text.isascii() and text.isdigit() else 0
