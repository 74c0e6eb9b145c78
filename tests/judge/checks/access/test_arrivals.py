from __future__ import annotations

import pytest
from tests.judge.checks.access.gate import gate
from tests.judge.checks.access.signing import anna, later

from checkvalve.judge.checks.access.arrivals import Arrival, Arrivals
from checkvalve.observe.sign_ins.base import SignIn
from checkvalve.plant import Plant


def arrival(sign_in: SignIn, plant: Plant | None = None) -> Arrival:
    (one,) = Arrivals(plant or gate({}), (sign_in,)).all
    return one


def test_an_arrival_is_told_by_machine_zone_and_holder() -> None:
    one = arrival(anna(source="10.3.0.7"))
    assert (one.source, one.source_zone, one.target) == ("jump", "dmz", "plc")
    assert one.names == ("anna",)
    assert [grant.id for grant in one.grants] == ["service"]
    assert str(one) == "aberg from jump to plc by ssh"


@pytest.mark.parametrize("name", ["plc", "PLC", "plc.mill.example", "10.1.0.5", "2001:db8:1::5"])
def test_a_target_is_found_by_id_host_name_and_address(name: str) -> None:
    found = arrival(anna(target=name)).asset
    assert found is not None
    assert found.id == "plc"


def test_a_target_that_is_not_declared_keeps_its_name() -> None:
    one = arrival(anna(target="srv9"))
    assert (one.asset, one.target) == (None, "srv9")


@pytest.mark.parametrize(
    ("account", "source", "needs"),
    [
        ("bkurz", "10.9.0.3", True),
        ("bkurz", "8.8.8.8", True),
        ("bkurz", "2001:db8:9::3", True),
        ("bkurz", "10.4.0.8", False),
        ("aberg", "10.4.0.8", True),
        ("aberg", "", True),
        ("root", "", False),
        ("root", "10.9.0.3", True),
    ],
)
def test_from_outside_everybody_needs_a_grant_and_a_vendor_from_anywhere(
    account: str, source: str, needs: bool
) -> None:
    assert arrival(anna(account=account, source=source)).needs_grant == needs


def test_an_engineers_grant_from_the_office_does_not_put_the_office_outside() -> None:
    plant = gate({"holder": "ben", "source": ["10.4.0.0/24"]})
    assert not arrival(anna(account="bkurz", source="10.4.0.8"), plant).needs_grant
    vendors = gate({"source": ["10.4.0.0/24"]})
    assert arrival(anna(account="bkurz", source="10.4.0.8"), vendors).needs_grant


def test_an_account_that_nobody_names_has_the_grants_of_where_it_came_from() -> None:
    one = arrival(anna(account="guest"))
    assert [grant.id for grant in one.grants] == ["service"]
    assert one.names == ("guest",)
    assert arrival(anna(account="guest", source="10.9.0.99")).grants == ()


def test_of_several_grants_the_one_with_least_against_it_counts() -> None:
    plant = gate({"targets": ["hmi"], "not_after": "2026-03-01T00:00:00Z"}, {"id": "second"})
    grant, against = arrival(anna(), plant).best()
    assert (grant, against) == (plant.grants["second"], ())


def test_those_that_failed_are_left_out_and_the_others_are_in_order() -> None:
    logs = (anna(time=later(2)), anna(outcome="failure"), anna(time=later(1)))
    assert [one.sign_in.time for one in Arrivals(gate(), logs).all] == [later(1), later(2)]
