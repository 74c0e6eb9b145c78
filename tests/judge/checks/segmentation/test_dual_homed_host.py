from __future__ import annotations

import pytest

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.segmentation.dual_homed_host import DualHomedHost
from checkvalve.testing.segmentation import NOON, plant_of


def verdict(asset: str) -> Verdict:
    (told,) = verdicts(asset)
    return told


def verdicts(asset: str) -> list[Verdict]:
    plant = plant_of(f"""
        zones:
          - {{id: office, level: 4, cidrs: [10.9.0.0/24]}}
          - {{id: line, level: 1, cidrs: [10.1.0.0/24]}}
          - {{id: bare, level: 1}}
        assets:
          - {{id: box, {asset}}}
    """)
    return DualHomedHost().verdicts(plant, Seen(), NOON)


def test_a_machine_in_two_zones_is_a_way_around_the_firewall() -> None:
    told = verdict("zone: office, ips: [10.9.0.5, 10.1.0.5], role: Data Historian")
    assert told.answer is Answer.BROKEN
    assert told.because == "box of office has 10.1.0.5 in line and 10.9.0.5 in office"


def test_an_address_outside_the_zone_alone_is_wrong_too() -> None:
    told = verdict("zone: line, ips: [10.7.0.5]")
    assert told.answer is Answer.BROKEN
    assert told.because == "box of line has 10.7.0.5 in no zone's range"


def test_a_zone_without_ranges_can_not_be_told() -> None:
    assert verdict("zone: bare, ips: [10.7.0.5]").answer is Answer.CANNOT_TELL
    assert verdict('zone: line, ips: [10.1.0.5, "2001:db8::5"]').answer is Answer.CANNOT_TELL


def test_in_a_zone_without_ranges_another_zone_s_address_is_still_wrong() -> None:
    assert verdict("zone: bare, ips: [10.9.0.5]").answer is Answer.BROKEN


def test_two_addresses_in_one_zone_are_in_order() -> None:
    assert verdict('zone: line, ips: [10.1.0.5, 10.1.0.6, "fe80::1"]').answer is Answer.HOLDS


@pytest.mark.parametrize("role", ["Firewall", "Routers", "Switch", "VPN Server"])
def test_what_joins_zones_by_its_nature_is_left_out(role: str) -> None:
    assert not verdicts(f"zone: office, ips: [10.9.0.1, 10.1.0.1], role: {role}")
