"""Chains turned round, so that *nothing passes both* says *one is inside the other*."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from checkvalve.observe.firewalls.base import Action, Chain, FilterRule, Ref

OPPOSITE: Final = {Action.ACCEPT: Action.DENY, Action.DENY: Action.ACCEPT}


def inverted(chain: Chain, *, stage: bool = False) -> Chain:
    """Accepts what the chain denies, and the other way round.

    Args:
        chain: any chain.
        stage: packets that fall out of it pass; turned round they must not.
    """
    turned = (replace(rule, action=OPPOSITE.get(rule.action, rule.action)) for rule in chain.rules)
    policy = chain.policy and replace(chain.policy, action=OPPOSITE[chain.policy.action])
    if policy is None and stage:
        policy = FilterRule(Action.DENY, Ref("turned", 0, "what falls out"))
    return Chain(tuple(turned), policy)


def renamed(chains: Mapping[str, Chain], prefix: str) -> dict[str, Chain]:
    """The same chains under other names; jumps lead to them."""
    return {
        f"{prefix} {name}": Chain(
            tuple(
                replace(rule, to=f"{prefix} {rule.to}" if rule.to else "") for rule in chain.rules
            ),
            chain.policy,
        )
        for name, chain in chains.items()
    }
