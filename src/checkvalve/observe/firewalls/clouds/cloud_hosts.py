"""What the rule sets of clouds have in common: they stand at hosts.

A packet is judged where it leaves its source and where it reaches its destination, each by the
rules of the host there, if it is one of the cloud's. Exports of rules alone do not say which
addresses their hosts have. Then a denial is uncertain, for the address may be none of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Final, Literal

from checkvalve.observe.firewalls.base import (
    Action,
    Chain,
    Coverage,
    FilterRule,
    FirewallError,
    Problem,
    Ref,
    RuleSet,
    Stage,
)
from checkvalve.observe.firewalls.json_lines import JsonObject, read_json
from checkvalve.observe.firewalls.spans import ANYWHERE, NOWHERE, Addresses, Spans
from checkvalve.observe.firewalls.tally import Tally
from checkvalve.observe.firewalls.undecided import either

Direction = Literal["ingress", "egress"]

NOT_SAID: Final = "which hosts it is for does not stand in the text"
_HIGHEST_PORT: Final = 65_535
_HIGHEST_OCTET: Final = 255


@dataclass(frozen=True, slots=True)
class Far:
    """The other side of a rule: addresses, and why they are uncertain."""

    addresses: Addresses
    why: str = ""


def far_sides(words: Iterable[str], unknown: Callable[[str], Far]) -> list[Far]:
    """Addresses and names as the other sides of a rule; all addresses together."""
    known, found = NOWHERE, []
    for word in words:
        try:
            known = known | Addresses.of(word)
        except ValueError:
            found.append(unknown(word))
    return ([Far(known)] if known else []) + found


def addresses_of(words: Iterable[str]) -> Addresses:
    """All that are addresses."""
    return reduce(lambda a, b: a | b.addresses, far_sides(words, lambda _: Far(NOWHERE)), NOWHERE)


def placed(rule: FilterRule, direction: Direction, near: Addresses | None, far: Far) -> FilterRule:
    """A rule at hosts.

    Args:
        rule: what it does, and with which protocols.
        direction: on the way to the hosts or from them.
        near: the hosts; ``None``: not said.
        far: the other side.
    """
    reasons = [rule.unknown, far.why]
    if near is None and rule.action is Action.DENY:
        reasons.append(NOT_SAID)
    hosts = ANYWHERE if near is None else near
    src, dst = (far.addresses, hosts) if direction == "ingress" else (hosts, far.addresses)
    why = "; ".join(dict.fromkeys(filter(None, reasons)))
    return replace(rule, src=src, dst=dst, unknown=why)


def port_span(text: str) -> Spans | None:
    """One port or a range, as ``80`` or ``80-90``; ``None`` if it is neither."""
    low, dash, high = text.partition("-")
    if not (low + (high if dash else low)).isdecimal() or len(text) > len("65535-65535"):
        return None
    pair = (int(low), int(high if dash and high else low))
    return (pair,) if pair[0] <= pair[1] <= _HIGHEST_PORT else None


def protocol(word: str, names: Mapping[str, int]) -> int | None:
    """A protocol by name or number; ``None`` if it is neither."""
    if word.isascii() and word.isdigit():
        number = int(word[:4])
        return number if number <= _HIGHEST_OCTET else None
    return names.get(word)


class Export:
    """One export in JSON, what became of its lines, and what is wrong with it.

    Args:
        text: all of it.
        file: its name.
    """

    def __init__(self, text: str, file: str) -> None:
        self.tally = Tally("\n".join(text.splitlines()), file)
        self.value: Any
        self.value, self.broken = read_json("\n".join(self.tally.lines).lstrip("\ufeff"))
        self.problems: list[Problem] = []
        self._first: list[FilterRule] = []

    def refuse(self, title: str, hint: str) -> FirewallError:
        """That nothing of it is of this vendor."""
        return FirewallError(f"{self.tally.file} is no export of {title}", hint=hint)

    def ref(self, where: JsonObject, name: str) -> Ref:
        """The place of a rule."""
        return self.tally.ref(where.line, name)

    def implied(self, text: str) -> Ref:
        """The place of what the platform does by itself."""
        return Ref(self.tally.file, 0, text)

    def understood(self, where: JsonObject) -> None:
        """The lines of an object became part of the rule set."""
        self.tally.understood(range(where.line, where.last + 1))

    def missed(self, where: JsonObject, why: str) -> str:
        """Something in an object is not understood."""
        self.tally.missed(where.line, why)
        return why

    def problem(self, line: int, sentence: str) -> None:
        """Something is wrong in itself."""
        self.problems.append(Problem(self.tally.ref(max(1, line)), sentence))

    def rule_set(
        self, vendor: str, chains: dict[str, list[FilterRule]]
    ) -> tuple[RuleSet, Coverage]:
        """The rule set: packets must pass every chain; where none of it matches, they do."""
        first: tuple[FilterRule, ...] = ()
        if self.broken is not None:
            filled = [at for at, line in enumerate(self.tally.lines, start=1) if line.strip()]
            rest = [at for at in filled if at >= self.broken.line] or filled[-1:]
            for at in rest:
                self.tally.missed(at, self.broken.sentence)
            self.problem(rest[0], self.broken.sentence)
            rule = FilterRule(Action.ACCEPT, self.tally.ref(rest[0]))
            first = either(rule, self.broken.sentence)
        found = RuleSet(
            vendor=vendor,
            file=self.tally.file,
            chains={name: Chain((*first, *rules)) for name, rules in chains.items()},
            forward=tuple(Stage(name) for name in chains),
            at_hosts=True,
            problems=tuple(self.problems),
        )
        return found, self.tally.coverage()
