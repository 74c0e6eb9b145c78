"""Hubs are declared by role, or found by how many distinct peers they have."""

from __future__ import annotations

from collections.abc import Iterable

from tests.respond.triage.seen import finding, plant

from checkvalve.findings import Finding
from checkvalve.respond.triage.deed import deed_of
from checkvalve.respond.triage.hubs import MANY_PEERS, Hubs, hubs
from checkvalve.respond.triage.points import Stage


def among(findings: Iterable[Finding], stage: Stage = Stage.SPREAD) -> Hubs:
    return hubs(((deed_of(one, stage), stage, one.identities) for one in findings), plant())


def from_many(count: int) -> list[Finding]:
    return [finding("talk", f"10.0.4.{number}", "MES-1") for number in range(count)]


def test_roles_declare_hubs() -> None:
    assert among([]).machines == {"HIST-1", "JUMP-1"}


def test_whom_many_reach_is_a_hub() -> None:
    assert "MES-1" in among(from_many(MANY_PEERS)).machines
    assert "MES-1" not in among(from_many(MANY_PEERS - 1)).machines


def test_a_hub_that_was_only_found_is_not_declared() -> None:
    assert "MES-1" not in among(from_many(MANY_PEERS)).declared


def test_the_same_peer_many_times_is_one_peer() -> None:
    again = [finding("talk", "EWS-1", "MES-1", cause=str(number)) for number in range(20)]
    assert "MES-1" not in among(again).machines


def test_losses_say_nothing_of_who_meets_where() -> None:
    assert "MES-1" not in among(from_many(20), Stage.PROCESS_MANIPULATION).machines


def test_who_tries_many_is_a_sweeper_and_no_hub() -> None:
    tried = [finding("talk", "EWS-1", f"10.0.1.{number}") for number in range(MANY_PEERS)]
    assert "EWS-1" in among(tried).sweepers
    assert "EWS-1" not in among(tried).machines


def test_an_account_used_from_many_machines_is_shared() -> None:
    used = [
        finding("talk", f"10.0.4.{number}", "QS-1", identities=("admin",)) for number in range(9)
    ]
    assert among(used).accounts == {"admin"}
