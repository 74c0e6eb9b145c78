"""nftables against the kernel itself: what the twin says of a rule set, real packets do."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

import numpy as np
import pytest
from tests.observe.firewalls.kernel import IN_IF, OUT_IF, Kernel, Probe, kernel, missing

from checkvalve.observe.firewalls.base import Permit, RuleSet
from checkvalve.observe.firewalls.netfilter.nftables import Nftables
from checkvalve.observe.firewalls.spans import ANYWHERE, Addresses, Spans
from checkvalve.testing.firewalls import Packet, outcomes

_PROBES: Final = 160

SETS_AND_MAPS: Final = """
define offices = { 10.1.0.0/24, 10.1.2.3-10.1.2.9 }
table inet plant {
    set controllers { type ipv4_addr; flags interval; elements = { 10.2.0.0/28, 10.2.0.32 } }
    set nobody { type ipv4_addr; }
    set pairs {
        type ipv4_addr . inet_service
        flags interval
        elements = { 10.2.0.0/24 . 502, 10.2.1.1-10.2.1.4 . 4840-4850 }
    }
    map by_service {
        type inet_service : verdict
        elements = { 22 : jump engineers, 23 : drop, 80 : goto web }
    }
    chain engineers {
        ip saddr 10.1.0.7 accept
        ip6 saddr 2001:db8:1::7 return
        ip saddr 10.1.0.8 drop
    }
    chain web {
        ip daddr 10.2.0.1 accept
    }
    chain forward {
        type filter hook forward priority 0; policy drop;
        ct state vmap { established : accept, invalid : drop }
        ip daddr @nobody accept
        ip daddr != @nobody tcp dport 7 accept
        tcp dport vmap @by_service
        ip saddr $offices ip daddr @controllers tcp dport { 502, 20000-20010 } accept
        ip daddr . tcp dport @pairs accept
        meta l4proto { tcp, udp } th dport 53 ip saddr != 10.1.0.0/25 accept
        ip6 saddr 2001:db8:1::/64 ip6 daddr != { 2001:db8:2::5, 2001:db8:2::8-2001:db8:2::a } \\
            udp dport != 100-200 accept
        icmp type echo-request ip saddr 10.1.0.0/25 accept
        icmpv6 type { echo-request, echo-reply } accept
        tcp sport < 1024 tcp dport >= 60000 accept
        ip daddr & 255.255.0.255 == 10.2.0.9 udp dport 9 accept
    }
}
"""

SEVERAL_CHAINS: Final = """
table ip early {
    chain prerouting {
        type filter hook prerouting priority raw; policy accept;
        ip saddr 10.1.0.66 drop
        udp dport 6 drop
        oifname "office0" drop
        oifname != "office0" udp dport 19 drop
        jump shared
    }
    chain shared { ip saddr 10.1.0.65 drop; }
}
table inet late {
    chain second { type filter hook forward priority 10; policy accept; tcp dport 6 drop; }
    chain first {
        type filter hook forward priority filter - 5; policy drop
        iifname "plant*" oifname { "office0", "office1" } tcp dport 1-10 accept
        iifname != "plant0" accept
        udp dport vmap { 5 : accept, 6 : accept, 7-9 : jump some, * : continue }
        meta nfproto ipv6 udp dport 7-20 accept
        goto rest
        tcp dport 99 accept
    }
    chain some { ip daddr 10.2.0.0/16 accept; udp dport 9 drop; }
    chain rest { tcp flags & (fin | syn | rst | ack) == syn tcp dport 90-98 accept; }
}
table ip6 six {
    chain out { type filter hook postrouting priority srcnat; tcp dport 3 drop; }
    chain on { type filter hook forward priority 20; tcp dport 4 reject with tcp reset; }
}
"""

ONE_FAMILY: Final = """
add table ip old
add chain ip old forward { type filter hook forward priority 0; policy drop; }
add rule ip old forward ip protocol udp accept
add rule ip old forward tcp dport ssh ip saddr 10.1.0.0/31 counter accept comment "two hosts"
insert rule ip old forward udp dport { 67, 68 } drop
"""

PERMITS: Final = (
    Permit(
        IN_IF,
        OUT_IF,
        Addresses.of("10.1.0.3-10.1.0.9") | Addresses.of("2001:db8:1::/64"),
        Addresses.of("10.2.0.0/30") | Addresses.of("2001:db8:2::1"),
        protocol=6,
        dst_ports=((502, 502), (4840, 4843)),
        remark="historian",
    ),
    Permit(OUT_IF, IN_IF, ANYWHERE, ANYWHERE, remark="the other way"),
    Permit(IN_IF, OUT_IF, Addresses.of("10.1.0.1"), ANYWHERE, protocol=17),
    Permit(IN_IF, OUT_IF, ANYWHERE, Addresses.of("10.2.0.9"), protocol=1),
)


@pytest.fixture(scope="module")
def firewall() -> Iterator[Kernel]:
    reason = missing()
    if reason:
        pytest.skip(reason)
    with kernel() as made:
        yield made


@pytest.mark.parametrize(
    "text",
    [SETS_AND_MAPS, SEVERAL_CHAINS, ONE_FAMILY, Nftables().render(PERMITS)],
    ids=["sets and maps", "several chains", "one family", "rendered"],
)
def test_the_kernel_passes_what_the_twin_says_of_file_listing_and_json(
    firewall: Kernel, text: str
) -> None:
    firewall.nft("flush", "ruleset")
    firewall.nft("-f", "-", text=text)
    read = [
        Nftables().read(one, file=name)
        for name, one in (
            ("file", text),
            ("listing", firewall.nft("list", "ruleset")),
            ("json", firewall.nft("-j", "list", "ruleset")),
        )
    ]
    assert [coverage.missed for _, coverage in read] == [(), (), ()]
    probes = _probes(read[0][0])
    arrived = firewall.arrived(probes)
    for number, probe in enumerate(probes):
        wanted = {"accept" if number in arrived else "deny"}
        assert [outcomes(rules, _packet(probe)) for rules, _ in read] == [wanted] * 3, probe
    assert 0 < len(arrived) < len(probes)


def _packet(probe: Probe) -> Packet:
    return Packet(
        probe.src,
        probe.dst,
        probe.protocol,
        probe.src_port,
        probe.dst_port,
        icmp=(128 if probe.protocol == 58 else 8) << 8,
        in_if=IN_IF,
        out_if=OUT_IF,
    )


def _probes(rules: RuleSet) -> list[Probe]:
    """Packets at the boundaries of what the rules name, drawn from a fixed seed."""
    draw = np.random.default_rng(20)
    ports = _edges([one for rule in rules.rules() for one in (rule.dst_ports, rule.src_ports)])
    ports = [port for port in ports if 0 < port < 65_536]
    found = []
    for _ in range(_PROBES):
        family = 6 if draw.random() < 0.3 else 4
        protocol = int(draw.choice([6, 6, 6, 17, 17, 58 if family == 6 else 1]))
        found.append(
            Probe(
                _one(draw, _hosts(rules, family, source=True)),
                _one(draw, _hosts(rules, family, source=False)),
                protocol,
                int(draw.choice([1023, 1024, 40_000])),
                int(draw.choice(ports)),
            )
        )
    return found


def _one(draw: np.random.Generator, texts: list[str]) -> str:
    return texts[int(draw.integers(len(texts)))]


def _edges(sets: list[Spans | None]) -> list[int]:
    ends = {end for found in sets if found for pair in found for end in pair}
    return sorted({end + step for end in ends for step in (-1, 0, 1)})


def _hosts(rules: RuleSet, family: int, *, source: bool) -> list[str]:
    """Addresses at the ends of the spans that a router would forward."""
    sets = [(rule.src if source else rule.dst).of_family(family) for rule in rules.rules()]
    kind = IPv4Address if family == 4 else IPv6Address
    common = {4: ["10.1.0.1", "10.2.0.9"], 6: ["2001:db8:1::9", "2001:db8:2::5"]}[family]
    found = [str(kind(n)) for n in _edges(list(sets)) if 0 <= n < 1 << kind(0).max_prefixlen]
    return [one for one in found if _is_forwarded(one)] + common


def _is_forwarded(text: str) -> bool:
    address = ip_address(text)
    if address.version == 6:
        return int(address) >> 125 == 1  # global unicast
    return not (address.is_multicast or address.is_loopback or address.is_reserved) and (
        int(address) >> 24 > 0
    )
