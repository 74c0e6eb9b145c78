"""nftables: Linux's packet filter, as ``nft list ruleset`` and ``nft -j list ruleset`` print it.

Versions: nftables 0.9 to 1.1; files for ``nft -f`` too, as far as they add. Documentation: nft(8),
libnftables-json(5).

Read are all base chains of a forwarded packet in the order of hooks and priorities: ``accept``
ends one of them, ``drop`` ends all. The families ip, ip6 and inet are read; arp decides nothing
here. Replies pass only by a line of their own. A flow table takes sessions past all later rules.

Not understood, so that a rule may match or not: link addresses, marks, ``fib``, ``socket``, raw
payload, sets that rules or time fill, counters with a limit, times, users, ``queue``; chains of
the bridge family, which may deny anything.

Known limits: a negated concatenation is not read. ``include`` is not followed. A listing of one
table can't be told from one of the whole rule set, so tables that are not in it are taken not to
be there. Of a JSON text on one line the coverage knows one line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from checkvalve.observe.firewalls.base import (
    Action,
    Coverage,
    FilterRule,
    FirewallError,
    Names,
    Permit,
    Problem,
    Ref,
    RuleSet,
    Vendor,
)
from checkvalve.observe.firewalls.netfilter.netfilter_chains import (
    THROUGH,
    TO_US,
    BaseChain,
    Chains,
    Family,
    Hook,
    either,
)
from checkvalve.observe.firewalls.netfilter.netfilter_conditions import in_doubt
from checkvalve.observe.firewalls.netfilter.nft_entries import (
    Document,
    Entry,
    Json,
    is_json,
    json_document,
)
from checkvalve.observe.firewalls.netfilter.nft_matches import Matches, NamedSet
from checkvalve.observe.firewalls.netfilter.nft_rules import RuleReader, parts_of
from checkvalve.observe.firewalls.netfilter.nft_text import text_document
from checkvalve.observe.firewalls.netfilter.nft_writing import written

_VERSIONS: Final[dict[str, Family]] = {"ip": 4, "ip6": 6, "inet": 0, "netdev": 0, "bridge": 0}
_SILENT: Final = frozenset(
    {"metainfo", "counter", "quota", "limit", "flowtable", "secmark", "synproxy", "ct helper"}
    | {"ct timeout", "ct expectation", "tunnel"}
)
_HOOKS: Final[dict[str, Hook]] = {hook: hook for hook in (*THROUGH, *TO_US)}
_OURS: Final = re.compile(
    r"^[ \t]*((add|create)[ \t]+)?table[ \t]+(ip6?|inet|netdev|bridge|arp)[ \t]+[\w.-]+[ \t]*(\{|$)"
    r"|^[ \t]*table[ \t]+[\w.-]+[ \t]*\{\s*chain[ \t]+[\w.-]+[ \t]*\{",
    re.MULTILINE,
)

_Of = tuple[str, str]


class Nftables(Vendor):
    """nftables."""

    name = "nftables"
    also: ClassVar[tuple[str, ...]] = ("nft",)
    title = "Linux nftables"
    verified = "real files"
    writes = True

    def recognises(self, text: str) -> bool:
        """See ``Vendor.recognises``: JSON of nftables, or a table with its family."""
        return is_json(text) or _OURS.search(text) is not None

    def read(self, text: str, *, file: str) -> tuple[RuleSet, Coverage]:
        """See ``Vendor.read``."""
        text = "\n".join(text.splitlines())
        document = json_document(text) if is_json(text) else text_document(text)
        reading = _Reading(file)
        for entry in document.entries:
            reading.entry(entry)
        if not reading.is_ours:
            raise FirewallError(
                f"{file} is nothing that nft prints",
                hint="save the rules with 'nft -j list ruleset' or 'nft list ruleset'",
            )
        made = reading.rule_set()
        return made, reading.coverage(text, document)

    def render(self, permits: Sequence[Permit]) -> str:
        """See ``Vendor.render``."""
        return written(permits)


@dataclass(slots=True)
class _Table:
    """One table.

    Attributes:
        body: as in JSON.
        chains: by name, in their order.
        rules: of each chain.
        sets: sets and maps by name, as in JSON, with all their elements.
    """

    body: Mapping[str, Json] = field(default_factory=dict)
    chains: dict[str, Entry] = field(default_factory=dict)
    rules: dict[str, list[Entry]] = field(default_factory=dict)
    sets: dict[str, tuple[Mapping[str, Json], list[Json]]] = field(default_factory=dict)

    @property
    def is_dormant(self) -> bool:
        """Whether its chains hang on no hook."""
        flags = self.body.get("flags", ())
        return "dormant" in flags if isinstance(flags, str | list) else False

    def filled_by_rules(self) -> set[str]:
        """Names of sets that rules add to."""
        found: set[str] = set()
        for entries in self.rules.values():
            for entry in entries:
                for kind, body in parts_of(_list(entry.body.get("expr"))):
                    if kind in ("set", "meter", "map") and isinstance(body, dict):
                        found.add(str(body.get("set", body.get("map", ""))).lstrip("@"))
        return found

    def named_sets(self) -> dict[str, NamedSet]:
        """What its rules may name."""
        filled = self.filled_by_rules()
        return {
            name: NamedSet(elements, changes=name in filled or _changes(body, elements))
            for name, (body, elements) in self.sets.items()
        }


def _changes(body: Mapping[str, Json], elements: Sequence[Json]) -> bool:
    """Whether a set's elements come or go by themselves."""
    flags = body.get("flags", ())
    named = [flags] if isinstance(flags, str) else _list(flags)
    return (
        "timeout" in body
        or "dynamic" in named
        or "timeout" in named
        or any(
            isinstance(one, dict) and isinstance(one.get("elem"), dict) and "timeout" in one["elem"]
            for one in elements
        )
    )


def _list(found: Json) -> list[Json]:
    return found if isinstance(found, list) else []


@dataclass(slots=True)
class _Reading:
    """What has been read of one file."""

    file: str
    tables: dict[_Of, _Table] = field(default_factory=dict)
    chains: Chains = field(default_factory=Chains)
    is_ours: bool = False
    understood: set[int] = field(default_factory=set)
    harmless: set[int] = field(default_factory=set)
    missed: dict[int, Problem] = field(default_factory=dict)

    def entry(self, entry: Entry) -> None:
        """Put an entry where it belongs."""
        body = entry.body
        if entry.kind not in _SILENT and entry.kind != "rule":
            self.understood.update(range(entry.first, entry.last + 1))
        match entry.kind, body:
            case "flush", _:
                self._flush(entry)
            case "table", {"family": str() as family, "name": str() as name}:
                self.is_ours = True
                self._table(family, name).body = body
            case ("chain" | "set" | "map") as kind, {
                "family": str() as family,
                "table": str() as table,
                "name": str() as name,
            }:
                self.is_ours = True
                self._declare(self._table(family, table), kind, name, entry)
            case "rule", {
                "family": str() as family,
                "table": str() as table,
                "chain": str() as chain,
            }:
                self.is_ours = True
                rules = self._table(family, table).rules.setdefault(chain, [])
                rules.insert(0 if entry.inserted else len(rules), entry)
            case "element", {
                "family": str() as family,
                "table": str() as table,
                "name": str() as n,
            }:
                found = self._table(family, table).sets.setdefault(n, ({}, []))
                found[1].extend(_list(body.get("elem")))
            case "undefined", {"name": str() as name}:
                reason = f"the variable {name!r} is not defined"
                self.chains.problems.append(Problem(self._ref(entry), reason))
                self._miss(entry, reason)
            case kind, _ if kind in _SILENT:
                self.harmless.update(range(entry.first, entry.last + 1))
            case _:
                self._stray(entry)

    def _table(self, family: str, name: str) -> _Table:
        return self.tables.setdefault((family, name), _Table())

    def _ref(self, entry: Entry) -> Ref:
        handle = entry.body.get("handle")
        name = f"handle {handle}" if isinstance(handle, int) else ""
        return Ref(self.file, entry.first, entry.text, name)

    def _miss(self, entry: Entry, reason: str) -> None:
        ref = self._ref(entry)
        for line in range(entry.first, entry.last + 1):
            self.missed.setdefault(line, Problem(replace(ref, line=line), reason))

    def _stray(self, entry: Entry) -> None:
        reason = str(entry.body.get("reason", "it is not understood"))
        self._miss(entry, reason)
        if not self.chains.strays:
            self.chains.strays += either(FilterRule(Action.ACCEPT, self._ref(entry)), reason)

    def _flush(self, entry: Entry) -> None:
        body = entry.body.get("table", entry.body)
        if "ruleset" in entry.body:
            self.tables.clear()
        elif isinstance(body, dict) and "name" in body and "table" not in body:
            self.tables.pop((str(body.get("family", "ip")), str(body["name"])), None)
        else:
            self._stray(entry)

    @staticmethod
    def _declare(table: _Table, kind: str, name: str, entry: Entry) -> None:
        if kind == "chain":
            if name not in table.chains or "hook" in entry.body:
                table.chains[name] = entry
            table.rules.setdefault(name, [])
            return
        elements = table.sets[name][1] if name in table.sets else []
        table.sets[name] = entry.body, elements + _list(entry.body.get("elem"))

    def rule_set(self) -> RuleSet:
        """What was read, on its hooks."""
        untracking = any(
            kind == "notrack"
            for table in self.tables.values()
            for entries in table.rules.values()
            for entry in entries
            for kind, _ in parts_of(_list(entry.body.get("expr")))
        )
        for (family, name), table in self.tables.items():
            if family == "arp" or table.is_dormant:
                continue
            prefix = f"{family} {name} "
            reader = RuleReader(Matches(family, table.named_sets(), untracking), prefix)
            for chain, entries in table.rules.items():
                rules = self.chains.rules.setdefault(prefix + chain, [])
                for entry in entries:
                    rules += self._rules(reader, entry)
            self._note(reader)
            for chain, entry in table.chains.items():
                self._hang_up(family, prefix + chain, entry)
        made = self.chains.rule_set("nftables", self.file, frozenset({4, 6}))
        for problem in made.problems:
            self.missed.setdefault(problem.ref.line, problem)
        return made

    def _rules(self, reader: RuleReader, entry: Entry) -> list[FilterRule]:
        ref = self._ref(entry)
        expressions = entry.body.get("expr")
        if not isinstance(expressions, list):
            self._miss(entry, "a rule without statements")
            return list(either(FilterRule(Action.ACCEPT, ref), "a rule without statements"))
        made = reader.rules(ref, expressions)
        unsure = next(filter(None, map(in_doubt, made)), "")
        if unsure:
            self._miss(entry, unsure)
        else:
            lines = self.understood if made else self.harmless
            lines.update(range(entry.first, entry.last + 1))
        return made

    def _note(self, reader: RuleReader) -> None:
        self.chains.problems += reader.matches.problems
        self.chains.translated |= reader.translated
        self.chains.untracked += reader.untracked
        self.chains.offloaded += reader.offloaded

    def _hang_up(self, family: str, key: str, entry: Entry) -> None:
        """Hang a base chain on its hook."""
        body, ref = entry.body, self._ref(entry)
        if "hook" not in body or body["hook"] == "output":
            return
        hook, priority = _HOOKS.get(str(body["hook"])), body.get("prio")
        if hook is None or not isinstance(priority, int) or family not in _VERSIONS:
            self._stray(entry)
            return
        if family == "bridge":
            reason = "what a bridge forwards is not read"
            denies = replace(either(FilterRule(Action.ACCEPT, ref), reason)[1])
            self.chains.rules[key] = [denies]
        action = Action.DENY if body.get("policy") == "drop" else Action.ACCEPT
        if body.get("policy", "accept") not in ("accept", "drop"):
            self._stray(entry)
        devices = body.get("dev")
        names = [devices] if isinstance(devices, str) else _list(devices)
        self.chains.bases.append(
            BaseChain(
                key,
                hook,
                priority,
                FilterRule(action, replace(ref, text=f"policy of {key}: {action}")),
                family=_VERSIONS[family],
                nat=body.get("type") == "nat",
                device=Names(frozenset(map(str, names))) if names else None,
            )
        )

    def coverage(self, text: str, document: Document) -> Coverage:
        """How much was read: every line that is not empty, once."""
        spoken = {n for n, line in enumerate(text.split("\n"), start=1) if line.strip()}
        missed = tuple(problem for line, problem in sorted(self.missed.items()) if line in spoken)
        harmless = (self.harmless | document.harmless) & spoken
        harmless -= self.missed.keys() | self.understood
        understood = len(spoken) - len(harmless) - len(missed)
        return Coverage(len(spoken), understood, len(harmless), missed)
