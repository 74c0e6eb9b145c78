"""What every vendor's reader owes, asked of each that is registered."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checkvalve.observe.firewalls import members, vendor_named
from checkvalve.observe.firewalls.base import (
    TCP,
    UDP,
    FirewallError,
    Permit,
    Vendor,
)
from checkvalve.observe.firewalls.spans import Addresses
from checkvalve.testing.firewalls import Packet, may, must

VENDORS = {vendor.name: vendor for vendor in members()}
WRITERS = {name: vendor for name, vendor in VENDORS.items() if vendor.writes}
every_vendor = pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
every_writer = pytest.mark.parametrize("vendor", WRITERS.values(), ids=WRITERS)

PERMITS = (
    Permit(
        "eth1", "eth2", Addresses.of("10.1.0.0/24"), Addresses.of("10.2.0.9"), TCP, ((502, 502),)
    ),
    Permit(
        "eth1",
        "eth2",
        Addresses.of("10.1.0.7"),
        Addresses.of("10.2.0.0/25"),
        UDP,
        ((514, 515),),
        'logs,\nof the "line"',
    ),
)
HOSTS = ("10.1.0.0", "10.1.0.7", "10.1.0.255", "10.1.1.0", "10.0.255.255")
SERVERS = ("10.2.0.9", "10.2.0.8", "10.2.0.10", "10.2.0.0", "10.2.0.127", "10.2.0.128")


def meant(packet: Packet) -> bool:
    """Whether one of the permits lets a packet open something."""

    def inside(addresses: Addresses, text: str) -> bool:
        return any(low <= int(ip_address(text)) <= high for low, high in addresses.v4)

    return any(
        inside(one.src, packet.src)
        and inside(one.dst, packet.dst)
        and packet.protocol == one.protocol
        and any(low <= packet.dst_port <= high for low, high in one.dst_ports or ())
        for one in PERMITS
    )


def test_names_are_said_once_and_are_found_in_any_case() -> None:
    names = [name for vendor in members() for name in (vendor.name, *vendor.also)]
    assert len(names) == len(set(names))
    for name in names:
        found = vendor_named(name.upper())
        assert found is not None
        assert name in (found.name, *found.also)
    assert vendor_named("no such vendor") is None


@every_vendor
def test_what_is_of_nobody_is_refused_in_one_sentence_with_a_hint(vendor: Vendor) -> None:
    for text in ("", "\n\n", "hello, world\n", '{"a": 1}', "<html></html>"):
        assert not vendor.recognises(text)
    with pytest.raises(FirewallError) as caught:
        vendor.read("hello, world\n", file="letter.txt")
    assert "letter.txt" in caught.value.sentence
    assert caught.value.hint


@every_writer
def test_what_is_written_is_recognised_by_its_vendor_alone(vendor: Vendor) -> None:
    text = vendor.render(PERMITS)
    assert [name for name, one in VENDORS.items() if one.recognises(text)] == [vendor.name]


@every_writer
def test_what_is_written_permits_exactly_what_was_asked(vendor: Vendor) -> None:
    rule_set, coverage = vendor.read(vendor.render(PERMITS), file="written")
    assert not coverage.missed
    assert not rule_set.problems
    for source in HOSTS:
        for server in SERVERS:
            for protocol in (TCP, UDP):
                for port in (501, 502, 503, 513, 514, 515, 516):
                    packet = Packet(
                        source, server, protocol, 40_000, port, in_if="eth1", out_if="eth2"
                    )
                    expected = meant(packet)
                    assert may(rule_set, packet) == must(rule_set, packet) == expected, packet


@every_writer
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_half_a_file_raises_nothing_and_counts_every_line(
    vendor: Vendor, data: st.DataObject
) -> None:
    text = vendor.render(PERMITS)
    cut = text[: data.draw(st.integers(0, len(text)))]
    try:
        _, coverage = vendor.read(cut, file="half")
    except FirewallError:
        return
    counted = coverage.understood + coverage.harmless + len(coverage.missed)
    assert counted == coverage.lines


@every_vendor
@pytest.mark.parametrize("other", WRITERS.values(), ids=WRITERS)
def test_another_vendors_file_is_refused_or_said_to_be_not_understood(
    vendor: Vendor, other: Vendor
) -> None:
    if vendor is other:
        return
    try:
        rule_set, coverage = vendor.read(other.render(PERMITS), file="another")
    except FirewallError:
        return
    assert coverage.missed or rule_set.problems or not tuple(rule_set.rules())
