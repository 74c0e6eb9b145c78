from __future__ import annotations

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.governance.reads_everything import ReadsEverything
from checkvalve.testing.segmentation import NOON, plant_of

BASE = """
zones: [{id: z}, {id: y}]
assets: [{id: history, zone: z, role: Data Historian}]
components: [{id: tuner, kind: model}]
vendors: [{id: acme}]
data_sources: [{id: hist, asset: history, tags: [T1, T2]}, {id: cam}]
"""


def verdicts(more: str) -> list[Verdict]:
    return ReadsEverything().verdicts(plant_of(BASE + more), Seen(), NOON)


def test_a_wildcard_approves_nothing_and_is_told() -> None:
    (told,) = verdicts('approvals: [{id: a, source: hist, consumer: tuner, topics: ["plant/#"]}]\n')
    assert told.answer is Answer.BROKEN
    assert told.because == (
        "approval 'a' of hist for tuner approves nothing: it names 'plant/#', which is everything"
    )
    assert told.finding is not None
    assert 'tags: ["T1", "T2"]' in told.finding.evidence[-1].actual


def test_a_historian_is_not_approved_as_a_whole() -> None:
    (told,) = verdicts("approvals: [{id: a, source: hist, consumer: tuner}]\n")
    assert told.answer is Answer.BROKEN
    assert "it names no tag" in told.because


def test_an_approval_by_name_holds() -> None:
    given = verdicts(
        "approvals: [{id: a, source: hist, consumer: tuner, tags: [T1]},"
        " {id: b, source: cam, consumer: tuner}]\n"
    )
    assert [v.answer for v in given] == [Answer.HOLDS, Answer.HOLDS]


def test_a_grant_or_conduit_that_names_a_sign_is_told() -> None:
    given = verdicts(
        'grants: [{id: g, holder: acme, services: [{application: "*"}]}]\n'
        'conduits: [{id: c, from: z, to: y, flows: [{application: mqtt, functions: ["#"]}]},'
        ' {id: d, from: z, to: y, flows: [{functions: ["GET /results", read]}]}]\n'
    )
    assert [(str(v.subject), v.answer) for v in given] == [
        ("grant g", Answer.BROKEN),
        ("conduit c", Answer.BROKEN),
    ]


def test_so_is_a_scope_of_an_identity_that_a_component_uses() -> None:
    given = verdicts(
        'identities: [{id: i, kind: ai, used_by: tuner, scopes: ["read:*"]},'
        " {id: j, kind: service, used_by: tuner, scopes: [hist/T1]},"
        ' {id: k, kind: engineer, scopes: ["*"]}]\n'
    )
    assert [(v.subject.id, v.answer) for v in given] == [("i", Answer.BROKEN), ("j", Answer.HOLDS)]
