"""The one interface of a firewall's vendor, and the neutral form of a rule set.

Every grammar becomes the same thing: chains of ``FilterRule`` that are matched first to last,
and stages that say which chains a packet must pass. What a platform does by itself (a final
deny, security levels, replies of sessions) stands there as lines of its own, so that it can be
the line that decides.

**What a reader owes** (held by tests over every vendor):

- Every line of the text counts once in the coverage: understood, harmless (it does not decide
  what passes), or not understood.
- A line that is not understood and could decide what passes makes a ``FilterRule`` with
  ``unknown`` set, as wide as it could match. It is never left out, never taken for *any* or
  *none*: an undefined group is such a line, and a ``Problem``.
- Addresses are those that stand behind the firewall: static translations are resolved, so that
  a destination is a host's own address.
- Malformed text never raises anything but ``FirewallError``, and that only when nothing of it is
  of this vendor.
- Rules are in the order in which they are asked. Where the last match wins (pf) or priorities
  count (Azure, GCP), the reader puts them into first-match order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final, Literal
from zoneinfo import ZoneInfo

from checkvalve.errors import InputError
from checkvalve.observe.firewalls.spans import ANYWHERE, Addresses, Spans

ICMP: Final = 1
TCP: Final = 6
UDP: Final = 17
ICMPV6: Final = 58
SCTP: Final = 132
#: Protocols that have ports.
PORTED: Final = frozenset({TCP, UDP, SCTP, 33, 136})


class FirewallError(InputError):
    """A text is no rule set of this vendor."""


class Action(StrEnum):
    """What a rule does with a packet that it matches."""

    ACCEPT = "accept"
    DENY = "deny"
    #: Ask another chain, and go on behind this rule if that chain does not decide.
    JUMP = "jump"
    #: Ask another chain instead of the rest of this one.
    GOTO = "goto"
    #: Leave this chain.
    RETURN = "return"


class State(StrEnum):
    """What a firewall remembers of the session that a packet belongs to."""

    NEW = "new"
    ESTABLISHED = "established"
    RELATED = "related"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Ref:
    """Where a rule stands.

    Attributes:
        file: the rule set's name.
        line: from 1; 0 for what a platform does by itself.
        text: the line, without its indentation; for an implicit rule, what it does in words.
        name: the vendor's own name or number of the rule; empty if it has none.
    """

    file: str
    line: int
    text: str
    name: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.text}"


@dataclass(frozen=True, slots=True)
class Names:
    """Interfaces by name; a name that ends in ``*`` stands for all that begin so.

    Attributes:
        names: one of them at least must fit.
        negated: none of them may fit.
    """

    names: frozenset[str]
    negated: bool = False

    def fits(self, interface: str, groups: Mapping[str, frozenset[str]]) -> bool:
        """Whether an interface, or a group (a firewall's own zone) that it is in, is meant."""
        own = {interface, *(group for group, members in groups.items() if interface in members)}
        hit = any(_is(name, one) for name in self.names for one in own)
        return hit != self.negated


def _is(name: str, interface: str) -> bool:
    return interface.startswith(name[:-1]) if name.endswith("*") else interface == name


@dataclass(frozen=True, slots=True)
class When:
    """When a rule counts, on the firewall's own clock.

    Attributes:
        start: from then on, local wall-clock time; ``None``: always.
        end: its last instant, local wall-clock time; ``None``: for ever.
        weekly: (days 0 Monday to 6 Sunday, first minute, last minute of the day), any of them;
            empty: at all times. A span past midnight is two.
    """

    start: datetime | None = None
    end: datetime | None = None
    weekly: tuple[tuple[frozenset[int], int, int], ...] = ()

    def counts(self, local: datetime) -> bool:
        """Whether it counts at a naive local time."""
        if self.start is not None and local < self.start:
            return False
        if self.end is not None and local > self.end:
            return False
        minute = local.hour * 60 + local.minute
        return not self.weekly or any(
            local.weekday() in days and first <= minute <= last for days, first, last in self.weekly
        )


@dataclass(frozen=True, slots=True)
class FilterRule:
    """One line of a rule set, in neutral form.

    A field that is ``None`` does not restrict. Ports restrict protocols that have them; a rule
    with ports names its ``protocols``.

    Attributes:
        action: what it does.
        ref: where it stands.
        src: source addresses.
        dst: destination addresses, as they are behind the firewall.
        protocols: IP protocol numbers.
        src_ports: of TCP, UDP, SCTP.
        dst_ports: the same.
        icmp: ``type << 8 | code`` of ICMP or ICMPv6.
        in_if: interfaces that packets come in by.
        out_if: interfaces that they go out by.
        states: of the session.
        when: at which times.
        to: the chain of a jump or goto.
        unknown: why it is not understood as a whole: then it matches at the most what the other
            fields say, and perhaps nothing. Empty: it is understood.
        rate: what is unknown about it is a rate alone. ``below``: it matches as long as a rate is
            not exceeded; ``above``: only when one is. A plant may declare that none is.
        owner: who answers for it, where the rule set says so.
    """

    action: Action
    ref: Ref
    src: Addresses = ANYWHERE
    dst: Addresses = ANYWHERE
    protocols: Spans | None = None
    src_ports: Spans | None = None
    dst_ports: Spans | None = None
    icmp: Spans | None = None
    in_if: Names | None = None
    out_if: Names | None = None
    states: frozenset[State] | None = None
    when: When | None = None
    to: str = ""
    unknown: str = ""
    rate: Literal["", "below", "above"] = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """Rules that are asked in their order.

    Attributes:
        rules: first match wins.
        policy: what happens to packets that no rule decides, or that return: a rule that accepts
            or denies all; ``None``: they go back to where the chain was called from, or, at a
            stage, pass.
    """

    rules: tuple[FilterRule, ...]
    policy: FilterRule | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """A chain that packets must pass if they come in or go out by certain interfaces.

    Attributes:
        chain: its name in the rule set.
        in_if: ``None``: whatever they come in by.
        out_if: ``None``: whatever they go out by.
        family: 4, 6, or 0 for both.
    """

    chain: str
    in_if: Names | None = None
    out_if: Names | None = None
    family: Literal[0, 4, 6] = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a rule set that is wrong in itself, such as a group that nobody defines."""

    ref: Ref
    sentence: str


@dataclass(frozen=True)
class RuleSet:
    """What one firewall does with packets.

    Attributes:
        vendor: whose grammar it was written in.
        file: its name.
        chains: by name.
        forward: the stages of packets that pass through. All that apply must accept; where none
            applies, packets pass.
        local_in: the stages of packets to the firewall itself; empty where it is not said.
        groups: the firewall's own zones, and the interfaces in each.
        families: of addresses that it decides about; of others it says nothing, so that the
            answer is *cannot tell*.
        stateful: replies of a session that was permitted pass without a line of their own.
        at_hosts: it stands at each host, so that it decides inside a subnet too (clouds).
        problems: what is wrong in itself.
    """

    vendor: str
    file: str
    chains: Mapping[str, Chain]
    forward: tuple[Stage, ...]
    local_in: tuple[Stage, ...] = ()
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    families: frozenset[int] = frozenset({4, 6})
    stateful: bool = True
    at_hosts: bool = False
    problems: tuple[Problem, ...] = ()

    def rules(self) -> Iterable[FilterRule]:
        """Every rule of every chain, policies included."""
        for chain in self.chains.values():
            yield from chain.rules
            if chain.policy is not None:
                yield chain.policy


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a rule set's text was read. Lines are counted once.

    Attributes:
        lines: all that are not empty.
        understood: lines that became part of the rule set.
        harmless: lines that do not decide what passes: comments, logging, other parts of a
            configuration.
        missed: lines that are not understood, each with the reason in ``Problem.sentence``.
    """

    lines: int
    understood: int
    harmless: int
    missed: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Permit:
    """One thing to let pass: what ``render`` writes.

    Attributes:
        in_if: the interface (or the firewall's own zone) that it comes in by.
        out_if: the one that it goes out by.
        src: sources.
        dst: destinations.
        protocol: IP protocol number; ``None``: any.
        dst_ports: ``None``: any; only for protocols with ports.
        remark: who wants it and why, one line of plain text.
    """

    in_if: str
    out_if: str
    src: Addresses
    dst: Addresses
    protocol: int | None = None
    dst_ports: Spans | None = None
    remark: str = ""


class Vendor(ABC):
    """One vendor's grammar: read to the neutral form, and written from it.

    Attributes:
        name: as it stands in ``firewalls`` of a plant, lower case: ``asa``, ``nftables``.
        also: other names for it.
        title: the product's name, for people.
        verified: on what the reader was verified: real files, files rendered by another tool, or
            the vendor's documentation alone.
        writes: whether ``render`` is there.
    """

    name: ClassVar[str]
    also: ClassVar[tuple[str, ...]] = ()
    title: ClassVar[str]
    verified: ClassVar[Literal["real files", "rendered files", "documentation"]]
    writes: ClassVar[bool] = False

    @abstractmethod
    def recognises(self, text: str) -> bool:
        """Whether a text looks like this vendor's; never raises."""

    @abstractmethod
    def read(self, text: str, *, file: str) -> tuple[RuleSet, Coverage]:
        """Read a rule set.

        Args:
            text: what was exported from the device.
            file: its name, for people.

        Raises:
            FirewallError: nothing of it is of this vendor.
        """

    def render(self, permits: Sequence[Permit]) -> str:
        """A rule set that lets exactly these pass between interfaces, and nothing else.

        Read back, it permits exactly ``permits`` to open; replies pass. Each permit's remark
        stands before its lines as a comment.

        Raises:
            FirewallError: the vendor's grammar can't say one of them; the sentence names it.
        """
        raise FirewallError(
            f"rules for {self.title} can't be written", hint="choose another vendor with --for"
        )


def is_active(rule: FilterRule, at: datetime, clock: ZoneInfo | None) -> bool | None:
    """Whether a rule counts at an instant; ``None`` where the firewall's clock is not declared.

    Args:
        rule: the rule.
        at: with an offset from UTC.
        clock: the time zone of the firewall's clock.
    """
    if rule.when is None:
        return True
    if clock is None:
        return None
    return rule.when.counts(at.astimezone(clock).replace(tzinfo=None))
