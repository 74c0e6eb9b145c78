"""Two producers count as two only when they are independent."""

from __future__ import annotations

from tests.respond.triage.seen import finding

from checkvalve.findings import Finding
from checkvalve.respond.triage.corroboration import Staged, certainties
from checkvalve.respond.triage.deed import deed_of
from checkvalve.respond.triage.points import Certainty, Stage


def staged(one: Finding, stage: Stage) -> Staged:
    return Staged(one, deed_of(one, stage), stage)


def certain(*members: Staged) -> list[Certainty]:
    return [certainty for certainty, _ in certainties(members)]


WRITE = staged(finding("new-writer", "HMI-3", "PLC-7", action="write"), Stage.PROCESS_MANIPULATION)
CONVERSATION = staged(finding("new-conversation", "HMI-3", "PLC-7"), Stage.SPREAD)
OTHER_CONVERSATION = staged(finding("new-conversation", "HMI-3", "PLC-8"), Stage.SPREAD)
SWEEP = staged(
    finding("scan", "HMI-3", assets=("HMI-3", "PLC-7", "PLC-8", "SIS-1", "QS-1")), Stage.SPREAD
)
CONDUIT = staged(finding("undeclared-conduit", "HMI-3", "PLC-7", proof=True), Stage.SPREAD)
POSTURE = staged(finding("old-firmware", "", "PLC-7", proof=True), Stage.POSTURE)


def test_a_detector_alone_is_single() -> None:
    assert certain(WRITE) == [Certainty.SINGLE]


def test_a_check_confirms_a_detector_and_is_named() -> None:
    found = certainties([WRITE, CONDUIT])
    assert [certainty for certainty, _ in found] == [Certainty.CORROBORATED, Certainty.PROOF]
    assert found[0][1].because == "the check undeclared-conduit confirms new-writer"


def test_posture_confirms_nothing() -> None:
    assert certain(WRITE, POSTURE)[0] is Certainty.SINGLE


def test_detectors_of_one_conversation_see_the_same_novelty() -> None:
    assert certain(WRITE, CONVERSATION) == [Certainty.SINGLE, Certainty.SINGLE]


def test_detectors_of_two_conversations_at_two_stages_confirm_each_other() -> None:
    assert certain(WRITE, OTHER_CONVERSATION) == [Certainty.CORROBORATED] * 2


def test_a_sweep_confirms_what_it_did_to_one() -> None:
    assert certain(SWEEP, CONVERSATION) == [Certainty.CORROBORATED] * 2


def test_a_detector_does_not_confirm_itself() -> None:
    assert certain(CONVERSATION, OTHER_CONVERSATION) == [Certainty.SINGLE] * 2


def test_a_check_on_strangers_confirms_nothing() -> None:
    elsewhere = staged(finding("undeclared-conduit", "MES-1", "QS-1", proof=True), Stage.SPREAD)
    assert certain(WRITE, elsewhere)[0] is Certainty.SINGLE


def test_many_witnesses_of_one_kind_hide_no_other() -> None:
    crowd = [
        staged(finding("new-conversation", "HMI-3", f"10.0.1.{number}"), Stage.SPREAD)
        for number in range(50)
    ]
    assert certain(CONVERSATION, *crowd, CONDUIT)[0] is Certainty.CORROBORATED
    assert certain(WRITE, *crowd)[0] is Certainty.CORROBORATED
