"""Juniper SRX: the security policies of Junos, as ``set`` lines or in braces.

Follows the Junos security policies, address books, application, scheduler and zone guides
(releases 12.1 to 24.2), and the CLI guide on configuration groups. Read is what ``show
configuration`` gives, whole, with or without ``display set``.

Order: policies between two zones, then global policies, then ``default-policy``, which denies
unless it says otherwise. Traffic inside one zone needs a policy too. Policies see destinations
behind destination and static translations, so none has to be resolved. An interface in no zone
passes nothing.

Known limits:
    - A logical system or tenant with security of its own, packet-based forwarding, groups that
      apply groups, commands that change (``delete``, ``insert``), and statements of ``security``
      that are not known: all is unknown.
    - Dynamic applications, identities, URL categories, VPN tunnels, authentication, host names and
      applications with agreed ports (RPC) are unknown.
    - Filters on interfaces are asked about packets that open; that replies must pass them too is
      not said. Their prefix lists, TCP flags and other matches are unknown.
    - Thresholds of screens are a rate; what screens drop besides, and application services, are
      taken to let sessions open.
    - Packets to the firewall itself: only policies to ``junos-host`` are read, and what they leave
      open is unknown (``host-inbound-traffic``).
    - A scheduler's last minute is the one before its stop time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar, Final, Literal

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
from checkvalve.observe.firewalls.juniper.junos_filters import read_filters
from checkvalve.observe.firewalls.juniper.junos_groups import apply_groups
from checkvalve.observe.firewalls.juniper.junos_objects import read_objects, table
from checkvalve.observe.firewalls.juniper.junos_policies import (
    JUNOS_HOST,
    Context,
    policies,
    strange,
)
from checkvalve.observe.firewalls.juniper.junos_text import write
from checkvalve.observe.firewalls.juniper.junos_times import read_schedulers
from checkvalve.observe.firewalls.juniper.junos_tree import Node, Tree, read_tree
from checkvalve.observe.firewalls.spans import ANY_V6
from checkvalve.observe.firewalls.tally import Tally

_SET: Final = re.compile(
    r"^\s*set (?:security (?:policies|zones|address-book)|groups \S+ security policies) \S",
    re.MULTILINE,
)
_BRACES: Final = re.compile(r"^\s*security\s*\{", re.MULTILINE)
_INSIDE: Final = re.compile(
    r"(?:^|[\s{;}])(?:(?:policies|zones|address-book)\s*\{|security-zone\s|from-zone\s)",
    re.MULTILINE,
)
_THRESHOLDS: Final = frozenset(
    {"limit-session", "flood", "syn-flood", "ip-sweep", "port-scan", "tcp-sweep", "udp-sweep"}
)
_USED: Final = (
    ("security", "policies"),
    ("security", "zones"),
    ("security", "address-book"),
    ("security", "dynamic-address"),
    ("applications",),
    ("schedulers",),
)


class Junos(Vendor):
    """SRX firewalls."""

    name = "junos"
    also = ("srx", "juniper")
    title = "Juniper Junos (SRX)"
    verified: ClassVar[Literal["real files", "rendered files", "documentation"]] = "rendered files"
    writes = True

    def recognises(self, text: str) -> bool:
        """Whether a text has security policies, zones or address books of Junos."""
        return bool(_SET.search(text) or (_BRACES.search(text) and _INSIDE.search(text)))

    def read(self, text: str, *, file: str) -> tuple[RuleSet, Coverage]:
        """Read what ``show configuration`` gives."""
        if not self.recognises(text):
            raise FirewallError(
                f"{file} holds no security configuration of Junos",
                hint="export it whole with 'show configuration | display set'",
            )
        tally = Tally(text, file)
        tree = read_tree(tally.lines)
        apply_groups(tree)
        return _Reader(tally, tree).rule_set(), tally.coverage()

    def render(self, permits: Sequence[Permit]) -> str:
        """Policies with their objects, as ``set`` lines."""
        return write(permits)


class _Reader:
    """Reads one tree to a rule set."""

    def __init__(self, tally: Tally, tree: Tree) -> None:
        self._tally = tally
        self._root = tree.root
        self._doubts = list(tree.doubts)
        self._count()
        self._look_around()
        self._zones = {
            one.word: _interfaces(one)
            for one in self._root.at("security", "zones", "security-zone").active()
        }
        self._context = Context(
            objects=read_objects(tree.root, tally),
            schedulers=read_schedulers(tree.root, tally),
            zones=frozenset(self._zones),
            everywhere=frozenset(name for name, held in self._zones.items() if "all.0" in held),
        )

    def rule_set(self) -> RuleSet:
        """The whole."""
        section = self._root.at("security", "policies")
        read = list(policies(self._context, section))
        through = [
            rule
            for pair, rules in read
            if JUNOS_HOST not in (*pair.sources, *pair.targets)
            for rule in rules
        ]
        rest = FilterRule(Action.DENY, Ref(self._tally.file, 0, "what no policy permits is denied"))
        whole = (*self._front(), *through, *self._default(section))
        chains = {"policies": Chain(whole, rest)}
        forward = [Stage("policies")]
        for stage, chain in read_filters(self._root, self._tally, self._zones):
            chains[stage.chain] = chain
            forward.append(stage)
        stages: tuple[Stage, ...] = ()
        local = [rule for pair, rules in read if JUNOS_HOST in pair.targets for rule in rules]
        if local:
            chains[JUNOS_HOST] = self._local([replace(rule, out_if=None) for rule in local])
            stages = (Stage(JUNOS_HOST),)
        problems = [Problem(self._tally.ref(line), why) for line, why in self._doubts]
        return RuleSet(
            vendor=Junos.name,
            file=self._tally.file,
            chains=chains,
            forward=tuple(forward),
            local_in=stages,
            groups=self._zones,
            problems=(*problems, *dict.fromkeys(self._context.objects.problems)),
        )

    def _count(self) -> None:
        """Count the lines of what is read; what is not decides nothing."""
        for path in _USED:
            for end in range(1, len(path)):
                self._tally.understood(self._root.at(*path[:end]).lines)
            for node in self._root.at(*path).below():
                self._tally.understood(node.lines)

    def _look_around(self) -> None:
        """Doubt all where something decides that is not read."""
        zones = self._root.at("security", "zones")
        known: list[tuple[str, Node]] = [
            ("hierarchies", self._root),
            ("security", self._root.at("security")),
            ("zones", zones),
            *(("security_zone", zone) for zone in zones.at("security-zone").active()),
        ]
        for key, node in known:
            strangers = [one for one in node.active() if one.word not in table()[key]]
            for one in strangers:
                self._doubts.append((one.line, f"{one.word!r} is not known where it stands"))
        for node in strange(self._root.at("security", "policies")):
            self._doubts.append((node.line, f"{node.word!r} stands where it can't"))
        for kind in ("logical-systems", "tenants"):
            for one in self._root.at(kind).active():
                if one.at("security").children:
                    why = f"{one.word!r} has security of its own"
                    self._doubts.append((one.line, why))
        for node in self._root.at("security", "forwarding-options").below():
            if node.word == "packet-based":
                self._doubts.append((node.line, "packets are forwarded without policies"))
        for line, why in self._doubts:
            self._tally.missed(line, why)

    def _default(self, section: Node) -> Iterator[FilterRule]:
        """What ``default-policy`` says, before what always holds."""
        default = section.at("default-policy")
        words = [one.word for one in default.active()]
        if words in ([], ["deny-all"]):
            return
        why = "" if words == ["permit-all"] else "what is done by default is not understood"
        if why:
            self._tally.missed(default.line, why)
        ref = self._tally.ref(next(default.active()).line, "default-policy")
        zones = Names(frozenset(self._zones)) if self._zones else None
        yield FilterRule(Action.ACCEPT, ref, in_if=zones, out_if=zones, unknown=why)

    def _front(self) -> Iterator[FilterRule]:
        """What decides before any policy."""
        yield from self._doubtful()
        mode = self._root.at("security", "forwarding-options", "family", "inet6", "mode")
        if "drop" in (one.word for one in mode.active()):
            ref = self._tally.ref(mode.line)
            yield FilterRule(Action.DENY, ref, src=ANY_V6, dst=ANY_V6)
        for zone in self._root.at("security", "zones", "security-zone").active():
            for screen in zone.at("screen").active():
                yield from self._screen(zone.word, screen)

    def _doubtful(self) -> Iterator[FilterRule]:
        for line, why in self._doubts:
            for action in (Action.ACCEPT, Action.DENY):
                yield FilterRule(action, self._tally.ref(line), unknown=why)

    def _screen(self, zone: str, screen: Node) -> Iterator[FilterRule]:
        option = self._root.at("security", "screen", "ids-option", screen.word)
        if any(node.word in _THRESHOLDS for node in option.below()):
            yield FilterRule(
                Action.DENY,
                self._tally.ref(screen.line, screen.word),
                in_if=Names(frozenset({zone})),
                unknown="a screen drops what exceeds its thresholds",
                rate="above",
            )

    def _local(self, rules: list[FilterRule]) -> Chain:
        text = "the services that a zone offers are not read"
        rest = FilterRule(Action.ACCEPT, Ref(self._tally.file, 0, text), unknown=text)
        denied = Ref(self._tally.file, 0, "what no service of a zone takes is denied")
        return Chain((*self._doubtful(), *rules, rest), FilterRule(Action.DENY, denied))


def _interfaces(zone: Node) -> frozenset[str]:
    """The logical interfaces of a zone; one without a unit is unit 0."""
    names = (one.word for one in zone.at("interfaces").active())
    return frozenset(name if "." in name else f"{name}.0" for name in names)
