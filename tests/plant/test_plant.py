"""The questions asked of a plant most."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkvalve.errors import PlantError
from checkvalve.plant import (
    Asset,
    Change,
    Component,
    Conduit,
    Grant,
    Plant,
    ProcessMode,
    Realm,
    Site,
    Tag,
    Vendor,
    Zone,
)
from checkvalve.plant.site import ScheduledMode

NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")  # a Monday
HOUR = timedelta(hours=1)


def plant() -> Plant:
    return Plant.of(
        Zone(id="cell", cidrs=("10.0.1.0/24", "2001:db8:1::/64")),
        Zone(id="dmz", cidrs=("10.0.2.0/24",)),
        Zone(id="office", cidrs=("10.1.0.0/16",)),
        Zone(id="twin", realm="behind-nat", cidrs=("10.0.1.0/24", "10.9.0.0/24")),
        Realm(id="behind-nat"),
        Asset(id="plc", zone="cell", ips=("10.0.1.5", "2001:db8:1::5")),
        Asset(id="stray", zone="cell", ips=("10.1.0.7",)),
        Asset(id="twin-plc", zone="twin", ips=("10.0.1.5", "10.9.0.5")),
        Component(id="vision", kind="model", asset="plc"),
        Conduit(id="push", from_="cell", to="dmz"),
        Conduit(id="pull", from_="dmz", to="office", initiates="to"),
        Conduit(id="net", from_="office", to="internet", initiates="both"),
    )


def test_an_asset_is_found_by_any_spelling_of_its_address() -> None:
    for spelling in ("10.0.1.5", "::ffff:10.0.1.5", "2001:DB8:1:0::5"):
        found = plant().asset_at(spelling)
        assert found is not None
        assert found.id == "plc"


@pytest.mark.parametrize("text", ["10.0.1.6", "", "00:1b:1b:0a:0b:0c", "plc", "10.0.1.5/32"])
def test_nobody_has_an_address_that_is_not_declared(text: str) -> None:
    assert plant().asset_at(text) is None


def test_the_same_address_in_another_realm_is_another_asset() -> None:
    twin = plant().asset_at("10.0.1.5", "behind-nat")
    assert twin is not None
    assert twin.id == "twin-plc"


def test_an_address_of_one_foreign_realm_alone_needs_no_realm() -> None:
    assert plant().zone_name_at("10.9.0.5") == "twin"
    assert plant().zone_name_at("10.9.0.6") == "twin"


def test_an_asset_counts_in_the_zone_it_is_declared_in_wherever_its_address_is() -> None:
    assert plant().zone_name_at("10.1.0.7") == "cell"
    assert plant().zone_of("stray").id == "cell"


@pytest.mark.parametrize(
    ("address", "zone"),
    [
        ("10.1.200.9", "office"),
        ("2001:db8:1::77", "cell"),
        ("8.8.8.8", "internet"),
        ("2606:4700::1", "internet"),
        ("192.168.7.7", "private-unused"),
        ("224.0.0.251", "private-unused"),
        ("ff02::fb", "private-unused"),
        ("255.255.255.255", "private-unused"),
        ("fe80::1", "private-unused"),
        ("not an address", "private-unused"),
    ],
)
def test_every_address_has_a_zone_name(address: str, zone: str) -> None:
    assert plant().zone_name_at(address) == zone


def test_conduits_are_found_from_either_end() -> None:
    declared = plant()
    assert [c.id for c in declared.conduits_between("cell", "dmz")] == ["push"]
    assert [c.id for c in declared.conduits_between("dmz", "cell")] == ["push"]
    assert declared.conduits_between("cell", "office") == ()


def test_reach_follows_the_direction_of_initiation() -> None:
    declared = plant()
    assert declared.reach(["cell"]) == {"cell", "dmz"}
    assert declared.reach(["office"]) == {"office", "dmz"}
    assert declared.reach(["internet"]) == {"office", "dmz"}
    assert declared.reach([]) == frozenset()


def test_a_component_is_found_by_the_machine_it_runs_on() -> None:
    assert [component.id for component in plant().component_on("plc")] == ["vision"]
    assert plant().component_on("stray") == ()


def test_the_site_of_a_zone_is_the_only_one_when_none_is_named() -> None:
    zone = Zone(id="z")
    assert Plant.of(zone).site_of("z") is None
    one = Plant.of(zone, Site(id="s"))
    assert one.site_of("z") == one.sites["s"]
    two = Plant.of(zone, Site(id="s"), Site(id="t"), Zone(id="y", site="t"))
    assert two.site_of("z") is None
    assert two.site_of("y") == two.sites["t"]


def test_the_first_schedule_entry_that_covers_an_instant_tells_the_mode() -> None:
    declared = Plant.of(
        ProcessMode(id="clean", kind="maintenance"),
        ProcessMode(id="run", kind="production"),
        Tag(id="mode", asset="plc", protocol="modbus", space="holding register", address=0),
        Zone(id="cell"),
        Asset(id="plc", zone="cell"),
        Site(
            id="s",
            time_zone="Europe/Berlin",
            mode_tag="mode",
            schedule=(
                ScheduledMode(days=("mon",), from_="13:00", to="14:00", mode="clean"),
                ScheduledMode(from_="06:00", to="22:00", mode="run"),
            ),
        ),
    )
    assert declared.scheduled_mode("s", NOON) == "clean"
    assert declared.scheduled_mode("s", NOON + HOUR) == "run"
    assert declared.scheduled_mode("s", NOON + 12 * HOUR) is None
    assert declared.mode_tag("s") == declared.tags["mode"]


def test_a_change_is_open_from_its_beginning_to_its_end_or_closing() -> None:
    change = Change(id="c", from_=NOON, until=NOON + 2 * HOUR)
    closed = Change(id="d", from_=NOON, until=NOON + 2 * HOUR, closed_at=NOON + HOUR)
    declared = Plant.of(change, closed)
    assert declared.open_changes(NOON - HOUR) == ()
    assert declared.open_changes(NOON) == (change, closed)
    assert declared.open_changes(NOON + HOUR) == (change,)
    assert declared.open_changes(NOON + 2 * HOUR) == ()


def test_a_grant_is_active_until_it_ends_or_is_revoked() -> None:
    vendor = Vendor(id="v")
    dated = Grant(id="a", holder="v", not_before=NOON, not_after=NOON + HOUR)
    endless = Grant(id="b", holder="v")
    revoked = Grant(id="c", holder="v", revoked_at=NOON)
    declared = Plant.of(vendor, dated, endless, revoked)
    assert declared.active_grants(NOON - HOUR) == (endless, revoked)
    assert declared.active_grants(NOON) == (dated, endless)
    assert declared.active_grants(NOON + HOUR) == (endless,)


def test_the_digest_does_not_depend_on_the_order_of_declaration() -> None:
    zones = (Zone(id="a"), Zone(id="b"))
    assert Plant.of(*zones).digest == Plant.of(*reversed(zones)).digest


def test_the_digest_changes_with_any_field() -> None:
    assert Plant.of(Zone(id="a")).digest != Plant.of(Zone(id="a", description="b")).digest


def test_what_does_not_fit_together_is_no_plant() -> None:
    with pytest.raises(PlantError) as caught:
        Plant.of(Zone(id="a"), Zone(id="a"), Asset(id="x", zone="b"))
    assert [str(problem) for problem in caught.value.problems] == [
        "zones: a: the id is taken",
        "assets: x.zone: no zone is called 'b'",
    ]


_NETWORKS = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)).map(
    lambda pair: ip_network(pair, strict=False)
)


@given(st.lists(_NETWORKS, max_size=8), st.lists(st.integers(0, 2**32 - 1), max_size=8))
def test_the_zone_of_an_address_is_the_one_whose_range_holds_it(
    networks: list[object], numbers: list[int]
) -> None:
    zones = [Zone(id=f"z{i}", cidrs=(str(network),)) for i, network in enumerate(networks)]
    pairs = [(a, b) for i, a in enumerate(zones) for b in zones[:i]]
    if any(ip_network(a.cidrs[0]).overlaps(ip_network(b.cidrs[0])) for a, b in pairs):
        with pytest.raises(PlantError) as caught:
            Plant.of(*zones)
        assert all("overlaps" in problem.sentence for problem in caught.value.problems)
        return
    declared = Plant.of(*zones)
    for number in numbers:
        address = ip_address(number)
        holders = [zone for zone in zones if address in ip_network(zone.cidrs[0])]
        assert declared.zone_at(str(address)) == (holders[0] if holders else None)
