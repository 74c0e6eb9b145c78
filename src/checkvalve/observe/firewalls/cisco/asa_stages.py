"""The stages that a packet through an ASA must pass, in neutral form."""

from __future__ import annotations

from typing import Final, Literal

from checkvalve.observe.firewalls.base import (
    Action,
    Chain,
    FilterRule,
    Names,
    Ref,
    RuleSet,
    Stage,
)
from checkvalve.observe.firewalls.cisco.asa_config import Binding, Configuration
from checkvalve.observe.firewalls.cisco.asa_levels import Interface, barred, level_rules
from checkvalve.observe.firewalls.cisco.cisco_entries import either
from checkvalve.observe.firewalls.cisco.cisco_statics import own_address, translated

Family = Literal[0, 4, 6]

_BARRED: Final = "same security level"
_UNREAD: Final = "commands that are not read"
_NOT_IN_FILE: Final = "interfaces that are not in the file"


def rule_set(configuration: Configuration, vendor: str) -> RuleSet:
    """The neutral form of a configuration."""
    stages = _Stages(configuration)
    return RuleSet(
        vendor=vendor,
        file=configuration.tally.implicit("").file,
        chains=stages.chains,
        forward=tuple(stages.forward),
        problems=configuration.tally.problems(),
    )


class _Stages:
    def __init__(self, configuration: Configuration) -> None:
        self._of = configuration
        self._tally = configuration.tally
        self.chains: dict[str, Chain] = {}
        self.forward: list[Stage] = []
        #: What may let pass before any list is asked.
        self._first = tuple(r for r in configuration.unread if r.action is Action.ACCEPT)
        self._globals = {
            family: binding
            for (direction, _, family), binding in configuration.bindings.items()
            if direction == "global"
        }
        bound = {binding.interface for binding in configuration.bindings.values()} - {""}
        self._interfaces = {
            **{name: Interface(name) for name in sorted(bound)},
            **configuration.interfaces,
        }
        self._lists()
        self._limits()
        for family in self._families():
            for name in self._interfaces:
                self._inbound(name, family)
                self._outbound(name, family)
        self._elsewhere()

    def _families(self) -> tuple[Family, ...]:
        return (0,) if self._of.is_unified else (4, 6)

    def _lists(self) -> None:
        """Each access list as a chain; with a global list, what it leaves open goes on to that."""
        for name, one in self._of.lists.items():
            policy = None if self._globals else self._denial(name)
            self.chains[name] = Chain(self._first + one.rules(), policy)

    def _denial(self, acl: str) -> FilterRule:
        text = f"implicit deny at the end of access-list {acl}"
        return FilterRule(Action.DENY, self._tally.implicit(text, acl))

    def _limits(self) -> None:
        """What no access list can permit, and commands that may stop more."""
        chain = barred(tuple(self._interfaces.values()), self._of.same, self._tally)
        if chain is not None:
            self.chains[_BARRED] = chain
            self.forward.append(Stage(_BARRED))
        stops = tuple(rule for rule in self._of.unread if rule.action is Action.DENY)
        if stops:
            self.chains[_UNREAD] = Chain(stops)
            self.forward.append(Stage(_UNREAD))

    def _inbound(self, name: str, family: Family) -> None:
        binding = self._of.bindings.get(("in", name, family))
        if binding is not None or family in self._globals:
            chain = self._asked(binding, name, family)
        else:
            chain = f"security levels from {name}"
            if chain not in self.chains:
                rules = level_rules(
                    self._interfaces[name], self._interfaces.values(), self._of.same, self._tally
                )
                why = f"a way out of {name} that is not in the file"
                self.chains[chain] = Chain(
                    (*self._first, *rules, *either(self._tally.implicit(why), why))
                )
        self.forward.append(Stage(chain, in_if=Names(frozenset((name,))), family=family))

    def _asked(self, binding: Binding | None, name: str, family: Family) -> str:
        """The chain of an interface's own list and the global one."""
        if not self._globals and binding is not None:
            return self._translated(binding, family)
        bindings = [one for one in (binding, self._globals.get(family)) if one is not None]
        chain = " then ".join(one.acl for one in bindings) + " in"
        if chain not in self.chains:
            jumps = tuple(_jump(one.ref, self._defined(one)) for one in bindings)
            self.chains[chain] = Chain(jumps, self._denial(bindings[-1].acl))
        return chain

    def _outbound(self, name: str, family: Family) -> None:
        binding = self._of.bindings.get(("out", name, family))
        if binding is None:
            return
        chain = self._translated(binding, family)
        if self._globals:
            chain = f"{binding.acl} out"
            jump = _jump(binding.ref, self._defined(binding))
            self.chains[chain] = Chain((jump,), self._denial(binding.acl))
        self.forward.append(Stage(chain, out_if=Names(frozenset((name,))), family=family))

    def _translated(self, binding: Binding, family: Family) -> str:
        """The chain of a list, mapped addresses resolved."""
        acl, name = self._defined(binding), binding.interface
        if self._of.says_real_addresses or family != 4 or acl not in self._of.lists:  # noqa: PLR2004  # IPv4
            return acl
        own = self._interfaces[name].own
        statics = tuple(own_address(one, own) for at, one in self._of.statics if at == name)
        is_out = binding.direction == "out"
        hides = name in self._of.translates
        if not statics and not hides:
            return acl
        rules = translated(self.chains[acl].rules, statics, is_out=is_out, hides=hides)
        chain = f"{acl} {binding.direction} {name}"
        self.chains[chain] = Chain(rules, self._denial(acl))
        return chain

    def _defined(self, binding: Binding) -> str:
        """The list's chain, made up where nobody defines it."""
        if binding.acl not in self.chains:
            why = f"access-list {binding.acl} is not defined"
            policy = None if self._globals else self._denial(binding.acl)
            self.chains[binding.acl] = Chain(either(binding.ref, why), policy)
        return binding.acl

    def _elsewhere(self) -> None:
        """What comes in, or goes out, by an interface that the file does not define."""
        others = Names(frozenset(self._interfaces), negated=True)
        why = "this interface is not in the file"
        self.chains[_NOT_IN_FILE] = Chain(either(self._tally.implicit(why), why))
        self.forward.append(Stage(_NOT_IN_FILE, in_if=others))
        self.forward.append(Stage(_NOT_IN_FILE, out_if=others))


def _jump(ref: Ref, chain: str) -> FilterRule:
    return FilterRule(Action.JUMP, ref, to=chain)
