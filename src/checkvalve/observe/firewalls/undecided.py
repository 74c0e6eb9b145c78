"""Rules of which not even the action is known."""

from __future__ import annotations

from dataclasses import replace

from checkvalve.observe.firewalls.base import Action, FilterRule


def either(rule: FilterRule, unknown: str) -> tuple[FilterRule, FilterRule]:
    """The rule twice: perhaps it accepts, perhaps it denies, perhaps it does not match."""
    return (
        replace(rule, action=Action.ACCEPT, unknown=unknown),
        replace(rule, action=Action.DENY, unknown=unknown),
    )
