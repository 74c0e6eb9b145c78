"""Chains that hang on the kernel's hooks: what the readers of iptables and nftables share.

A reader fills ``Chains``; ``rule_set`` makes of it what the neutral form owes:

- a jump to a chain that is not there, or round in a circle, is not understood;
- ``return`` in a base chain, and the end of a chain that it goes to, are its policy;
- before routing a packet has no interface to go out by;
- before destination translation a packet has another destination than behind the firewall, so
  a rule there says nothing sure about addresses that are translated to;
- a packet that is not tracked (``notrack``) has no state, so a rule that asks for one is not
  sure to match it;
- a session that a flow table takes over meets no rule any more.

Hooks and priorities: linux/netfilter_ipv4.h, nft(8) *Base chains*.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from checkvalve.observe.firewalls.base import (
    Action,
    Chain,
    FilterRule,
    Names,
    Problem,
    Ref,
    RuleSet,
    Stage,
    State,
)
from checkvalve.observe.firewalls.spans import (
    ANYWHERE,
    IPV4,
    IPV6,
    NOWHERE,
    Addresses,
    intersection,
)

Hook = Literal["ingress", "prerouting", "input", "forward", "output", "postrouting", "egress"]
Family = Literal[0, 4, 6]

THROUGH: Final[tuple[Hook, ...]] = ("ingress", "prerouting", "forward", "postrouting", "egress")
TO_US: Final[tuple[Hook, ...]] = ("ingress", "prerouting", "input")

DSTNAT: Final = -100
_SESSIONS: Final = frozenset({State.ESTABLISHED, State.INVALID})
_CALLS: Final = (Action.JUMP, Action.GOTO)


@dataclass(frozen=True, slots=True)
class BaseChain:
    """A chain that packets come to by themselves.

    Attributes:
        chain: its key in ``Chains.rules``.
        hook: where in the kernel.
        priority: chains of one hook are asked from the lowest to the highest.
        policy: what happens to packets that no rule decides.
        family: of the packets that come to it.
        nat: only the first packet of a session comes to it.
        device: the interfaces that it hangs on (ingress and egress).
        always: it is a stage even if it can't deny.
    """

    chain: str
    hook: Hook
    priority: int
    policy: FilterRule
    family: Family = 0
    nat: bool = False
    device: Names | None = None
    always: bool = False


@dataclass(slots=True)
class Chains:
    """What a reader gathers.

    Attributes:
        rules: of each chain, by its key.
        bases: the chains on hooks.
        problems: what is wrong in itself.
        translated: destinations that others are translated to.
        untracked: packets for which tracking is switched off, as rules.
        offloaded: packets whose sessions a flow table takes over, as rules.
        strays: lines that could be a rule in any chain.
    """

    rules: dict[str, list[FilterRule]] = field(default_factory=dict)
    bases: list[BaseChain] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    translated: Addresses = NOWHERE
    untracked: list[FilterRule] = field(default_factory=list)
    offloaded: list[FilterRule] = field(default_factory=list)
    strays: list[FilterRule] = field(default_factory=list)

    def rule_set(self, vendor: str, file: str, families: frozenset[int]) -> RuleSet:
        """The neutral form."""
        self._cut_circles()
        self._unroute()
        self._translate_back()
        self._untrack()
        for base in self.bases:
            self._settle(base)
        policies = {base.chain: base.policy for base in self.bases}
        order = sorted(self.bases, key=lambda base: base.priority)
        return RuleSet(
            vendor=vendor,
            file=file,
            chains={
                name: Chain(tuple(rules), policies.get(name)) for name, rules in self.rules.items()
            },
            forward=self._stages(order, THROUGH),
            local_in=self._stages(order, TO_US),
            families=families,
            stateful=False,
            problems=tuple(self.problems),
        )

    def reachable(self, start: str) -> set[str]:
        """A chain and those that it calls, directly or not."""
        found, todo = {start}, [start]
        while todo:
            for rule in self.rules.get(todo.pop(), ()):
                if rule.action in _CALLS and rule.to not in found:
                    found.add(rule.to)
                    todo.append(rule.to)
        return found

    def _stages(self, order: Iterable[BaseChain], hooks: tuple[Hook, ...]) -> tuple[Stage, ...]:
        bases = list(order)
        return tuple(
            Stage(
                base.chain,
                in_if=base.device if hook == "ingress" else None,
                out_if=base.device if hook == "egress" else None,
                family=base.family,
            )
            for hook in hooks
            for base in bases
            if base.hook == hook and (base.always or self._can_deny(base))
        )

    def _can_deny(self, base: BaseChain) -> bool:
        return base.policy.action is Action.DENY or any(
            rule.action is Action.DENY
            for name in self.reachable(base.chain)
            for rule in self.rules.get(name, ())
        )

    def _cut_circles(self) -> None:
        """Replace calls that lead nowhere or in a circle by rules that are not understood."""
        for name, rules in self.rules.items():
            self.rules[name] = [one for rule in rules for one in self._called(rule)]
        for name, place in self._closing_calls():
            rule = self.rules[name][place]
            reason = f"the chain {rule.to!r} leads back to itself"
            self.problems.append(Problem(rule.ref, reason))
            self.rules[name][place : place + 1] = either(rule, reason)

    def _called(self, rule: FilterRule) -> tuple[FilterRule, ...]:
        if rule.action not in _CALLS or rule.to in self.rules:
            return (rule,)
        reason = f"the chain {rule.to!r} is not defined"
        self.problems.append(Problem(rule.ref, reason))
        return either(rule, reason)

    def _closing_calls(self) -> list[tuple[str, int]]:
        """Calls that close a circle, found depth first; those behind in a chain stand first."""
        closing: list[tuple[str, int]] = []
        done: set[str] = set()
        for start in self.rules:
            path: dict[str, Iterator[int]] = {} if start in done else {start: self._calls(start)}
            while path:
                name = next(reversed(path))
                place = next(path[name], None)
                if place is None:
                    done.add(name)
                    del path[name]
                elif (to := self.rules[name][place].to) in path:
                    closing.append((name, place))
                elif to not in done:
                    path[to] = self._calls(to)
        return sorted(closing, key=lambda call: -call[1])

    def _calls(self, name: str) -> Iterator[int]:
        return iter([n for n, rule in enumerate(self.rules[name]) if rule.action in _CALLS])

    def _unroute(self) -> None:
        """Before routing no name of an interface to go out by fits; in doubt where shared."""
        before, behind = set[str](), set[str]()
        for base in self.bases:
            early = base.hook in ("ingress", "prerouting")
            (before if early else behind).update(self.reachable(base.chain))
        for name in before & self.rules.keys():
            self.rules[name] = [
                _before_routing(rule, shared=name in behind) for rule in self.rules[name]
            ]

    def _translate_back(self) -> None:
        """Before translation, rules about destinations are not sure for those translated to."""
        if not self.translated:
            return
        before = {
            name
            for base in self.bases
            if base.hook in ("ingress", "prerouting") and base.priority < DSTNAT
            for name in self.reachable(base.chain)
        }
        for name in before & self.rules.keys():
            self.rules[name] = [one for rule in self.rules[name] for one in self._before(rule)]

    def _before(self, rule: FilterRule) -> tuple[FilterRule, ...]:
        to = self.translated
        whole = all(
            not to.of_family(family) or rule.dst.of_family(family) == ANYWHERE.of_family(family)
            for family in (IPV4, IPV6)
        )
        if rule.dst_ports is None and whole:
            return (rule,)
        reason = "it sees destinations before they are translated"
        unsure = replace(rule, dst=to, dst_ports=None, unknown=rule.unknown or reason, rate="")
        return (replace(rule, dst=rule.dst - to), unsure)

    def _untrack(self) -> None:
        """Packets that are not tracked have no state."""
        for name in list(self.rules) if self.untracked else ():
            self.rules[name] = [
                self._tracked(rule, name, number)
                for number, rule in enumerate(self.rules[name], start=1)
            ]

    def _tracked(self, rule: FilterRule, chain: str, number: int) -> FilterRule:
        if rule.states is None:
            return rule
        without = [one for one in self.untracked if _meet(one, rule)]
        if not without:
            return rule
        reason = "tracking is switched off for some of its packets"
        if rule.action in (Action.RETURN, Action.GOTO) or rule.unknown:
            return replace(rule, states=None, unknown=rule.unknown or reason, rate="")
        apart = f"{chain}, rule {number}, tracked"
        whole = FilterRule(rule.action, rule.ref, to=rule.to)
        self.rules[apart] = [
            one
            for off in without
            for one in (
                replace(off, action=rule.action, to=rule.to, ref=rule.ref, unknown=reason),
                replace(off, action=Action.RETURN, ref=rule.ref),
            )
        ]
        self.rules[apart].append(whole)
        return replace(rule, action=Action.JUMP, to=apart)

    def _settle(self, base: BaseChain) -> None:
        """Make a base chain decide all its packets itself."""
        settled: list[FilterRule] = list(self.strays)
        if base.nat:
            reads = "later packets of a session do not come to a nat chain"
            settled.append(
                FilterRule(Action.ACCEPT, Ref(base.policy.ref.file, 0, reads), states=_SESSIONS)
            )
        if base.hook in THROUGH:
            settled += self.offloaded
        for number, rule in enumerate(self.rules[base.chain], start=1):
            if rule.action is Action.RETURN:
                settled.append(replace(rule, action=base.policy.action))
            elif rule.action is Action.GOTO:
                apart = f"{base.chain}, rule {number}, then policy"
                self.rules[apart] = [FilterRule(Action.JUMP, rule.ref, to=rule.to), base.policy]
                settled.append(replace(rule, to=apart))
            else:
                settled.append(rule)
        self.rules[base.chain] = settled


def _before_routing(rule: FilterRule, *, shared: bool) -> FilterRule:
    if rule.out_if is None:
        return rule
    if shared:
        reason = "before routing a packet has no interface to go out by"
        return replace(rule, out_if=None, unknown=rule.unknown or reason, rate="")
    return replace(rule, out_if=None if rule.out_if.negated else Names(frozenset()))


def either(rule: FilterRule, reason: str) -> tuple[FilterRule, FilterRule]:
    """What stands for a rule whose action is not known."""
    unsure = replace(rule, to="", unknown=rule.unknown or reason, rate="")
    return replace(unsure, action=Action.ACCEPT), replace(unsure, action=Action.DENY)


def _meet(a: FilterRule, b: FilterRule) -> bool:
    """Whether two rules may match the same packet; ``True`` where in doubt."""
    pairs = (
        (a.protocols, b.protocols),
        (a.src_ports, b.src_ports),
        (a.dst_ports, b.dst_ports),
    )
    return (
        bool(a.src & b.src)
        and bool(a.dst & b.dst)
        and all(x is None or y is None or intersection(x, y) for x, y in pairs)
    )
