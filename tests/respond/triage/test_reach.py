"""Declared reach: one hop, in the direction of initiation, where commands may pass."""

from __future__ import annotations

import pytest
from tests.respond.triage.seen import plant

from checkvalve.plant import Conduit, Flow
from checkvalve.respond.triage.reach import DeclaredReach, carries_commands

REACH = DeclaredReach(plant())


def test_neighbours_in_the_own_zone_are_in_reach() -> None:
    assert {"PLC-7", "PLC-8"} <= REACH.onward("HMI-3")


def test_a_machine_is_not_in_reach_of_itself() -> None:
    assert "HMI-3" not in REACH.onward("HMI-3")


def test_a_conduit_leads_one_way_and_one_hop() -> None:
    assert "PLC-7" in REACH.onward("EWS-1")
    assert "EWS-1" not in REACH.onward("PLC-7")
    assert "PLC-7" not in REACH.onward("JUMP-1")


def test_a_conduit_that_only_reads_leads_nowhere() -> None:
    assert "SIS-1" not in REACH.onward("PLC-7")


def test_an_address_stands_in_its_zone() -> None:
    assert "PLC-7" in REACH.onward("10.0.1.77")
    assert REACH.onward("198.51.100.9") == frozenset()


@pytest.mark.parametrize("functions", [("read",), ("Read Holding Registers", "discover")])
def test_functions_that_only_look_carry_no_command(functions: tuple[str, ...]) -> None:
    conduit = Conduit(id="c", from_="a", to="b", flows=(Flow(functions=functions),))
    assert not carries_commands(conduit)


def test_one_function_that_changes_something_carries_commands() -> None:
    flow = Flow(functions=("Read Holding Registers", "Write Single Register"))
    assert carries_commands(Conduit(id="c", from_="a", to="b", flows=(flow,)))


def test_a_conduit_that_says_nothing_lets_everything_pass() -> None:
    assert carries_commands(Conduit(id="c", from_="a", to="b"))
