"""Fortinet FortiGate: the policies of FortiOS 5.4 to 7.6.

Follows the FortiOS Administration Guide and CLI Reference (``config firewall policy``,
``address``, ``service``, ``schedule``, ``vip``, ``local-in-policy``; ``config system zone``), and
Fortinet's technical tips on policy order and ``match-vip``. Read is what ``show`` or a backup
gives: statements that are at their default may be missing.

Order: intrazone traffic that a zone allows, then policies in the order of the text (not of their
numbers), then policy 0, which denies. Policies see destinations behind virtual IPs and their
mapped ports.

Known limits:
    - Several virtual domains with policies, tables of ``config firewall`` that are not known, and
      a text that is cut or torn: all is unknown.
    - A policy with a setting that is not known is unknown.
    - Internet services, users, device tags, applications, fully qualified names, countries and
      other dynamic objects are unknown; so are policies of the mode ``policy-based``.
    - Load-balancing and filtered virtual IPs are unknown; external addresses are not told from
      the hosts behind them.
    - Multicast is judged by unicast policies, unless there are multicast policies: then it is
      unknown.
    - Thresholds of ``DoS-policy`` are a rate; access lists and ``ttl-policy`` are unknown denies.
    - Security profiles are taken to let sessions open.
    - Packets to the firewall itself: only ``local-in-policy`` is read, and what it leaves open is
      unknown (``allowaccess``).
    - A recurring schedule's last minute is the one before its end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Final, Literal

from checkvalve.observe.firewalls.base import (
    Action,
    Chain,
    Coverage,
    FilterRule,
    FirewallError,
    Permit,
    Problem,
    Ref,
    RuleSet,
    Stage,
    Vendor,
)
from checkvalve.observe.firewalls.fortinet.fortios_early import EARLY, before_policies, doubtful
from checkvalve.observe.firewalls.fortinet.fortios_objects import read_objects
from checkvalve.observe.firewalls.fortinet.fortios_objects import table as data
from checkvalve.observe.firewalls.fortinet.fortios_policies import Domain, hosts_behind, read_policy
from checkvalve.observe.firewalls.fortinet.fortios_text import write
from checkvalve.observe.firewalls.fortinet.fortios_times import Schedules
from checkvalve.observe.firewalls.fortinet.fortios_tree import Node, Tree, read_tree
from checkvalve.observe.firewalls.fortinet.fortios_vips import read_vips
from checkvalve.observe.firewalls.spans import IPV4, Addresses
from checkvalve.observe.firewalls.tally import Tally

_OURS: Final = re.compile(
    r"^\s*config (?:firewall (?:policy6?|consolidated policy|address6?|service custom)|vdom"
    r"|system (?:zone|sdwan|global|interface|settings))\s*$",
    re.MULTILINE,
)
_END: Final = re.compile(r"^\s*end\s*$", re.MULTILINE)
_VERSION: Final = re.compile(r"#config-version=[^-\s]+-(\d+)\.(\d+)\.(\d+)-")
_POLICIES: Final = ("firewall policy", "firewall policy6", "firewall consolidated policy")
#: Tables of ``config firewall`` that are read.
_READ: Final = frozenset(
    {*_POLICIES, *EARLY, "firewall multicast-policy", "firewall multicast-policy6"}
    | {f"firewall {name}{tail}" for name in ("address", "addrgrp", "vip") for tail in ("", "6")}
    | {f"firewall {name}{tail}" for name in ("vipgrp", "local-in-policy") for tail in ("", "6")}
    | {"firewall service custom", "firewall service group"}
    | {f"firewall schedule {name}" for name in ("onetime", "recurring", "group")}
)


class Fortios(Vendor):
    """FortiGate firewalls."""

    name = "fortios"
    also = ("fortinet", "fortigate")
    title = "Fortinet FortiOS"
    verified: ClassVar[Literal["real files", "rendered files", "documentation"]] = "rendered files"
    writes = True

    def recognises(self, text: str) -> bool:
        """Whether a text has FortiOS's sections and entries."""
        return _OURS.search(text) is not None and _END.search(text) is not None

    def read(self, text: str, *, file: str) -> tuple[RuleSet, Coverage]:
        """Read a backup, or what ``show`` gives."""
        if not _OURS.search(text):
            raise FirewallError(
                f"{file} holds no FortiOS configuration",
                hint="export it with 'show firewall policy' and the objects, or as a backup",
            )
        tally = Tally(text, file)
        tree = read_tree(tally)
        return _Reader(tally, tree, _version(text)).rule_set(), tally.coverage()

    def render(self, permits: Sequence[Permit]) -> str:
        """Policies with their objects, for FortiOS 6.4 and later."""
        return write(permits)


def _version(text: str) -> tuple[int, ...]:
    found = _VERSION.search(text)
    return tuple(map(int, found.groups())) if found else ()


class _Reader:
    """Reads one text to a rule set."""

    def __init__(self, tally: Tally, tree: Tree, version: tuple[int, ...]) -> None:
        self._tally = tally
        self._tree = tree
        self._doubts = list(tree.doubts)
        self._domain_node, self._shared = self._choose(tree.root)
        self._doubt_tables()
        self._count_strays(tree.root)
        self._domain = self._read_domain(version)

    def rule_set(self) -> RuleSet:
        """The whole."""
        node, file = self._domain_node, self._tally.file
        tables = [node.table(path) for path in _POLICIES]
        both = (4, 6) if not tables[1].entries else (4,)
        chains = self._chains("policy", [(tables[2], (4, 6)), (tables[0], both)])
        forward: tuple[Stage, ...] = (Stage("policy"),)
        if tables[1].entries:
            chains |= self._chains("policy6", [(tables[1], (6,))])
            forward = (Stage("policy", family=4), Stage("policy6", family=6))
        local = self._local()
        problems = [Problem(self._tally.ref(line), why) for line, why in self._doubts]
        return RuleSet(
            vendor=Fortios.name,
            file=file,
            chains=chains | {name: chain for name, chain, _ in local},
            forward=forward,
            local_in=tuple(stage for *_, stage in local),
            groups=self._domain.groups,
            problems=(*problems, *self._domain.objects.problems),
        )

    def _choose(self, root: Node) -> tuple[Node, Node]:
        """The virtual domain that has policies, and what all share."""
        domains = root.table("vdom").entries
        self._tally.understood(root.table("vdom").lines)
        for node in domains.values():
            self._tally.understood(node.lines)
        held = [node for node in domains.values() if _has_policies(node)]
        if len(held) > 1 or (held and _has_policies(root)):
            names = ", ".join(node.name for node in held)
            self._doubts.append((held[-1].line, f"several virtual domains have policies: {names}"))
        return (held[0] if held else root), root.table("global") if domains else root

    def _doubt_tables(self) -> None:
        """Doubt all where a table of the firewall is not known."""
        harmless = {f"firewall {name}" for name in data()["tables_harmless"]}
        for path, node in self._domain_node.tables.items():
            if path.startswith("firewall ") and path not in _READ | harmless and _says(node):
                self._doubts.append((node.line, f"{path!r} is not read"))

    def _count_strays(self, root: Node) -> None:
        """Count what is no statement, wherever it could decide; each line once."""
        stack = [(root, "")]
        while stack:
            node, path = stack.pop()
            for line in node.odd if not path or _decides(path) else ():
                self._tally.missed(line, "this is no statement")
            inner = [*node.tables.values(), *node.entries.values()]
            stack += [(one, path or one.name) for one in inner]
        for line, why in self._doubts:
            self._tally.missed(line, why)

    def _read_domain(self, version: tuple[int, ...]) -> Domain:
        node = self._domain_node
        feeds = [one.table("system external-resource") for one in (node, self._shared)]
        objects = read_objects(node, self._tally, {name for one in feeds for name in one.entries})
        groups = self._zones() | self._wan_zones()
        interfaces = self._shared.table("system interface")
        names = interfaces.entries.keys() or node.table("system interface").entries.keys()
        self._tally.understood(interfaces.lines)
        settings = node.table("system settings")
        self._settings(settings)
        return Domain(
            objects=objects,
            schedules=Schedules(node, objects),
            vips={family: read_vips(node, objects, family) for family in (4, 6)},
            interfaces=frozenset(names | groups.keys()) if names else frozenset(),
            groups=groups,
            version=version,
            central_nat=settings.enabled("central-nat"),
        )

    def _zones(self) -> dict[str, frozenset[str]]:
        table = self._domain_node.table("system zone")
        self._tally.understood(table.lines)
        for node in table.entries.values():
            self._tally.understood(node.lines)
            for key, lines in node.said:
                if key in ("interface", "intrazone"):
                    self._tally.understood(lines)
        return {name: frozenset(one.values("interface")) for name, one in table.entries.items()}

    def _wan_zones(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for path in ("system sdwan", "system virtual-wan-link"):
            table = self._domain_node.table(path)
            zones = {name: frozenset[str]() for name in table.table("zone").entries}
            for node in table.table("members").entries.values():
                zone = node.word("zone", "virtual-wan-link")
                zones[zone] = zones.get(zone, frozenset()) | set(node.values("interface"))
                self._tally.understood([*node.lines, *(at for _, on in node.said for at in on)])
            found |= zones
        return found

    def _settings(self, settings: Node) -> None:
        for key, lines in settings.said:
            if key in ("ngfw-mode", "central-nat", "asymroute", "opmode"):
                self._tally.understood(lines)
        found = settings.settings.get("ngfw-mode")
        if found and found.values == ("policy-based",):
            self._doubts.append((found.line, "in the mode policy-based other policies decide"))

    def _chains(self, name: str, tables: list[tuple[Node, tuple[int, ...]]]) -> dict[str, Chain]:
        """A chain of policies, and the one of virtual IPs that it asks first."""
        rules: list[FilterRule] = []
        vip_rules: list[FilterRule] = []
        families: set[int] = set()
        for table, own in tables:
            self._tally.understood(table.lines)
            families |= set(own)
            for node in table.entries.values():
                policy = read_policy(self._domain, node, own)
                rules += policy.rules
                vip_rules += policy.vip_rules
        front = list(before_policies(self._domain_node, self._tally, self._doubts))
        chains: dict[str, Chain] = {}
        if vip_rules:
            through = f"{name}: virtual IPs"
            front.append(self._jump(through, families))
            chains[through] = Chain(tuple(vip_rules))
        chains[name] = Chain((*front, *rules), self._denied("0"))
        return chains

    def _jump(self, chain: str, families: set[int]) -> FilterRule:
        hosts = Addresses()
        for family in families:
            hosts |= hosts_behind(self._domain.vips[family])
        text = "policies of virtual IPs are asked about what they translate"
        return FilterRule(Action.JUMP, Ref(self._tally.file, 0, text), dst=hosts, to=chain)

    def _denied(self, number: str) -> FilterRule:
        text = "what no policy permits is denied"
        return FilterRule(Action.DENY, Ref(self._tally.file, 0, text, number))

    def _local(self) -> list[tuple[str, Chain, Stage]]:
        """Chains and stages of packets to the firewall itself."""
        found = []
        families: tuple[Literal[4, 6], ...] = (4, 6)
        for family in families:
            name = f"local-in-policy{'' if family == IPV4 else 6}"
            table = self._domain_node.table(f"firewall {name}")
            self._tally.understood(table.lines)
            if not table.entries:
                continue
            rules = [
                rule
                for node in table.entries.values()
                for rule in read_policy(self._domain, node, (family,), local=True).rules
            ]
            text = "the services that an interface offers are not read"
            rest = FilterRule(Action.ACCEPT, Ref(self._tally.file, 0, text), unknown=text)
            chain = Chain((*doubtful(self._tally, self._doubts), *rules, rest), self._denied(""))
            found.append((name, chain, Stage(name, family=family)))
        return found


def _says(node: Node) -> bool:
    return bool(node.entries or node.settings or node.tables)


def _has_policies(node: Node) -> bool:
    return any(node.table(path).entries for path in _POLICIES)


def _decides(path: str) -> bool:
    return path.startswith(("firewall", "vdom", "global", "system"))
