"""iptables: Linux's older packet filter, as ``iptables-save`` and ``ip6tables-save`` print it.

Versions: iptables 1.4 to 1.8, legacy and nft, with or without counters; ``iptables -S`` and files
for ``iptables-restore`` too, as far as they append, insert and set policies. Documentation:
iptables(8), iptables-extensions(8), iptables-save(8).

Read are all tables in the order of their hooks. A forwarded packet passes ``PREROUTING`` of raw
and mangle, ``FORWARD`` of mangle, filter and security, and ``POSTROUTING`` of mangle; one to the
firewall itself passes ``INPUT`` instead. Replies pass only by a line of their own.

Which addresses: IPv6 behind a header of ``ip6tables-save``, or where the file has IPv6 addresses
only; else IPv4. Of the other family the file says nothing. Both may stand in one file.

Not understood, so that a rule may match or not: link addresses, sets, marks, bridge ports, owners,
strings, times (which iptables keeps in UTC), IPsec policies, ``addrtype``, ``pkttype``, options of
``conntrack`` other than the state; what ``NFQUEUE`` and other targets that decide elsewhere do.

Known limits: ``iptables -L`` is not read, because it leaves interfaces out. Rules that change
a packet's addresses outside the nat table are not followed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final, Literal

from checkvalve.observe.firewalls.base import (
    Action,
    Coverage,
    FilterRule,
    FirewallError,
    Permit,
    Problem,
    Ref,
    RuleSet,
    Vendor,
)
from checkvalve.observe.firewalls.netfilter.iptables_lines import RuleWords, sort_options, words_of
from checkvalve.observe.firewalls.netfilter.iptables_matches import conditions
from checkvalve.observe.firewalls.netfilter.iptables_modules import Context
from checkvalve.observe.firewalls.netfilter.iptables_targets import (
    DENYING,
    PASSING_ON,
    acting,
    is_translation,
    translated_to,
    untracks,
)
from checkvalve.observe.firewalls.netfilter.iptables_writing import written
from checkvalve.observe.firewalls.netfilter.netfilter_chains import BaseChain, Chains, Hook, either
from checkvalve.observe.firewalls.netfilter.netfilter_conditions import Alternatives, in_doubt
from checkvalve.observe.firewalls.spans import IPV4, IPV6

_PRIORITIES: Final = {"raw": -300, "mangle": -150, "nat": -100, "filter": 0, "security": 50}
_HOOKS: Final[dict[str, Hook]] = {
    "PREROUTING": "prerouting",
    "INPUT": "input",
    "FORWARD": "forward",
    "OUTPUT": "output",
    "POSTROUTING": "postrouting",
}
#: Chains whose absence from a file is no sign that they do nothing.
_MUST_BE_SAID: Final = frozenset({("filter", "FORWARD"), ("filter", "INPUT")})
_HEADER: Final = re.compile(r"#.*\b(ip6?)tables(-nft|-legacy)?-save\b")
_LEGACY: Final = re.compile(r"#\s*Warning:.*tables.*present")
_CHAIN: Final = re.compile(r":(\S+)\s+(-|[A-Z]+)(\s+\[\d+:\d+\])?$")
_COUNTERS: Final = re.compile(r"\[\d+:\d+\]\s+")
_V6_ADDRESS: Final = re.compile(
    r"\s(-s|-d|--(src|dst)-range|--to-(source|destination))\s+(!\s+)?\[?[0-9a-fA-F]*:[0-9a-fA-F:]*:"
)
_V4_ADDRESS: Final = re.compile(r"\s\d+\.\d+\.\d+\.\d+")
_UNTRACKING: Final = re.compile(r"(-j\s+NOTRACK|--notrack)\b")
_TARGET: Final = re.compile(r"^(?:\[\d+:\d+\] )?-A (\S+).*?\s-[jg] (\S+)", re.MULTILINE)
_OURS: Final = re.compile(
    r"^(\*(filter|nat|mangle|raw|security)[ \t]*$|-P (INPUT|FORWARD|OUTPUT) (ACCEPT|DROP)[ \t]*$)",
    re.MULTILINE,
)

Kind = Literal["understood", "harmless"]


class Iptables(Vendor):
    """iptables and ip6tables."""

    name = "iptables"
    also: ClassVar[tuple[str, ...]] = ("ip6tables", "netfilter")
    title = "Linux iptables"
    verified = "real files"
    writes = True

    def recognises(self, text: str) -> bool:
        """See ``Vendor.recognises``: a table or a policy, and a chain or a rule."""
        return (
            _OURS.search(text) is not None
            and re.search(r"^(:\w|-P |-N |(\[\d+:\d+\] )?-A )", text, re.MULTILINE) is not None
        )

    def read(self, text: str, *, file: str) -> tuple[RuleSet, Coverage]:
        """See ``Vendor.read``."""
        reading = _Reading(file, _family(text), bool(_UNTRACKING.search(text)), _denying(text))
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                reading.line(number, line.strip())
        if not reading.is_ours:
            raise FirewallError(
                f"{file} is nothing that iptables-save prints",
                hint="save the rules with 'iptables-save', and 'ip6tables-save' for IPv6",
            )
        return reading.rule_set(), reading.coverage()

    def render(self, permits: Sequence[Permit]) -> str:
        """See ``Vendor.render``; IPv4 alone."""
        return written(permits)


def _family(text: str) -> int:
    """Which addresses the file is about, where no header says it."""
    return IPV6 if _V6_ADDRESS.search(text) and not _V4_ADDRESS.search(text) else IPV4


def _denying(text: str) -> frozenset[str]:
    """Chains all of whose rules deny, or only note something."""
    targets: dict[str, set[str]] = {}
    for chain, target in _TARGET.findall(text):
        targets.setdefault(chain, set()).add(target)
    return frozenset(
        chain
        for chain, own in targets.items()
        if own <= DENYING | PASSING_ON and own & DENYING and chain not in _HOOKS
    )


@dataclass(slots=True)
class _Reading:
    """What has been read of one file.

    Attributes:
        file: its name.
        family: of the addresses in the lines that come.
        untracking: some lines switch tracking off.
        denying: chains that do nothing but deny.
        table: the one that lines are of now.
        is_ours: a line was of iptables.
        families: those of which there are chains.
        lines: the rules of each line, by the chain's key.
        policies: by the chain's key.
    """

    file: str
    family: int
    untracking: bool
    denying: frozenset[str]
    table: str = "filter"
    is_ours: bool = False
    families: set[int] = field(default_factory=set)
    chains: Chains = field(default_factory=Chains)
    lines: dict[str, list[Sequence[FilterRule]]] = field(default_factory=dict)
    policies: dict[str, FilterRule] = field(default_factory=dict)
    counts: dict[Kind, int] = field(default_factory=lambda: {"understood": 0, "harmless": 0})
    missed: list[Problem] = field(default_factory=list)

    def line(self, number: int, line: str) -> None:
        """Read one line that is not empty."""
        ref = Ref(self.file, number, line)
        if line.startswith("#"):
            self._remark(ref)
            return
        reason = ""
        try:
            kind = self._command(ref, _COUNTERS.sub("", line, count=1) if line[0] == "[" else line)
        except ValueError as error:
            kind, reason = "harmless", str(error) or "it is not understood"
        if reason:
            self.missed.append(Problem(ref, reason))
            return
        self.counts[kind] += 1

    def _remark(self, ref: Ref) -> None:
        header = _HEADER.match(ref.text)
        if header is not None:
            self.family = IPV4 if header[1] == "ip" else IPV6
        if _LEGACY.match(ref.text) is None:
            self.counts["harmless"] += 1
            return
        reason = "other tables are in force that are not in this file"
        self.missed.append(Problem(ref, reason))
        self.chains.strays += either(FilterRule(Action.ACCEPT, ref), reason)

    def _command(self, ref: Ref, line: str) -> Kind:
        """One line; raises ``ValueError`` once it stands in the rule set as not understood."""
        if line == "COMMIT":
            self.table = "filter"
            return "harmless"
        if line.startswith("*"):
            return self._begin(ref, line[1:].strip())
        chain = _CHAIN.match(line)
        if chain is not None:
            return self._declare(ref, chain[1], chain[2])
        try:
            words = words_of(line)
        except ValueError:
            raise self._broken(ref, line.split(), "a quote is not closed") from None
        return self._of_words(ref, words)

    def _of_words(self, ref: Ref, words: list[str]) -> Kind:
        match words:
            case ["-P" | "--policy", name, policy]:
                return self._declare(ref, name, policy)
            case ["-N" | "--new-chain", name]:
                return self._declare(ref, name, "-")
            case ["-A" | "--append", name, *rest]:
                return self._rule(ref, name, None, rest)
            case ["-I" | "--insert", name, *rest]:
                place = rest.pop(0) if rest and rest[0].isdecimal() else "1"
                return self._rule(ref, name, max(1, int(place[:9])), rest)
            case ["create" | "add", _, *_]:  # ipset's lines before the tables: data, no rules
                raise ValueError("sets of addresses are not read")
            case _:
                raise self._stray(ref, "it is not understood")

    def _stray(self, ref: Ref, reason: str) -> ValueError:
        """A line that may be any rule of any chain."""
        if not self.chains.strays:
            self.chains.strays += either(FilterRule(Action.ACCEPT, ref), reason)
        return ValueError(reason)

    def _broken(self, ref: Ref, words: list[str], reason: str) -> ValueError:
        """A rule of which no more is known than its chain."""
        if len(words) < 2 or words[0] not in ("-A", "--append"):  # noqa: PLR2004  # -A CHAIN
            return self._stray(ref, reason)
        self._chain(words[1]).append(either(FilterRule(Action.ACCEPT, ref), reason))
        return ValueError(reason)

    def _begin(self, ref: Ref, table: str) -> Kind:
        self.table = table
        if table not in _PRIORITIES:
            raise self._stray(ref, "there is no such table")
        self.is_ours = True
        return "understood"

    def _key(self, chain: str, table: str = "") -> str:
        version = "" if self.family == IPV4 else "6"
        return f"{table or self.table}{version} {chain}"

    def _chain(self, name: str) -> list[Sequence[FilterRule]]:
        self.families.add(self.family)
        self.is_ours = True
        return self.lines.setdefault(self._key(name), [])

    def _declare(self, ref: Ref, name: str, policy: str) -> Kind:
        self._chain(name)
        if policy == "-" and name not in _HOOKS:
            return "understood"
        if policy not in ("ACCEPT", "DROP") or name not in _HOOKS:
            raise self._stray(ref, "it is no policy that iptables has")
        action = Action.ACCEPT if policy == "ACCEPT" else Action.DENY
        self.policies[self._key(name)] = FilterRule(action, ref)
        return "understood"

    def _rule(self, ref: Ref, chain: str, place: int | None, words: list[str]) -> Kind:
        """A rule that is appended, or inserted at a place from 1."""
        rules = self._chain(chain)
        at = len(rules) if place is None else place - 1
        try:
            options = sort_options(words)
        except ValueError as error:
            rules.insert(at, either(FilterRule(Action.ACCEPT, ref), str(error)))
            raise
        denies = options.target in DENYING | self.denying
        found = conditions(options, Context(self.family, self.untracking, denies))
        made = self._made(ref, options, found)
        rules.insert(at, made)
        denies_nothing = not any(rule.action is Action.DENY for rule in made)
        if (not made and not untracks(options)) or (self.table == "nat" and denies_nothing):
            return "harmless"
        unsure = next(filter(None, map(in_doubt, made)), "")
        if unsure:
            raise ValueError(unsure)
        return "understood"

    def _made(self, ref: Ref, options: RuleWords, found: Alternatives) -> list[FilterRule]:
        """The rules of a line; translations and what is not tracked are noted."""
        if untracks(options):
            self.chains.untracked += [one.rule(Action.RETURN, ref) for one in found]
        if is_translation(options, self.table):
            to = translated_to(options)
            anywhere = Context(self.family).anywhere
            self.chains.translated |= anywhere if to is None else to
            return [one.rule(Action.ACCEPT, ref) for one in found]
        is_chain = self._key(options.target) in self.lines
        return [
            replace(rule, to=self._key(rule.to)) if rule.to else rule
            for rule in acting(ref, options, found, is_chain=is_chain)
        ]

    def rule_set(self) -> RuleSet:
        """What was read, on its hooks."""
        for key, rules in self.lines.items():
            self.chains.rules[key] = [one for rule in rules for one in rule]
        for family in sorted(self.families):
            self.family = family
            for table in _PRIORITIES:
                for chain in _HOOKS:
                    self._hang_up(table, chain)
        made = self.chains.rule_set("iptables", self.file, frozenset(self.families))
        for problem in made.problems:
            if problem.ref.line not in {one.ref.line for one in self.missed}:
                self.missed.append(problem)
                self.counts["understood"] -= 1
        return made

    def _hang_up(self, table: str, chain: str) -> None:
        """Hang a chain on its hook. What filter does must be said; the rest may be absent."""
        key = self._key(chain, table)
        policy = self.policies.get(key)
        if policy is None and key not in self.lines and (table, chain) not in _MUST_BE_SAID:
            return
        rules = self.chains.rules.setdefault(key, [])
        if policy is None:
            reason = f"the policy of {chain} in {table} is not in this file"
            unsaid = FilterRule(Action.ACCEPT, Ref(self.file, 0, reason))
            accepts, policy = either(unsaid, reason)
            rules.append(accepts)
        self.chains.bases.append(
            BaseChain(
                key,
                _HOOKS[chain],
                _PRIORITIES[table],
                policy,
                family=IPV4 if self.family == IPV4 else IPV6,
                nat=table == "nat",
                always=table == "filter",
            )
        )

    def coverage(self) -> Coverage:
        """How much was read."""
        understood, harmless = self.counts["understood"], self.counts["harmless"]
        lines = understood + harmless + len(self.missed)
        return Coverage(lines, understood, harmless, tuple(self.missed))
