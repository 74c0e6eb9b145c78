"""A finding is read as a deed: who did what to whom."""

from __future__ import annotations

from tests.respond.triage.seen import finding

from checkvalve.findings import Subject
from checkvalve.respond.triage.deed import deed_of
from checkvalve.respond.triage.points import Stage


def test_source_and_target_are_actor_and_acted_on() -> None:
    deed = deed_of(
        finding("new-writer", "HMI-3", "PLC-7", action="write"), Stage.PROCESS_MANIPULATION
    )
    assert (deed.actor, deed.acted_on, deed.pair) == ("HMI-3", ("PLC-7",), ("HMI-3", "PLC-7"))
    assert deed.commands
    assert not deed.loss


def test_process_manipulation_without_a_command_is_a_loss() -> None:
    deed = deed_of(
        finding("lost-conversation", "HMI-3", "PLC-7", action="read"), Stage.PROCESS_MANIPULATION
    )
    assert deed.loss


def test_who_tries_many_fans_out_and_is_the_only_party() -> None:
    many = finding("scan", "EWS-1", assets=("EWS-1", "HMI-3", "PLC-7", "PLC-8", "SIS-1"))
    deed = deed_of(many, Stage.SPREAD)
    assert deed.fans_out
    assert deed.parties == ("EWS-1",)
    assert deed.pair == ()


def test_a_finding_about_one_machine_acts_on_it() -> None:
    about = finding("controller-changed", subject=Subject("asset", "PLC-7"))
    assert deed_of(about, Stage.ENGINEERING_CHANGE).acted_on == ("PLC-7",)


def test_a_finding_about_no_machine_acts_on_none() -> None:
    deed = deed_of(finding("no-owner", subject=Subject("zone", "dmz")), Stage.POSTURE)
    assert (deed.actor, deed.acted_on, deed.parties) == ("", (), ())
