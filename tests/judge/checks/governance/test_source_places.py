from __future__ import annotations

import pytest

from checkvalve.judge.checks.governance.source_places import place_of
from checkvalve.judge.checks.passing.reach import Passing, uncovered
from checkvalve.judge.segmentation.permitted import Box
from checkvalve.observe.firewalls.spans import Addresses
from checkvalve.plant.data_sources import DataSource
from checkvalve.testing.segmentation import plant_of

PLANT = plant_of("""
zones: [{id: dmz, cidrs: [10.5.0.0/24]}]
assets: [{id: history, zone: dmz, ips: [10.5.0.7, "fd00::7"]}, {id: bare, zone: dmz}]
""")


@pytest.mark.parametrize(
    ("endpoint", "asset", "zone", "service"),
    [
        ("opc.tcp://historian.example:4841", "history", "dmz", "tcp/4841"),
        ("opc.tcp://historian.example", "history", "dmz", "tcp/4840"),
        ("https://8.8.8.8/api", None, "internet", "tcp/443"),
        ("jdbc:postgresql://10.5.0.9/plant", None, "dmz", "tcp/5432"),
        ("mqtts://[2a00:1450::5]", None, "internet", "tcp/8883"),
    ],
)
def test_an_endpoint_or_an_asset_tells_where_a_source_is(
    endpoint: str, asset: str | None, zone: str, service: str
) -> None:
    place = place_of(PLANT, DataSource(id="s", endpoint=endpoint, asset=asset))
    assert place is not None
    assert place.zone == zone
    assert place.services is not None
    assert str(place.services[0]) == service


@pytest.mark.parametrize("endpoint", [None, "C:\\exports", "x://h:port", "custom://historian"])
def test_without_a_port_it_may_answer_on_any(endpoint: str | None) -> None:
    place = place_of(PLANT, DataSource(id="s", endpoint=endpoint, asset="history"))
    assert place is not None
    assert place.services is None
    assert place.addresses == Addresses.of("10.5.0.7") | Addresses.of("fd00::7")


@pytest.mark.parametrize(
    ("endpoint", "asset"), [(None, None), ("https://[bad/", None), ("mqtt://broker", "bare")]
)
def test_where_nothing_is_said_it_is_nowhere(endpoint: str | None, asset: str | None) -> None:
    assert place_of(PLANT, DataSource(id="s", endpoint=endpoint, asset=asset)) is None


def test_what_goes_to_a_place_is_covered_by_it_and_no_more() -> None:
    place = place_of(PLANT, DataSource(id="s", endpoint="https://8.8.8.8"))
    assert place is not None
    (dst,) = Addresses.of("8.8.8.8").v4
    assert place.is_met_by(Passing(4, 6, Box((1, 2), dst, (0, 65_535), (0, 65_535))))
    assert not uncovered([Passing(4, 6, Box((1, 2), dst, (443, 443), (0, 65_535)))], [place])
    left = uncovered([Passing(4, 6, Box((1, 2), dst, (443, 444), (0, 65_535)))], [place])
    assert [one.box.ports for one in left] == [(444, 444)]
    assert uncovered([Passing(6, 6, Box((1, 2), dst, (443, 443), (0, 65_535)))], [place])
