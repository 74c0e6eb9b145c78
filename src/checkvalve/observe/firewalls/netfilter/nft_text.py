"""The text of ``nft list ruleset``, and files for ``nft -f``, brought to the form of its JSON.

Grammar: nft(8), version 1.0. Read are ``table`` with what stands in it, ``add``, ``create`` and
``insert`` of tables, chains, rules, sets, maps and elements, ``flush`` and ``delete`` of all or a
table, and ``define``. Other commands are strays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from checkvalve.observe.firewalls.netfilter.nft_entries import STRAY, Document, Entry, Json
from checkvalve.observe.firewalls.netfilter.nft_expressions import statements
from checkvalve.observe.firewalls.netfilter.nft_tokens import (
    Token,
    end_of,
    tokens_of,
    with_variables,
)
from checkvalve.observe.firewalls.netfilter.nft_values import UnreadError, elements

FAMILIES: Final = ("ip", "ip6", "inet", "arp", "bridge", "netdev")
_PRIORITIES: Final = {"raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50,
                      "srcnat": 100, "out": 100}  # fmt: skip
_PRIORITY: Final = re.compile(r"([a-z]+)?\s*([+-]?)\s*(\d+)?$")
#: Tables of iptables-nft.
_OF_XTABLES: Final = frozenset({"raw", "mangle", "nat", "filter", "security"})
_HANDLE: Final = re.compile(r"#\s*handle \d+\s*$")
_DECIDING: Final = frozenset(
    {"accept", "drop", "reject", "return", "jump", "goto", "vmap", "dnat", "snat", "masquerade"}
)
#: Objects that decide nothing by themselves.
_OBJECTS: Final = ("counter", "quota", "limit", "flowtable", "secmark", "synproxy", "ct")
_ADDING: Final = ("add", "create")


def text_document(text: str) -> Document:
    """The entries of a text."""
    found, comments = tokens_of(text)
    reading = _Reading(text.split("\n"), comments)
    reading.tokens = with_variables(found, reading.undefined)
    spoken = {token.line for token in found if not token.is_sign("\n")}
    reading.document.harmless = comments.keys() - spoken
    reading.commands()
    return reading.document


@dataclass(slots=True)
class _Reading:
    """A text, and where the reading is."""

    lines: list[str]
    comments: dict[int, str]
    tokens: list[Token] = field(default_factory=list)
    at: int = 0
    document: Document = field(default_factory=Document)

    def undefined(self, token: Token) -> None:
        """A variable that nobody defines."""
        self._add("undefined", {"name": token.text}, token.line, token.line)

    def commands(self) -> None:
        """Read to the end."""
        while self._skip():
            begin = self.at
            try:
                self._command()
            except UnreadError:
                self._stray(begin)

    def _skip(self) -> bool:
        """Pass the ends of commands; whether something is left."""
        while self.at < len(self.tokens) and self.tokens[self.at].is_sign("\n", ";"):
            self.at += 1
        return self.at < len(self.tokens)

    def _stray(self, begin: int) -> None:
        end = max(end_of(self.tokens, begin), begin + 1)
        self.at = max(self.at, end)
        lines = [token.line for token in self.tokens[begin:end]]
        self._add(STRAY, {"reason": "it is not understood"}, min(lines), max(lines))

    def _add(self, kind: str, body: dict[str, Json], first: int, last: int) -> None:
        shown = " ".join(" ".join(self.lines[first - 1 : last]).split())
        self.document.entries.append(Entry(kind, body, first, last, shown))

    def _rest(self) -> list[Token]:
        """The words up to the command's end, which is passed."""
        end = end_of(self.tokens, self.at)
        found = [token for token in self.tokens[self.at : end] if not token.is_sign("\n")]
        self.at = end
        return found

    def _word(self) -> str:
        if self.at >= len(self.tokens) or self.tokens[self.at].is_sign("\n", ";", "{", "}"):
            raise UnreadError
        self.at += 1
        return self.tokens[self.at - 1].text

    def _sees(self, *texts: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at].is_sign(*texts)

    def _command(self) -> None:
        first = self.tokens[self.at].line
        word = self._word()
        if word == "table":
            self._table()
        elif word in (*_ADDING, "insert"):
            self._adding(first, inserted=word == "insert")
        elif word in ("flush", "delete", "destroy"):
            self._taking_away(first)
        else:
            raise UnreadError

    def _family(self) -> str:
        return self._word() if self._sees(*FAMILIES) else "ip"

    def _table(self) -> None:
        first = self.tokens[self.at - 1].line
        family, name = self._family(), self._word()
        body: dict[str, Json] = {"family": family, "name": name}
        self._add("table", body, first, first)
        if not self._sees("{"):
            return
        self.at += 1
        while self._skip() and not self._sees("}"):
            begin = self.at
            try:
                self._in_table(family, name, body)
            except UnreadError:
                self._stray(begin)
        self._close(first)

    def _close(self, first: int) -> None:
        """Pass the brace at the end; a text that ends before it was cut off."""
        if self._sees("}"):
            self.at += 1
        else:
            self._add(STRAY, {"reason": "a brace is not closed"}, first, first)

    def _in_table(self, family: str, table: str, body: dict[str, Json]) -> None:
        first = self.tokens[self.at].line
        of = {"family": family, "table": table}
        word = self._word()
        if word == "chain":
            self._chain({**of, "name": self._word()}, first)
        elif word in ("set", "map"):
            self._set(word, {**of, "name": self._word()}, first)
        elif word in _OBJECTS:
            self._rest()
        elif word == "flags":
            body["flags"] = [token.text for token in self._rest() if token.text != ","]
        elif word == "comment":
            self._rest()
        else:
            raise UnreadError

    def _chain(self, of: dict[str, Json], first: int) -> None:
        """``chain NAME { type ...; rules }``."""
        if not self._sees("{"):
            raise UnreadError
        self.at += 1
        chain: dict[str, Json] = dict(of)
        self._add("chain", chain, first, first)
        while self._skip() and not self._sees("}"):
            line = self.tokens[self.at].line
            if self._sees("type", "policy", "comment", "flags", "devices", "device"):
                self._of_chain(chain, line)
                continue
            tokens = self._rest()
            self._rule({**of, "chain": of["name"]}, tokens, line)
        self._close(first)

    def _of_chain(self, chain: dict[str, Json], line: int) -> None:
        words = [token.text for token in self._rest()]
        match words:
            case ["type", kind, "hook", hook, *rest] if "priority" in rest:
                place = rest.index("priority")
                devices = [word for word in rest[1:place] if word not in ("{", "}", ",", "=")]
                priority = _priority(" ".join(rest[place + 1 :]))
                chain |= {"type": kind, "hook": hook, "prio": priority, "dev": devices}
                if priority is None:
                    self._add(STRAY, {"reason": "a priority that is not known"}, line, line)
            case ["policy", policy]:
                chain["policy"] = policy
            case ["comment" | "flags" | "devices" | "device", *_]:
                pass
            case _:
                self._add(STRAY, {"reason": "it is not understood"}, line, line)

    def _rule(self, of: dict[str, Json], tokens: list[Token], first: int) -> None:
        if not tokens:
            self.at += 1  # a brace that nobody opened
            self._add(STRAY, {"reason": "a brace too many"}, first, first)
            return
        expressions, comment = statements(tokens)
        last = max(token.line for token in tokens)
        if self._goes_on(of, last) and not _decides(expressions):
            expressions.append({"unread rest": None})
        self._add("rule", {**of, "expr": expressions, "comment": comment}, first, last)

    def _goes_on(self, of: dict[str, Json], line: int) -> bool:
        """Whether a rule may go on in a comment: nft prints so what only xtables understands."""
        comment = self.comments.get(line, "")
        return of["table"] in _OF_XTABLES and bool(comment) and not _HANDLE.match(comment)

    def _set(self, kind: str, of: dict[str, Json], first: int) -> None:
        """``set NAME { type ...; flags ...; elements = { ... } }``."""
        if not self._sees("{"):
            raise UnreadError
        self.at += 1
        body: dict[str, Json] = {**of, "flags": [], "elem": []}
        while self._skip() and not self._sees("}"):
            tokens = self._rest()
            if not tokens:
                raise UnreadError
            match tokens[0].text:
                case "elements":
                    body["elem"] = elements(tokens[2:])
                case "flags":
                    body["flags"] = [token.text for token in tokens[1:] if token.text != ","]
                case "timeout":
                    body["timeout"] = 1
        last = self.tokens[min(self.at, len(self.tokens) - 1)].line
        self._add(kind, body, first, last)
        self._close(first)

    def _adding(self, first: int, *, inserted: bool) -> None:
        word = self._word()
        if word == "table":
            self._table()
            return
        if word == "rule" or word not in ("chain", "set", "map", "element", *_OBJECTS):
            if word != "rule":
                self.at -= 1
            of: dict[str, Json] = {"family": self._family(), "table": self._word()}
            self._added_rule({**of, "chain": self._word()}, first, inserted=inserted)
            return
        of = {"family": self._family(), "table": self._word(), "name": self._word()}
        if word == "chain":
            self._added_chain(of, first)
        elif word in ("set", "map"):
            self._set(word, of, first)
        elif word == "element":
            tokens = self._rest()
            self._add("element", {**of, "elem": elements(tokens)}, first, tokens[-1].line)
        else:
            self._rest()

    def _added_chain(self, of: dict[str, Json], first: int) -> None:
        if self._sees("{"):
            self._chain(of, first)
        else:
            self._add("chain", of, first, first)

    def _added_rule(self, of: dict[str, Json], first: int, *, inserted: bool) -> None:
        if self._sees("position", "handle", "index"):
            raise UnreadError
        self._rule(of, self._rest(), first)
        if inserted:
            one = self.document.entries[-1]
            made = Entry(one.kind, one.body, one.first, one.last, one.text, inserted=True)
            self.document.entries[-1] = made

    def _taking_away(self, first: int) -> None:
        word = self._word()
        if word == "ruleset":
            self._add("flush", {"ruleset": None}, first, first)
        elif word == "table":
            body = {"family": self._family(), "name": self._word()}
            self._add("flush", body, first, first)
        else:
            raise UnreadError
        self._rest()


def _decides(expressions: list[Json]) -> bool:
    """Whether a rule's last statement is a verdict."""
    return bool(expressions) and not expressions[-1].keys().isdisjoint(_DECIDING)


def _priority(text: str) -> int | None:
    found = _PRIORITY.match(text)
    if found is None or not (found[1] or found[3]) or (found[1] or "filter") not in _PRIORITIES:
        return None
    amount = int(found[3] or 0)
    return _PRIORITIES.get(found[1] or "filter", 0) + (-amount if found[2] == "-" else amount)
