"""Roles are understood by name, by short form, and by both."""

from __future__ import annotations

import pytest

from checkvalve.respond.triage.roles import is_controller, is_hub


@pytest.mark.parametrize(
    "role", ["Programmable Logic Controller (PLC)", "plc", "PLC", "Safety Controller", "safety-plc"]
)
def test_controllers_are_known(role: str) -> None:
    assert is_controller(role)
    assert not is_hub(role)


@pytest.mark.parametrize(
    "role", ["Data Historian", "historian", "Jump Host", "domain_controller", "vpn server"]
)
def test_hubs_are_known(role: str) -> None:
    assert is_hub(role)
    assert not is_controller(role)


@pytest.mark.parametrize("role", [None, "", "Workstation", "Human-Machine Interface (HMI)"])
def test_others_are_neither(role: str | None) -> None:
    assert not is_hub(role)
    assert not is_controller(role)
