"""Names of Cisco's command lines: the table is whole, and numbers stand in their ranges."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from checkvalve.observe.firewalls.cisco.cisco_lines import WordError, Words
from checkvalve.observe.firewalls.cisco.cisco_names import icmp, port, ports, protocol


def test_every_number_of_the_table_is_in_its_range() -> None:
    folder = files("checkvalve.observe.firewalls") / "cisco"
    tables = tomllib.loads((folder / "cisco.toml").read_text("utf-8"))
    assert set(tables) == {"icmp", "icmpv6", "ports", "protocols"}
    assert all(0 <= number <= 255 for number in tables["protocols"].values())
    assert all(0 < number <= 65_535 for number in tables["ports"].values())
    for kind in ("icmp", "icmpv6"):
        assert all(len(numbers) in (1, 2) for numbers in tables[kind].values())
        assert all(0 <= n <= 255 for numbers in tables[kind].values() for n in numbers)


def test_names_that_mean_something_else_elsewhere_mean_what_cisco_means() -> None:
    assert port("kerberos") == 750
    assert port("radius") == 1645
    assert port("sqlnet") == 1521
    assert port("cifs") == 3020
    assert protocol("ipsec") == 50
    assert protocol("pptp") == 47


def test_a_word_that_is_no_number_of_the_kind_is_refused() -> None:
    for word in ("65536", "-1", "٣", "", "1" * 30):
        with pytest.raises(WordError):
            port(word)
    with pytest.raises(WordError):
        protocol("256")


def test_a_type_may_have_a_code_behind_it() -> None:
    assert icmp(Words(("3", "4")), 1) == ((0x304, 0x304),)
    assert icmp(Words(("unreachable", "log")), 1) == ((0x300, 0x3FF),)
    assert icmp(Words(("host-unreachable",)), 1) == ((0x301, 0x301),)


def test_a_range_may_be_written_backwards_and_lt_0_is_nothing() -> None:
    assert ports(Words(("range", "90", "80"))) == ((80, 90),)
    assert ports(Words(("lt", "0"))) == ()
    assert ports(Words(("gt", "65535"))) == ()
