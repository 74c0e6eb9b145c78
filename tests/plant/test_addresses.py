"""Addresses, ranges and ports, each in one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from checkvalve.plant.addresses import Address, Cidr, Mac, PortRange, Ports, parse_address

ADDRESS: TypeAdapter[str] = TypeAdapter(Address)
CIDR: TypeAdapter[str] = TypeAdapter(Cidr)
MAC: TypeAdapter[str] = TypeAdapter(Mac)
PORTS: TypeAdapter[Ports] = TypeAdapter(PortRange)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
    ],
)
def test_an_address_has_one_spelling(written: str, kept: str) -> None:
    assert ADDRESS.validate_python(written) == kept


@pytest.mark.parametrize("text", ["10.0.0.256", "10.0.0", "plc", "", "010.0.0.1", "10.0.0.1/32"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="is not an IP address"):
        ADDRESS.validate_python(text)


def test_a_range_with_bits_beyond_its_prefix_says_what_was_meant() -> None:
    with pytest.raises(ValidationError) as caught:
        CIDR.validate_python("10.1.0.5/24")
    assert caught.value.errors()[0]["ctx"]["hint"] == "did you mean '10.1.0.0/24'?"


@pytest.mark.parametrize("text", ["10.0.0.0/33", "cell", "", "10.0.0.0/24/8"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="is not an address range"):
        CIDR.validate_python(text)


@pytest.mark.parametrize("text", ["00-1B-1B-0A-0B-0C", "001b1b0a0b0c", "00:1b:1b:0a:0b:0c"])
def test_a_mac_address_has_one_spelling(text: str) -> None:
    assert MAC.validate_python(text) == "00:1b:1b:0a:0b:0c"


@pytest.mark.parametrize("text", ["00:1b:1b:0a:0b", "00:1b:1b:0a:0b:0g", ""])
def test_what_is_no_mac_address_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="is not a MAC address"):
        MAC.validate_python(text)


def test_ports_are_one_or_a_range() -> None:
    assert PORTS.validate_json("502") == Ports(502, 502)
    assert PORTS.validate_json('"502"') == Ports(502, 502)
    ports = PORTS.validate_json('"8000-8010"')
    assert 8000 in ports
    assert 8010 in ports
    assert 8011 not in ports
    assert "8000" not in ports


@pytest.mark.parametrize(
    "text", ["65536", '"9-8"', "true", "1.5", '"http"', "-1", "null", '"\u0665"']
)
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        PORTS.validate_json(text)


@given(st.integers(0, 65_535), st.integers(0, 65_535))
def test_ports_survive_a_round_trip(one: int, two: int) -> None:
    ports = Ports(min(one, two), max(one, two))
    assert PORTS.validate_json(PORTS.dump_json(ports)) == ports


@given(st.text())
def test_any_text_is_an_address_or_none(text: str) -> None:
    parsed = parse_address(text)
    assert parsed is None or parse_address(str(parsed)) == parsed
