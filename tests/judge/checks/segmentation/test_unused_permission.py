from __future__ import annotations

from datetime import timedelta

from checkvalve.findings import Answer, Certainty, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.segmentation.unused_permission import UnusedPermission
from checkvalve.judge.observed import Observed, ObservedPath
from checkvalve.testing.segmentation import NOON, network_of, plant_of

PLANT = plant_of("""
    zones:
      - {id: office, level: 4, cidrs: [10.9.0.0/24]}
      - {id: cell, level: 1, cidrs: [10.1.0.0/24]}
    firewalls:
      - {id: fw, vendor: nftables, interfaces: {lan: office, plc: cell}}
""")
RULES = "deny tcp any any 23\naccept tcp any 10.1.0.0/24 502\naccept tcp any 10.1.0.9 22"


def path(port: int, source: str = "10.9.0.5", transport: str = "tcp") -> ObservedPath:
    return ObservedPath(
        source, "10.1.0.9", transport, port, 1, answered=False, sent=0, received=0,
        most_received=0, first=NOON, last=NOON,
    )  # fmt: skip


def verdicts(*paths: ObservedPath, days: int = 42, rules: str = RULES) -> list[Verdict]:
    observed = Observed(NOON - timedelta(days=days), NOON, paths)
    seen = Seen(network=network_of(PLANT, fw=rules), observed=observed)
    return UnusedPermission().verdicts(PLANT, seen, NOON)


def test_a_line_that_nothing_used_is_a_proposal_and_never_broken() -> None:
    (verdict,) = verdicts(path(502))
    assert verdict.answer is Answer.CANNOT_TELL
    assert "permit it, and nothing of it was seen in 42 days" in verdict.because
    assert verdict.finding is not None
    assert verdict.finding.certainty is Certainty.LEARNT
    assert [one.line for one in verdict.finding.evidence if one.file] == [3]


def test_one_packet_of_a_line_is_use_enough() -> None:
    (verdict,) = verdicts(path(502), path(22))
    assert verdict.answer is Answer.HOLDS


def test_a_deny_that_meets_nothing_is_healthy() -> None:
    for verdict in verdicts(path(502), rules="deny tcp any any 23\naccept tcp any any 502 in=lan"):
        assert verdict.answer is Answer.HOLDS


def test_too_few_days_say_nothing() -> None:
    (verdict,) = verdicts(path(502), days=29)
    assert verdict.answer is Answer.CANNOT_TELL
    assert verdict.because == "29 days were recorded; 30 are needed to tell what is unused"


def test_zones_of_which_nothing_was_recorded_are_not_called_unused() -> None:
    found = verdicts()
    assert [one.because.split(" was")[0] for one in found] == [
        "no traffic of cell",
        "no traffic of office",
    ]


def test_another_transport_is_no_use() -> None:
    found = verdicts(path(502), path(22, transport="udp"))
    assert any(one.finding is not None for one in found)


def test_without_rule_sets_or_records_it_cannot_tell() -> None:
    for seen in (Seen(), Seen(network=network_of(PLANT, fw=RULES))):
        (verdict,) = UnusedPermission().verdicts(PLANT, seen, NOON)
        assert verdict.answer is Answer.CANNOT_TELL
