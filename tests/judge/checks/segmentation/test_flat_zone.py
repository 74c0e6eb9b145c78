from __future__ import annotations

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.segmentation.flat_zone import FlatZone
from checkvalve.testing.segmentation import NOON, plant_of


def verdicts(text: str) -> list[Verdict]:
    return FlatZone().verdicts(plant_of(text), Seen(), NOON)


def test_a_controller_in_an_enterprise_zone_is_flat() -> None:
    (told,) = verdicts("""
        zones:
          - {id: office, level: 4, kind: enterprise, cidrs: [10.9.0.0/24]}
        assets:
          - {id: plc, zone: office, role: Programmable Logic Controller (PLC)}
          - {id: desk, zone: office, role: Workstation}
    """)
    assert told.answer is Answer.BROKEN
    assert told.because == "plc stands in office, which is of kind enterprise"
    assert told.finding is not None
    assert told.finding.assets == ("plc",)
    assert "zone: office-2" in told.finding.evidence[-1].actual


AI_BESIDE = """
    zones:
      - {id: line, level: 1, kind: process}
    assets:
      - {id: plc, zone: line, role: PLC}
      - {id: box, zone: line, role: Application Server}
    components:
      - {id: tuner, kind: model, asset: box%s}
"""


def test_a_model_server_beside_controllers_is_flat() -> None:
    (told,) = verdicts(AI_BESIDE % "")
    assert told.answer is Answer.BROKEN
    assert told.because == "plc shares zone line with box, which runs AI"


def test_ai_that_is_declared_for_the_level_of_controllers_may_stand_there() -> None:
    (told,) = verdicts(AI_BESIDE % ", level: 2")
    assert told.answer is Answer.HOLDS


def many(count: int) -> str:
    assets = "\n".join(f"  - {{id: plc-{n}, zone: line, role: PLC}}" for n in range(count))
    return f"""zones:
  - {{id: line, level: 2, kind: process}}
assets:
{assets}
  - {{id: history, zone: line, role: Data Historian}}
"""


def test_a_small_skid_may_have_its_own_historian_and_a_whole_plant_may_not() -> None:
    assert [v.answer for v in verdicts(many(3))] == [Answer.HOLDS]
    (told,) = verdicts(many(9))
    assert told.answer is Answer.BROKEN
    assert "history of a higher level" in told.because


def test_a_range_that_an_office_computer_shares_with_controllers_is_flat() -> None:
    given = verdicts("""
        zones:
          - {id: office, level: 4, kind: enterprise, cidrs: [10.9.0.0/24]}
          - {id: line, level: 1, kind: process, cidrs: [10.1.0.0/24]}
        assets:
          - {id: plc, zone: line, role: PLC, ips: [10.1.0.2]}
          - {id: desk, zone: office, role: Workstation, ips: [10.1.0.99]}
    """)
    (told,) = [v for v in given if v.answer is Answer.BROKEN]
    assert str(told.subject) == "zone line"
    assert told.because == "desk of office has addresses in 10.1.0.0/24, the range of line"


def test_machines_without_a_role_leave_it_open() -> None:
    (told,) = verdicts("""
        zones:
          - {id: line, level: 1, kind: process}
        assets:
          - {id: plc, zone: line, role: PLC}
          - {id: grey, zone: line}
    """)
    assert told.answer is Answer.CANNOT_TELL
    assert "grey has no role" in told.because


def test_controllers_with_their_panels_belong_together() -> None:
    (told,) = verdicts("""
        zones:
          - {id: line, level: 2, kind: process}
          - {id: empty, level: 4}
        assets:
          - {id: plc, zone: line, role: PLC}
          - {id: panel, zone: line, role: HMI}
    """)
    assert told.answer is Answer.HOLDS
