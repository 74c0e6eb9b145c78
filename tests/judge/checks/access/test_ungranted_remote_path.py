from __future__ import annotations

from tests.judge.checks.access.gate import PLANT, gate, mend, only, said, verdicts

from checkvalve.findings import Answer, Subject
from checkvalve.judge.checks.access.ungranted_remote_path import UngrantedRemotePath
from checkvalve.testing.segmentation import plant_of

INTERNET_GATE = PLANT.replace("wan: remote", "wan: internet")
OPEN = "accept tcp 10.9.0.0/28 10.1.0.5 502"


def test_a_way_from_a_remote_zone_into_a_cell_without_a_grant_is_found() -> None:
    finding = only(UngrantedRemotePath, gate(), OPEN)
    assert finding.subject == Subject("zone", "cell")
    assert "remote may open" in finding.because
    assert "10.9.0.1 to 10.1.0.5 tcp/502), and no active grant covers it" in finding.because
    assert mend(finding) == f"remove fw.rules:1: {OPEN}"


def test_what_an_active_grant_covers_holds() -> None:
    assert said(UngrantedRemotePath, gate({}), OPEN) == {Answer.HOLDS}


def test_a_grant_that_has_ended_or_is_to_come_covers_nothing() -> None:
    for fields in (
        {"not_after": "2026-03-01T00:00:00Z"},
        {"revoked_at": "2026-03-01T00:00:00Z"},
        {"not_before": "2026-03-09T00:00:00Z"},
    ):
        assert Answer.BROKEN in said(UngrantedRemotePath, gate(fields), OPEN)


def test_past_the_jump_host_of_a_grant_is_not_covered() -> None:
    assert Answer.BROKEN in said(UngrantedRemotePath, gate({"via": "jump"}), OPEN)


def test_the_part_that_the_grant_does_not_cover_is_found_alone() -> None:
    finding = only(UngrantedRemotePath, gate({}), "accept tcp 10.9.0.0/24 10.1.0.5 502")
    assert "10.9.0.17 to 10.1.0.5 tcp/502" in finding.because
    assert mend(finding).startswith("narrow fw.rules:1")


def test_the_internet_is_outside_and_the_office_is_not() -> None:
    assert said(UngrantedRemotePath, gate(), "accept any 10.4.0.0/24 any") == {Answer.HOLDS}
    wan = INTERNET_GATE + "    grants: []\n"
    finding = only(UngrantedRemotePath, plant_of(wan), "accept tcp any 10.1.0.5 443")
    assert finding.because.startswith("internet may open")


def test_a_vendors_network_is_outside_wherever_it_is() -> None:
    ended = {"source": ["10.4.0.8/32"], "not_after": "2026-03-01T00:00:00Z"}
    finding = only(UngrantedRemotePath, gate(ended), "accept tcp 10.4.0.0/24 10.1.0.0/24 22")
    assert "office may open" in finding.because
    assert "to cell (10.4.0.8 to 10.1.0.1 tcp/22)" in finding.because


def test_many_lines_for_one_service_are_one_finding() -> None:
    lines = "\n".join(f"accept tcp 10.9.0.{n} 10.1.0.5 22" for n in range(1, 20))
    assert len(verdicts(UngrantedRemotePath, gate(), lines)) == 1
    assert len(verdicts(UngrantedRemotePath, gate(), "accept any any any")) == 1


def test_a_line_that_is_not_understood_can_not_be_told() -> None:
    rules = f"{OPEN} unknown=a user match"
    (verdict,) = verdicts(UngrantedRemotePath, gate(), rules)
    assert verdict.answer is Answer.CANNOT_TELL
    assert "a user match" in verdict.because
    assert said(UngrantedRemotePath, gate()) == {Answer.CANNOT_TELL}
