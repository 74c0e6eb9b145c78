"""Statements of a rule in nftables' text, brought to the form of its JSON.

Grammar: nft(8), *Expressions* and *Statements*. A statement that is not read becomes
``{"unread": text}``, and the rule's verdict stands behind it, where it has one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from checkvalve.observe.firewalls.nft_entries import Json
from checkvalve.observe.firewalls.nft_tokens import Token

_PROTOCOLS: Final = frozenset(
    {"ip", "ip6", "tcp", "udp", "udplite", "sctp", "dccp", "th", "icmp", "icmpv6", "ether", "vlan"}
    | {"arp", "ah", "esp", "comp", "igmp"}
)
_BARE_META: Final = frozenset(
    {"iif", "oif", "iifname", "oifname", "iiftype", "oiftype", "mark", "skuid", "skgid", "pkttype"}
    | {"cpu", "iifgroup", "oifgroup", "cgroup", "rtclassid", "iifkind", "oifkind"}
)
_COMPARISONS: Final = ("==", "!=", "<", ">", "<=", ">=")
_OTHER_COMPARISONS: Final = {"eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=",
                             "=": "==", "!": "!"}  # fmt: skip
_VERDICTS: Final = ("accept", "drop", "continue", "return")
_CALLS: Final = ("jump", "goto")
_BITMASKS: Final = ({"ct": {"key": "state"}}, {"payload": {"protocol": "tcp", "field": "flags"}})
_DEEPEST: Final = 16

_NUMBER: Final = re.compile(r"(0x[0-9a-fA-F]+|\d+)$")
_PREFIX: Final = re.compile(r"([0-9a-fA-F.:]+)/(\d{1,3})$")
_RANGE: Final = re.compile(r"(\d[0-9a-fA-F.:]*|[0-9a-fA-F]*:[0-9a-fA-F.:]*)-([0-9a-fA-F.:]+)$")
_UNITS: Final = re.compile(r"(\d+[smhdw]|\d+ms)+$")


class UnreadError(Exception):
    """A statement is not read; never leaves the reader of text."""


@dataclass(slots=True)
class Words:
    """The words of one rule or value, and where the reading is."""

    tokens: Sequence[Token]
    at: int = 0

    def is_done(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.tokens)

    def sees(self, *texts: str) -> bool:
        """Whether one of some words is next."""
        return not self.is_done() and self.tokens[self.at].is_sign(*texts)

    def then(self, text: str) -> bool:
        """Whether a word is the one after the next."""
        return self.at + 1 < len(self.tokens) and self.tokens[self.at + 1].is_sign(text)

    def takes(self, *texts: str) -> str:
        """The next word, if it is one of some; else nothing, and it stays."""
        if not self.sees(*texts):
            return ""
        self.at += 1
        return self.tokens[self.at - 1].text

    def next(self) -> Token:
        """The next word."""
        if self.is_done():
            raise UnreadError
        self.at += 1
        return self.tokens[self.at - 1]

    def word(self) -> str:
        """The next word, which must be no sign."""
        token = self.next()
        if not token.quoted and token.text in "{};,()=!<>&|^":
            raise UnreadError
        return token.text

    def needs(self, text: str) -> None:
        """Pass a word that must be next."""
        if not self.takes(text):
            raise UnreadError


def statements(tokens: Sequence[Token]) -> tuple[list[Json], str]:
    """The statements of a rule, and its comment."""
    words, made, comment = Words(tokens), list[Json](), ""
    while not words.is_done():
        begin = words.at
        try:
            if words.takes("comment"):
                comment = words.next().text
            else:
                made.append(_statement(words))
        except UnreadError:
            text = " ".join(token.text for token in tokens[begin:])
            return [*made, {"unread": text}, *_last_verdict(tokens, begin)], comment
    return made, comment


def _last_verdict(tokens: Sequence[Token], begin: int) -> list[Json]:
    """The verdict that a rule ends with, whatever comes before it."""
    end = len(tokens)
    if end - begin > 2 and tokens[end - 2].is_sign("comment"):  # noqa: PLR2004  # comment "x"
        end -= 2
    if end > begin and tokens[end - 1].is_sign(*_VERDICTS, "reject"):
        return [{tokens[end - 1].text: None}]
    if end - begin > 1 and tokens[end - 2].is_sign(*_CALLS):
        return [{tokens[end - 2].text: {"target": tokens[end - 1].text}}]
    return [{"unread rest": None}]


def verdict(words: Words) -> Json:
    """``accept``, ``jump CHAIN`` and the like."""
    if kind := words.takes(*_VERDICTS):
        return {kind: None}
    if kind := words.takes(*_CALLS):
        return {kind: {"target": words.word()}}
    raise UnreadError


def _statement(words: Words) -> Json:
    if words.sees(*_VERDICTS, *_CALLS):
        return verdict(words)
    if words.sees("ct") and words.then("count"):
        return _count(words)
    if words.sees(*_STATEMENTS):
        kind = words.next().text
        return _STATEMENTS[kind](words)
    return _about_field(words)


def _count(words: Words) -> Json:
    words.at += 2
    above = bool(words.takes("over"))
    return {"ct count": {"val": _value(words, 0), "inv": above}}


def _log(words: Words) -> Json:
    while words.takes("prefix", "level", "group", "snaplen", "queue-threshold", "flags"):
        words.next()
        while words.takes(","):
            words.next()
    return {"log": None}


def _notrack(_words: Words) -> Json:
    return {"notrack": None}


def _flow(words: Words) -> Json:
    words.takes("add", "offload")
    return {"flow": {"op": "add", "flowtable": words.word()}}


def _counter(words: Words) -> Json:
    if words.takes("packets"):
        words.next()
        words.needs("bytes")
        words.next()
    elif words.takes("name"):
        words.next()
    return {"counter": None}


def _reject(words: Words) -> Json:
    if words.takes("with"):
        if words.takes("tcp"):
            words.needs("reset")
        elif words.takes("icmp", "icmpv6", "icmpx"):
            words.takes("type")
            words.next()
        else:
            raise UnreadError
    return {"reject": None}


def _limit(words: Words) -> Json:
    words.needs("rate")
    above = bool(words.takes("over"))
    rate = words.next().text
    if rate.isdecimal() and "/" not in rate:
        words.word()  # mbytes/second
    if words.takes("burst"):
        words.next()
        words.takes("packets", "bytes", "kbytes", "mbytes")
    return {"limit": {"inv": above}}


def _translation(words: Words) -> Json:
    kind = words.tokens[words.at - 1].text
    words.takes("ip", "ip6")
    address: Json = None
    if words.takes("to"):
        text = words.word()
        if not text.startswith(":"):
            if text.startswith("["):
                text = text[1:].partition("]")[0]
            elif text.count(":") == 1:
                text = text.partition(":")[0]
            address = value_of(Token(text, 0))
    while words.takes("random", "fully-random", "persistent", ","):
        pass
    if not words.is_done() and not words.sees("comment"):
        raise UnreadError
    return {kind: {"addr": address}}


def _to_set(words: Words) -> Json:
    operation = words.tokens[words.at - 1].text
    name = words.word()
    if not name.startswith("@"):
        raise UnreadError
    words.needs("{")
    _selector(words)
    inner: list[Json] = []
    while not words.takes("}"):
        if words.takes("timeout"):
            words.next()
        elif words.takes("limit"):
            inner.append(_limit(words))
        elif words.takes("counter"):
            _counter(words)
        elif words.takes("ct"):
            words.needs("count")
            inner.append({"ct count": {"inv": bool(words.takes("over")), "val": words.word()}})
        else:
            raise UnreadError
    return {"set": {"op": operation, "set": name, "stmt": inner}}


def _about_field(words: Words) -> Json:
    """A comparison, a verdict map, or a change of a field."""
    left = _selector(words)
    if words.takes("set"):
        _anything(words)
        first = left["concat"][0] if "concat" in left else left
        return {"mangle": {"key": first, "value": None}}
    if words.takes("vmap"):
        data = words.word() if not words.sees("{") else _set(words, 0)
        return {"vmap": {"key": left, "data": data}}
    if words.takes("&", "and"):
        left = {"&": [left, _mask(words)]}
    op = words.takes(*_COMPARISONS) or _OTHER_COMPARISONS.get(words.takes(*_OTHER_COMPARISONS), "")
    right = _right(words)
    if words.takes("/"):
        left, op = {"&": [left, _mask(words)]}, op or "=="
    return {"match": {"op": op or _implied(left, right), "left": left, "right": right}}


def _anything(words: Words) -> None:
    """The value that a field is set to: one word, with what belongs to it."""
    words.next()
    while words.takes("|", "&", "^", "or", "and", "rt", "ct", "meta", "mtu", "mark"):
        if not words.is_done() and _NUMBER.match(words.tokens[words.at].text):
            words.next()


def _implied(left: Json, right: Json) -> str:
    """The comparison where none is written: bits that are on, or equal."""
    is_set = isinstance(right, dict) and "set" in right
    named = isinstance(right, str) and right.startswith("@")
    return "in" if left in _BITMASKS and not is_set and not named else "=="


def _selector(words: Words) -> Json:
    keys = [_key(words)]
    while words.takes("."):
        keys.append(_key(words))
    return keys[0] if len(keys) == 1 else {"concat": keys}


def _key(words: Words) -> Json:
    if words.takes("meta"):
        return {"meta": {"key": words.word()}}
    if words.takes("ct"):
        if words.sees("original", "reply"):
            raise UnreadError
        return {"ct": {"key": words.word()}}
    if words.sees(*_BARE_META):
        return {"meta": {"key": words.next().text}}
    if words.sees("tcp") and words.then("option"):
        words.at += 2
        name, part = words.word(), words.takes("size", "kind", "length", "count")
        return {"tcp option": {"name": name, "field": part}}
    if words.sees(*_PROTOCOLS):
        return {"payload": {"protocol": words.next().text, "field": words.word()}}
    raise UnreadError


def _mask(words: Words) -> Json:
    """What a field is masked with: ``(fin | syn)``, or one value."""
    if not words.takes("("):
        return _bits(words)
    found = _bits(words)
    words.needs(")")
    return found


def _bits(words: Words) -> Json:
    parts = [value_of(words.next())]
    while words.takes("|", ","):
        parts.append(value_of(words.next()))
    return parts[0] if len(parts) == 1 else parts


def _right(words: Words) -> Json:
    if words.sees("{"):
        return _set(words, 0)
    if words.takes("("):
        found = _bits(words)
        words.needs(")")
        return found
    return _value(words, 0)


def _value(words: Words, depth: int) -> Json:
    """One value, a list of flags, a concatenation, or a set."""
    if words.sees("{"):
        return _set(words, depth + 1)
    found = value_of(words.next())
    if words.takes("-"):
        return {"range": [found, value_of(words.next())]}
    if words.sees("."):
        parts = [found]
        while words.takes("."):
            parts.append(value_of(words.next()))
        return {"concat": parts}
    if depth == 0 and words.sees("|", ","):
        parts = [found]
        while words.takes("|", ","):
            parts.append(value_of(words.next()))
        return parts
    return found


def _set(words: Words, depth: int) -> Json:
    """``{ a, b : verdict }``."""
    if depth > _DEEPEST:
        raise UnreadError
    words.needs("{")
    parts: list[Json] = []
    while not words.takes("}"):
        if words.takes(",", "\n"):
            continue
        parts.append(_element(words, depth))
    return {"set": parts}


def elements(tokens: Sequence[Token]) -> list[Json]:
    """The elements of a set that stand in braces.

    Raises:
        UnreadError: they are not understood.
    """
    words = Words(tokens)
    found: list[Json] = _set(words, 0)["set"]
    return found


def _element(words: Words, depth: int) -> Json:
    found = _value(words, depth + 1)
    timed = False
    while True:
        if words.takes("timeout", "expires"):
            words.next()
            timed = True
        elif words.takes("counter"):
            _counter(words)
        elif words.takes("comment"):
            words.next()
        elif words.takes("limit"):
            _limit(words)
        else:
            break
    if timed:
        found = {"elem": {"val": found, "timeout": 0}}
    if not words.takes(":"):
        return found
    if words.sees(*_VERDICTS, *_CALLS):
        return [found, verdict(words)]
    return [found, _value(words, depth + 1)]


def value_of(token: Token) -> Json:
    """One value: a number, a prefix, a range, or a name."""
    text = token.text
    if token.quoted:
        return text
    if text in "{};,()=!<>&|^:" or text.startswith("$"):
        raise UnreadError
    if _NUMBER.match(text):
        return int(text, 0) if text.startswith(("0x", "0X")) else int(text)
    if prefix := _PREFIX.match(text):
        return {"prefix": {"addr": prefix[1], "len": int(prefix[2])}}
    if pair := _RANGE.match(text):
        return {"range": [value_of(Token(pair[1], 0)), value_of(Token(pair[2], 0))]}
    return text


_STATEMENTS: Final[dict[str, Callable[[Words], Json]]] = {
    "counter": _counter,
    "log": _log,
    "reject": _reject,
    "limit": _limit,
    "notrack": _notrack,
    "flow": _flow,
    **dict.fromkeys(("dnat", "snat", "masquerade", "redirect"), _translation),
    **dict.fromkeys(("add", "update", "delete"), _to_set),
}
