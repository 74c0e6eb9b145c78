from __future__ import annotations

from ipaddress import ip_address

import pytest

from checkvalve.judge.segmentation.permitted import Box
from checkvalve.judge.segmentation.protocols import in_words, run_of
from checkvalve.judge.segmentation.regions import Region
from checkvalve.judge.segmentation.wording import Words, packet, services
from checkvalve.observe.firewalls.spans import ALL_PORTS, ANYWHERE, Addresses, Span, Spans

WORDS = Words({"cell": Addresses.of("10.1.0.0/24")}, {"10.1.0.5": "plc"})


def said(*texts: str) -> str:
    addresses = Addresses()
    for text in texts:
        addresses |= Addresses.of(text)
    return WORDS.addresses(addresses.v4 or addresses.v6, 4 if addresses.v4 else 6)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (("10.1.0.0/24",), "all of cell"),
        (("10.1.0.5",), "10.1.0.5 (plc)"),
        (("10.1.0.0/25",), "10.1.0.0/25"),
        (("10.1.0.1-10.1.0.2",), "10.1.0.1, 10.1.0.2"),
        (("10.1.0.1-10.1.0.9",), "10.1.0.1-10.1.0.9"),
        (("2001:db8::/32",), "2001:db8::/32"),
        (("10.1.0.5", "10.3.0.0/16"), "10.1.0.5 (plc), 10.3.0.0/16"),
        (tuple(f"10.{k}.0.9" for k in range(2, 18, 2)), "and 2 more ranges"),
    ],
)
def test_addresses_are_said_as_people_write_them(texts: tuple[str, ...], words: str) -> None:
    assert said(*texts).endswith(words)


def test_everything_is_anywhere_in_both_families() -> None:
    assert WORDS.addresses(ANYWHERE.v4, 4) == WORDS.addresses(ANYWHERE.v6, 6) == "anywhere"


@pytest.mark.parametrize(
    ("protocols", "ports", "src_ports", "words"),
    [
        ([(6, 6)], ((502, 502), (8_000, 8_010)), ALL_PORTS, "tcp/502,8000-8010"),
        ([(17, 17)], ALL_PORTS, ((53, 53),), "udp from port 53"),
        ([(1, 1)], ((8 << 8, 8 << 8 | 255),), ALL_PORTS, "icmp type 8"),
        ([(1, 1)], ((8 << 8, 10 << 8 | 255),), ALL_PORTS, "icmp types 8-10"),
        ([(1, 1)], ((3 << 8 | 4, 3 << 8 | 4),), ALL_PORTS, "icmp type 3 code 4"),
        ([(1, 1)], ((3 << 8, 3 << 8 | 4),), ALL_PORTS, "icmp type 3 codes 0-4"),
        ([(1, 1)], ((1, 8 << 8),), ALL_PORTS, "icmp type 0 code 1 to type 8 code 0"),
        ([(58, 58)], ALL_PORTS, ALL_PORTS, "icmpv6"),
        ([(6, 6), (17, 17)], ((53, 53),), ALL_PORTS, "tcp, udp/53"),
        ([(6, 6), (47, 47), (50, 51)], ALL_PORTS, ALL_PORTS, "tcp, protocols 47, 50-51"),
        ([(47, 47)], ALL_PORTS, ALL_PORTS, "protocol 47"),
    ],
)
def test_services_are_said_with_their_names(
    protocols: list[Span], ports: Spans, src_ports: Spans, words: str
) -> None:
    region = Region(ANYWHERE.v4, ANYWHERE.v4, ports, src_ports, ())
    assert services(region, tuple(protocols)) == words


def test_a_packet_is_the_first_of_its_box() -> None:
    start = int(ip_address("10.1.0.5"))
    box = Box((start, start + 9), (start, start), (502, 600), (0, 65_535))
    assert packet(box, 6, 4) == "10.1.0.5 to 10.1.0.5 tcp/502"
    assert packet(box, 47, 4).endswith("protocol 47")


def test_a_number_stands_for_all_up_to_the_next() -> None:
    assert run_of(0, (0, 6, 7)) == (0, 5)
    assert run_of(6, (0, 6, 7)) == (6, 6)
    assert run_of(7, (0, 6, 7)) == (7, 255)
    assert in_words([(0, 5), (7, 255), (6, 6)]) == "tcp, protocols 0-5, 7-255"
