from __future__ import annotations

import pytest

from checkvalve.records import GapKind, Intent
from checkvalve.testing.detectors import SITE, three_cells
from checkvalve.testing.windows import WindowBuilder


def test_what_is_added_is_grouped_as_real_records_are() -> None:
    builder = WindowBuilder(three_cells(), SITE)
    builder.exchange("hmi-1", "plc-1a", count=60, space="holding register", first=3, last=7)
    builder.exchange("hmi-1", "plc-1a", at=5, function="Write Single Coil", value=1.0)
    builder.flow("hmi-1", "plc-1a", protocol="modbus").gap(GapKind.DROPPED, 77)
    window = builder.build("production")
    assert window.mode == "production"
    assert [edge.intent for edge in window.edges] == [Intent.READ, Intent.WRITE]
    assert window.edges[0].source.zone == "cell-1"
    assert window.groups["count"].tolist() == [60, 1]
    assert window.histograms.sum() == 59
    assert window.ranges[["low", "high"]].tolist() == [(3, 7)]
    assert window.commands["value"].tolist() == [1.0]
    assert window.flows["opened"].tolist() == [1]
    assert window.blind == {GapKind.DROPPED: 77}


def test_windows_of_one_builder_share_their_edges() -> None:
    builder = WindowBuilder(three_cells(), SITE)
    first = builder.exchange("hmi-1", "plc-1a").build()
    second = builder.exchange("hmi-1", "plc-1a", at=3_600).build()
    assert first.edges is second.edges
    assert len(second.edges) == 1


def test_traffic_of_two_hours_is_two_windows() -> None:
    builder = WindowBuilder(three_cells(), SITE)
    builder.exchange("hmi-1", "plc-1a", every_s=3_600, count=2)
    assert len(builder.windows()) == 2
    with pytest.raises(ValueError, match="unpack"):
        builder.build()
