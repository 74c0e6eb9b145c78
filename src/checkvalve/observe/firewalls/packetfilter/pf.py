"""pf: ``pf.conf``, or what ``pfctl -sr`` prints.

Product: the packet filter of OpenBSD and FreeBSD. Documentation: pf.conf(5) of OpenBSD 7.6 and
FreeBSD 14, the older grammar with ``nat``, ``rdr`` and ``binat`` of its own included.

A packet that passes through is judged twice: when it comes in and when it goes out, so there are
two stages. In each the last rule that matches wins, unless one with ``quick`` matches: then the
first of those. Asked first to last, that is all quick rules in their order, and then all others
from the last to the first. What no rule matches passes.

Known limits: anchors, included files, tables with ``persist`` or from files, ``self``, addresses
of interfaces, host names, interface groups (names that end in no digit, but for drivers), tags,
operating systems, users and probabilities are unknown. Rules that match fragments alone are left
out, for fragments are put together first. Sessions of ``no state`` rules get replies as all
others do. A rule that says the outer address of ``rdr-to`` again matches the inner one only
perhaps.

References:
    pf.conf(5), https://man.openbsd.org/pf.conf
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
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
from checkvalve.observe.firewalls.packetfilter.pf_cursor import PfSyntaxError
from checkvalve.observe.firewalls.packetfilter.pf_lines import Statement, statements, unquoted
from checkvalve.observe.firewalls.packetfilter.pf_neutral import PfRule
from checkvalve.observe.firewalls.packetfilter.pf_rules import ACTIONS, Reader
from checkvalve.observe.firewalls.packetfilter.pf_translations import (
    behind_nat,
    beside_redirections,
    redirections,
)
from checkvalve.observe.firewalls.packetfilter.pf_words import Hosts, interface, table_of
from checkvalve.observe.firewalls.packetfilter.pf_writing import written
from checkvalve.observe.firewalls.spans import ANYWHERE, NOWHERE, Addresses
from checkvalve.observe.firewalls.tally import Tally
from checkvalve.observe.firewalls.undecided import either

_LOOKS_SO: Final = re.compile(
    r"^(?:@\d+\s+)?(?:(?:pass|block)(?:[ \t]+(?:in|out|all|on|quick|log|drop|return|from|inet6?|"
    r"proto)\b|[ \t]*$)|set[ \t]+skip[ \t]+on\b|antispoof\b.*\bfor\b|table[ \t]+<)",
    re.MULTILINE,
)
_HARMLESS: Final = frozenset(
    ("set", "scrub", "altq", "queue", "load", "[", "dummynet-anchor", "dummynet")
)
_TRANSLATIONS: Final = frozenset(("nat", "rdr", "binat", "no", "nat-anchor"))
_DIRECTIONS: Final = ("in", "out")
_PASSES: Final = "pf passes what no rule matches"


def first_match(quick: Sequence[FilterRule], others: Sequence[tuple[FilterRule, ...]]) -> Chain:
    """The chain, asked first to last, of what pf asks last to first.

    Args:
        quick: rules with ``quick``, in their order.
        others: the others, each with its own rules in the order in which they are asked.
    """
    rules = (*quick, *(rule for group in reversed(others) for rule in group))
    return Chain(rules)


class Pf(Vendor):
    """pf of OpenBSD and FreeBSD."""

    name = "pf"
    also: ClassVar[tuple[str, ...]] = ("pf.conf", "openbsd-pf", "packetfilter")
    title = "pf"
    verified = "rendered files"
    writes = True

    def recognises(self, text: str) -> bool:
        """See ``Vendor.recognises``."""
        return not text.lstrip().startswith(("<", "{", "[")) and bool(_LOOKS_SO.search(text))

    def read(self, text: str, *, file: str) -> tuple[RuleSet, Coverage]:
        """See ``Vendor.read``."""
        reading = _Reading("\n".join(text.splitlines()), file)
        found = list(statements(tuple(reading.tally.lines)))
        for statement in sorted(found, key=lambda one: one.words[:1] != ("table",)):
            reading.read(statement)
        if not reading.found:
            raise FirewallError(
                f"{file} holds no rules of pf", hint="export pf.conf, or the output of pfctl -sr"
            )
        return reading.rule_set(), reading.tally.coverage()

    def render(self, permits: Sequence[Permit]) -> str:
        """See ``Vendor.render``."""
        return written(permits)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a statement gives: its rules of a direction, and when they are asked."""

    direction: str
    when: Literal["skipped", "quick", "plain"]
    rules: tuple[FilterRule, ...]


class _Reading:
    """What has been read of one file."""

    def __init__(self, text: str, file: str) -> None:
        self.tally = Tally(text, file)
        self.found = False
        self._tables: dict[str, Hosts] = {}
        self._entries: list[_Entry] = []
        self._rules: list[PfRule] = []
        self._problems: list[Problem] = []

    def read(self, statement: Statement) -> None:
        """Takes one statement in."""
        kind = statement.words[0] if statement.words else ""
        lines = range(statement.line, statement.last + 1)
        if statement.macro and not statement.trouble:
            self.tally.understood(lines)
        elif statement.trouble:
            self._missed(statement, statement.trouble)
        elif kind in ACTIONS | _TRANSLATIONS | {"antispoof", "table"} or (
            statement.words[:2] == ("set", "skip")
        ):
            self.tally.understood(lines)
            self._rule(statement, kind)
        elif kind not in _HARMLESS:
            self._missed(statement, f"'{kind}' begins no statement that is understood")

    def rule_set(self) -> RuleSet:
        """All that was read, in neutral form."""
        return RuleSet(
            vendor="pf",
            file=self.tally.file,
            chains={direction: self._chain(direction) for direction in _DIRECTIONS},
            forward=(Stage("in"), Stage("out")),
            local_in=(Stage("in"),),
            problems=tuple(self._problems),
        )

    def _chain(self, direction: str) -> Chain:
        here = [entry for entry in self._entries if entry.direction == direction]
        if direction == "in":
            leading = redirections(self._rules)
            here = [replace(one, rules=beside_redirections(one.rules, leading)) for one in here]
        at_once = [
            rule
            for when in ("skipped", "quick")
            for entry in here
            if entry.when == when
            for rule in entry.rules
        ]
        chain = first_match(at_once, [entry.rules for entry in here if entry.when == "plain"])
        if direction == "out":
            chain = replace(chain, rules=behind_nat(chain.rules, self._rules))
        implicit = FilterRule(Action.ACCEPT, Ref(self.tally.file, 0, _PASSES))
        return replace(chain, policy=implicit)

    # Statements.

    def _missed(self, statement: Statement, why: str) -> None:
        """A statement that is not understood: perhaps a rule, and perhaps a quick one."""
        self.tally.missed(statement.line, why)
        self.tally.understood(range(statement.line + 1, statement.last + 1))
        ref = self.tally.ref(statement.line)
        if statement.macro:
            self._problems.append(Problem(ref, why))
            return
        kind = statement.words[0] if statement.words else ""
        self.found = self.found or kind in {"pass", "block"}
        self._problem(ref, why)
        self._unknown(statement, why)

    def _unknown(self, statement: Statement, why: str) -> None:
        kind = statement.words[0] if statement.words else ""
        pair = either(FilterRule(Action.ACCEPT, self.tally.ref(statement.line)), why)
        wanted = {"pass": pair[:1], "block": pair[1:]}.get(kind, pair)
        if kind == "match" and "-to" not in " ".join(statement.words):
            return
        for direction in _DIRECTIONS:
            when: Literal["quick", "plain"] = "plain"
            if "quick" in statement.words or wanted is pair:
                when = "quick"
            self._entries.append(_Entry(direction, when, wanted))

    def _rule(self, statement: Statement, kind: str) -> None:
        ref = self.tally.ref(statement.line)
        if kind == "table":
            self._table(statement, ref)
        elif kind == "set":
            self._skip(statement, ref)
            self.found = True
        elif kind == "nat-anchor":
            self.tally.missed(statement.line, "what an anchor holds does not stand in the text")
            self._rules.append(PfRule("nat", ref))
        else:
            try:
                if kind == "antispoof":
                    self._antispoof(statement, ref)
                else:
                    self._filter(Reader(statement.words, self._tables, ref).read(), statement)
                self.found = True
            except PfSyntaxError as error:
                self._missed(statement, str(error))

    def _filter(self, rule: PfRule, statement: Statement) -> None:
        self._rules.append(rule)
        for reason in (*rule.unknown, rule.src.unknown, rule.dst.unknown):
            if reason:
                self.tally.missed(statement.line, reason)
            if reason.endswith("is not defined"):
                self._problem(rule.ref, reason)
        if rule.action == "match":
            self._match(rule, statement)
        elif rule.action in {"nat", "binat", "rdr"}:
            self._translation(rule)
        else:
            when: Literal["quick", "plain"] = "plain"
            if rule.quick or rule.action == "anchor":
                when = "quick"
            self._add(rule, when)

    def _add(self, rule: PfRule, when: Literal["skipped", "quick", "plain"]) -> None:
        for direction in _DIRECTIONS:
            self._entries.append(_Entry(direction, when, rule.neutral(direction)))

    def _match(self, rule: PfRule, statement: Statement) -> None:
        """``match`` decides nothing, unless it leads somewhere else."""
        if rule.translates not in ("", "nat-to"):
            why = f"what 'match ... {rule.translates}' leads to the rules ahead is not understood"
            self.tally.missed(statement.line, why)
            target = rule.target.known if rule.target and not rule.target.unknown else ANYWHERE
            pair = either(FilterRule(Action.ACCEPT, rule.ref, dst=target), why)
            self._entries += [_Entry(direction, "quick", pair) for direction in _DIRECTIONS]

    def _translation(self, rule: PfRule) -> None:
        """Old translations come before the rules, which see inner addresses."""
        if rule.passes and rule.action == "rdr" and not rule.no:
            rule.direction, rule.quick = "in", True
            self._add(rule, "quick")

    def _problem(self, ref: Ref, sentence: str) -> None:
        self._problems.append(Problem(ref, sentence))

    def _skip(self, statement: Statement, ref: Ref) -> None:
        for word in statement.words[2:]:
            if word in {"on", "{", "}", ","}:
                continue
            names = interface(word, negated=False)
            why = "" if names else f"which interfaces are in {unquoted(word)} is not said"
            if why:
                self.tally.missed(statement.line, why)
            rule = FilterRule(Action.ACCEPT, ref, unknown=why)
            self._entries.append(_Entry("in", "skipped", (replace(rule, in_if=names),)))
            self._entries.append(_Entry("out", "skipped", (replace(rule, out_if=names),)))

    def _antispoof(self, statement: Statement, ref: Ref) -> None:
        """Networks of an interface come from nowhere else; its own addresses do not come in."""
        when: Literal["quick", "plain"] = "quick" if "quick" in statement.words else "plain"
        named = (
            statement.words[statement.words.index("for") + 1 :] if "for" in statement.words else ()
        )
        listed = [word for word in named if word not in {"{", "}", ",", "inet", "inet6", "label"}]
        if not listed:
            raise PfSyntaxError("it names no interface")
        for word in listed:
            if word.startswith('"') or word in {"(", ")"}:
                continue
            if word in {"lo", "lo0"}:
                elsewhere = interface(word, negated=True)
                src = Addresses.of("127.0.0.0/8") | Addresses.of("::1")
                rule = FilterRule(Action.DENY, ref, src=src, in_if=elsewhere)
            else:
                why = f"the networks of {word} do not stand in the text"
                self.tally.missed(statement.line, why)
                rule = FilterRule(Action.DENY, ref, unknown=why)
            self._entries.append(_Entry("in", when, (rule,)))

    def _table(self, statement: Statement, ref: Ref) -> None:
        words = statement.words
        name = words[1][1:-1] if len(words) > 1 and words[1].startswith("<") else ""
        if not name:
            self.tally.missed(statement.line, "a table without a name")
            return
        if "file" in words or "{" not in words:
            table = Hosts(NOWHERE, f"what is in the table <{name}> does not stand in the text")
        else:
            table = table_of(_entries(words[words.index("{") + 1 :]))
        if name in self._tables:
            table = Hosts(NOWHERE, f"the table <{name}> is defined twice")
            self._problem(ref, table.unknown)
        if table.unknown:
            self.tally.missed(statement.line, table.unknown)
        self._tables[name] = table
        self.found = True


def _entries(words: Iterable[str]) -> list[tuple[str, bool]]:
    """Entries of a table, and whether each is negated."""
    found: list[tuple[str, bool]] = []
    negated = False
    for word in words:
        if word == "}":
            break
        if word == "!":
            negated = True
        elif word != ",":
            found.append((word, negated))
            negated = False
    return found
