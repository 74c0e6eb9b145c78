"""Checks: what the declared plant forbids, one member a file.

To add one: write its file in the folder of its kind, name it below, give it a page in
``docs/rules/``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from checkvalve.judge.checks.base import Check, StandingCheck

MEMBERS: Final = (
    "access.command_outside_mode",
    "access.session_outside_grant",
    "governance.undeclared_ai_service",
    "segmentation.undeclared_conduit",
    "segmentation.unknown_asset",
    "segmentation.wrong_direction",
)

#: Checks of what stands for days: ``audit`` asks them.
STANDING: Final[tuple[str, ...]] = (
    "access.dormant_access",
    "access.ended_grant_open",
    "access.self_approved_grant",
    "access.session_after_grant",
    "access.shared_account",
    "access.sign_in_outside_grant",
    "access.sign_in_without_mfa",
    "access.stale_timed_rule",
    "access.standing_access",
    "access.surplus_access",
    "access.ungranted_remote_path",
    "governance.ended_approval",
    "governance.exposed_ai_service",
    "governance.inbound_to_cell",
    "governance.reads_everything",
    "governance.unapproved_egress",
    "segmentation.broken_conduit",
    "segmentation.bypassed_firewall",
    "segmentation.contradicting_rule",
    "segmentation.dual_homed_host",
    "segmentation.exposed_control",
    "segmentation.flat_zone",
    "segmentation.leaking_one_way",
    "segmentation.redundant_rule",
    "segmentation.remote_next_to_cell",
    "segmentation.safety_outside_zone",
    "segmentation.shadowed_rule",
    "segmentation.too_wide_rule",
    "segmentation.undeclared_permission",
    "segmentation.unowned_conduit",
    "segmentation.unowned_rule",
    "segmentation.unread_firewall",
    "segmentation.unreviewed_zone",
    "segmentation.unused_permission",
)


def members() -> tuple[type[Check], ...]:
    """The class of each check of traffic."""
    return tuple(_class_of(member) for member in MEMBERS)


def standing() -> tuple[type[StandingCheck], ...]:
    """The class of each check of what stands."""
    found = (_class_of(member) for member in STANDING)
    return tuple(one for one in found if issubclass(one, StandingCheck))


def _class_of(member: str) -> type[Check]:
    name = "".join(word.capitalize() for word in member.rsplit(".", 1)[-1].split("_"))
    found: type[Check] = getattr(import_module(f"{__name__}.{member}"), name)
    return found
