"""What every firewall's reader and the engine owe: the law as a plain walk, packet by packet.

``outcomes`` is the definition of what a rule set does: all that can become of one packet when
each rule that is not understood may match or not. The engine must agree with it on every packet;
it is slow and has no cleverness.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Final, Literal
from zoneinfo import ZoneInfo

from checkvalve.observe.firewalls.base import (
    ICMP,
    ICMPV6,
    PORTED,
    Action,
    Chain,
    FilterRule,
    RuleSet,
    Stage,
    State,
    is_active,
)
from checkvalve.observe.firewalls.spans import Spans

_DEEPEST: Final = 64

Outcome = Literal["accept", "deny", "passed"]
Match = Literal["yes", "no", "maybe"]


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet at a firewall.

    Attributes:
        src: source address, as text.
        dst: destination address, behind the firewall.
        protocol: IP protocol number.
        src_port: for protocols with ports.
        dst_port: the same.
        icmp: ``type << 8 | code``.
        in_if: interface it comes in by.
        out_if: interface it goes out by.
        state: of its session.
    """

    src: str
    dst: str
    protocol: int = 6
    src_port: int = 40_000
    dst_port: int = 0
    icmp: int = 8 << 8
    in_if: str = "in"
    out_if: str = "out"
    state: State = State.NEW

    @property
    def family(self) -> int:
        """4 or 6."""
        return ip_address(self.dst).version


def outcomes(
    rule_set: RuleSet,
    packet: Packet,
    *,
    at: datetime | None = None,
    clock: ZoneInfo | None = None,
    rates_hold: bool = False,
    stages: tuple[Stage, ...] | None = None,
) -> frozenset[Outcome]:
    """All that can become of a packet: ``accept``, ``deny`` or either.

    Args:
        rule_set: the rule set.
        packet: the packet.
        at: the instant; without it, rules with a time may count or not.
        clock: the time zone of the firewall's clock.
        rates_hold: no rate limit is exceeded.
        stages: other stages than those of forwarded packets.
    """
    if packet.family not in rule_set.families:
        return frozenset({"accept", "deny"})
    found: set[Outcome] = {"accept"}
    for stage in rule_set.forward if stages is None else stages:
        if stage.family not in (0, packet.family):
            continue
        if stage.in_if and not stage.in_if.fits(packet.in_if, rule_set.groups):
            continue
        if stage.out_if and not stage.out_if.fits(packet.out_if, rule_set.groups):
            continue
        walk = _Walk(rule_set, packet, at, clock, rates_hold)
        here = walk.chain(stage.chain, 0, 0)
        if "deny" in here:
            found.add("deny")
        if not here - {"deny"}:
            found.discard("accept")
    return frozenset(found)


def may(rule_set: RuleSet, packet: Packet, **how: object) -> bool:
    """Whether the packet may pass, whatever is not understood."""
    return "accept" in outcomes(rule_set, packet, **how)  # type: ignore[arg-type]


def must(rule_set: RuleSet, packet: Packet, **how: object) -> bool:
    """Whether the packet passes, whatever is not understood."""
    return outcomes(rule_set, packet, **how) == {"accept"}  # type: ignore[arg-type]


class _Walk:
    def __init__(
        self,
        rule_set: RuleSet,
        packet: Packet,
        at: datetime | None,
        clock: ZoneInfo | None,
        rates_hold: bool,  # noqa: FBT001  # private
    ) -> None:
        self._rule_set = rule_set
        self._packet = packet
        self._at = at
        self._clock = clock
        self._rates_hold = rates_hold

    def chain(self, name: str, start: int, depth: int) -> set[Outcome]:
        """What can become of the packet from a rule of a chain on."""
        chain = self._rule_set.chains.get(name)
        if chain is None or depth > _DEEPEST:
            return {"accept", "deny", "passed"}
        found: set[Outcome] = set()
        for rule in chain.rules[start:]:
            match = self._match(rule)
            if match == "no":
                continue
            effect, falls = self._effect(rule, depth)
            if "passed" in effect and not falls:  # it leaves the chain: a policy decides
                effect = (effect - {"passed"}) | self._policy(chain)
            found |= effect
            if match == "yes" and not falls:
                return found
        return found | self._policy(chain)

    def _policy(self, chain: Chain) -> set[Outcome]:
        """What becomes of a packet at the end of a chain."""
        if chain.policy is None:
            return {"passed"}
        return {"accept"} if chain.policy.action is Action.ACCEPT else {"deny"}

    def _effect(self, rule: FilterRule, depth: int) -> tuple[set[Outcome], bool]:
        """What a rule that matches leads to, and whether the chain may go on behind it."""
        match rule.action:
            case Action.ACCEPT:
                return {"accept"}, False
            case Action.DENY:
                return {"deny"}, False
            case Action.RETURN:
                return {"passed"}, False
            case Action.GOTO:
                return self.chain(rule.to, 0, depth + 1), False
            case Action.JUMP:
                found = self.chain(rule.to, 0, depth + 1)
                return found - {"passed"}, "passed" in found

    def _match(self, rule: FilterRule) -> Match:
        if not self._fits(rule):
            return "no"
        if rule.rate and self._rates_hold:
            return "yes" if rule.rate == "below" else "no"
        active = True if rule.when is None else None
        if rule.when is not None and self._at is not None:
            active = is_active(rule, self._at, self._clock)
        if active is False:
            return "no"
        return "maybe" if rule.unknown or rule.rate or active is None else "yes"

    def _fits(self, rule: FilterRule) -> bool:
        packet, groups = self._packet, self._rule_set.groups
        family = packet.family
        ported, icmp = packet.protocol in PORTED, packet.protocol in (ICMP, ICMPV6)
        return (
            (rule.states is None or packet.state in rule.states)
            and (rule.in_if is None or rule.in_if.fits(packet.in_if, groups))
            and (rule.out_if is None or rule.out_if.fits(packet.out_if, groups))
            and _has(rule.src.of_family(family), int(ip_address(packet.src)))
            and _has(rule.dst.of_family(family), int(ip_address(packet.dst)))
            and (rule.protocols is None or _has(rule.protocols, packet.protocol))
            and (rule.src_ports is None or not ported or _has(rule.src_ports, packet.src_port))
            and (rule.dst_ports is None or not ported or _has(rule.dst_ports, packet.dst_port))
            and (rule.icmp is None or not icmp or _has(rule.icmp, packet.icmp))
        )


def _has(spans: Spans, number: int) -> bool:
    return any(low <= number <= high for low, high in spans)
