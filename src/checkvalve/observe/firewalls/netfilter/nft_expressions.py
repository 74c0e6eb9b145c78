"""Statements of a rule in nftables' text, brought to the form of its JSON.

Grammar: nft(8), *Expressions* and *Statements*. A statement that is not read becomes
``{"unread": text}``, and the rule's verdict stands behind it, where it has one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from checkvalve.observe.firewalls.netfilter.nft_entries import Json
from checkvalve.observe.firewalls.netfilter.nft_tokens import Token
from checkvalve.observe.firewalls.netfilter.nft_values import (
    CALLS,
    NUMBER,
    VERDICTS,
    UnreadError,
    Words,
    anonymous_set,
    counter,
    limit,
    value,
    value_of,
    verdict,
)

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
_BITMASKS: Final = ({"ct": {"key": "state"}}, {"payload": {"protocol": "tcp", "field": "flags"}})


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
    if end > begin and tokens[end - 1].is_sign(*VERDICTS, "reject"):
        return [{tokens[end - 1].text: None}]
    if end - begin > 1 and tokens[end - 2].is_sign(*CALLS):
        return [{tokens[end - 2].text: {"target": tokens[end - 1].text}}]
    return [{"unread rest": None}]


def _statement(words: Words) -> Json:
    if words.sees(*VERDICTS, *CALLS):
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
    return {"ct count": {"val": value(words, 0), "inv": above}}


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
            inner.append(limit(words))
        elif words.takes("counter"):
            counter(words)
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
        data = words.word() if not words.sees("{") else anonymous_set(words, 0)
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
        if not words.is_done() and NUMBER.match(words.tokens[words.at].text):
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
        return anonymous_set(words, 0)
    if words.takes("("):
        found = _bits(words)
        words.needs(")")
        return found
    return value(words, 0)


_STATEMENTS: Final[dict[str, Callable[[Words], Json]]] = {
    "counter": counter,
    "log": _log,
    "reject": _reject,
    "limit": limit,
    "notrack": _notrack,
    "flow": _flow,
    **dict.fromkeys(("dnat", "snat", "masquerade", "redirect"), _translation),
    **dict.fromkeys(("add", "update", "delete"), _to_set),
}
