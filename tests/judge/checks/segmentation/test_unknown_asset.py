from __future__ import annotations

import pytest
from tests.judge.checks.mill import mill, nothing, only, seen

from checkvalve.findings import Subject
from checkvalve.judge.checks.segmentation.unknown_asset import UnknownAsset
from checkvalve.testing.checks import answers, found


def test_a_machine_that_nobody_declared_is_found_with_whom_it_met() -> None:
    builder = seen().flow("10.1.0.99", "plc", at=5, lasts_s=9, protocol="modbus")
    window = builder.flow("10.1.0.99", "panel", at=1, port=80).build("production")
    finding = only(UnknownAsset, window)
    assert finding.subject == Subject("address", "10.1.0.99")
    assert (finding.source, finding.target, finding.zone) == ("10.1.0.99", "", "cell")
    assert finding.assets == ("10.1.0.99",)
    assert "plc" in finding.because
    assert "panel" in finding.because
    assert (finding.until - finding.at).total_seconds() == 13


def test_a_destination_counts_once_it_has_answered() -> None:
    assert nothing(UnknownAsset, seen().flow("plc", "10.1.0.99", answered=False).build("stop"))
    assert only(UnknownAsset, seen().flow("plc", "10.1.0.99").build("stop")).source == "10.1.0.99"


def test_a_private_address_in_no_zone_counts_too() -> None:
    finding = only(UnknownAsset, seen().flow("192.168.77.5", "plc").build("stop"))
    assert "192.168.77.5 in no zone is no declared asset" in finding.because


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "239.0.0.1", "10.1.0.255", "255.255.255.255", "169.254.1.1", "127.0.0.1",
     "10.9.0.77", "10.99.0.8", "fe80::1", "ff02::1", "::"],
)  # fmt: skip
def test_the_internet_groups_and_other_inventories_are_left_out(address: str) -> None:
    assert nothing(UnknownAsset, seen().flow(address, "plc").build("stop"))


def test_all_that_it_did_is_kept_from_being_learnt() -> None:
    builder = seen().flow("10.1.0.99", "plc").flow("panel", "plc")
    window = builder.exchange("10.1.0.99", "plc").exchange("panel", "plc").build("stop")
    ((_, breach),) = answers(UnknownAsset, mill(), window)
    assert (len(breach.edges), len(breach.paths)) == (1, 1)
    assert len(found(UnknownAsset, mill(), window)) == 1
