from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from checkvalve.judge.window import BINS, HOUR_NS, Breach, Window, bin_edges, moment
from checkvalve.testing.detectors import SITE, three_cells
from checkvalve.testing.windows import MONDAY, WindowBuilder

PLANT = three_cells()


def window() -> Window:
    """Reads by a panel, a write and a flow by a workstation."""
    builder = WindowBuilder(PLANT, SITE)
    builder.exchange("hmi-1", "plc-1a", space="holding register", first=0, last=9, count=5)
    builder.exchange(
        "station", "plc-1a", at=7.25, function="Write Single Register", space="holding register",
        first=3, value=8.5,
    )  # fmt: skip
    builder.flow("hmi-1", "plc-1a", at=1)
    builder.flow("station", "plc-1b", at=7)
    return builder.build("production")


def test_without_a_breach_it_is_the_same_window() -> None:
    one = window()
    assert one.without(Breach()) is one


def test_what_a_breach_names_is_gone_and_nothing_else() -> None:
    one = window()
    station = next(k for k, edge in enumerate(one.edges) if edge.source.name == "station")
    path = next(k for k, each in enumerate(one.paths) if each.source.name == "station")
    left = one.without(Breach(frozenset({station}), frozenset({path})))
    assert [one.edges[k].source.name for k in left.groups["edge"]] == ["hmi-1"]
    assert len(left.histograms) == len(left.ranges) == len(left.flows) == 1
    assert len(left.commands) == 0
    assert left.edges is one.edges
    assert len(one.groups) == len(one.flows) == 2


def test_breaches_add_up() -> None:
    both = Breach(frozenset({1}), frozenset({2})) | Breach(frozenset({3}))
    assert both == Breach(frozenset({1, 3}), frozenset({2}))


def test_evidence_points_at_a_packet_and_its_time() -> None:
    one = window()
    evidence = one.evidence(one.commands[0], "a write", expected="none", actual="8.5")
    assert (evidence.capture, evidence.packet) == ("made.pcap", 6)
    assert evidence.at == MONDAY.replace(second=7, microsecond=250_000)
    assert one.evidence(one.flows[0], "a flow").at == MONDAY.replace(second=1)


def test_an_hour_is_a_clock_hour() -> None:
    assert window().hour == int(MONDAY.timestamp()) // 3_600


def test_the_bins_of_intervals_grow_from_a_microsecond_to_months() -> None:
    edges = bin_edges()
    assert len(edges) == BINS
    assert edges[0] == 1_024
    assert np.allclose(edges[3:] / edges[:-3], 4)
    assert edges[-1] > 30 * 24 * HOUR_NS


@given(st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001  (UTC below)
def test_a_moment_is_exact_to_the_microsecond(at: datetime) -> None:
    utc = at.replace(tzinfo=UTC)
    since = utc - datetime(1970, 1, 1, tzinfo=UTC)
    microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    assert moment(microseconds * 1_000 + 999) == utc
