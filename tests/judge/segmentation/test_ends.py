from __future__ import annotations

import pytest

from checkvalve.errors import UsageError
from checkvalve.judge.segmentation.ends import end_named
from checkvalve.judge.segmentation.places import zone_addresses
from checkvalve.observe.firewalls.spans import Addresses
from checkvalve.testing.segmentation import plant_of

PLANT = plant_of("""
    zones:
      - {id: office, cidrs: [10.9.0.0/24]}
      - {id: cell, cidrs: [10.1.0.0/24]}
    assets:
      - {id: plc, zone: cell, ips: [10.1.0.5]}
      - {id: mute, zone: cell}
""")
ZONES = zone_addresses(PLANT)


@pytest.mark.parametrize(
    ("text", "zone", "addresses"),
    [
        ("cell", "cell", None),
        ("internet", "internet", None),
        ("plc", "cell", "10.1.0.5"),
        ("10.1.0.5", "cell", "10.1.0.5"),
        ("10.9.0.0/28", "office", "10.9.0.0/28"),
        ("10.9.0.3-10.9.0.9", "office", "10.9.0.3-10.9.0.9"),
        ("8.8.8.8", "internet", "8.8.8.8"),
    ],
)
def test_an_end_is_a_zone_an_asset_or_addresses(
    text: str, zone: str, addresses: str | None
) -> None:
    found = end_named(PLANT, ZONES, text)
    assert found.zone == zone
    assert found.addresses == (None if addresses is None else Addresses.of(addresses))
    assert str(found).startswith(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("sell", "no zone or asset 'sell'"),
        ("mute", "has no address"),
        ("10.0.0.0/7", "in several zones: office, cell"),
        ("127.0.0.1", "in no zone"),
    ],
)
def test_what_is_no_end_is_refused_with_what_to_do(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as refused:
        end_named(PLANT, ZONES, text)
    assert refused.value.hint
