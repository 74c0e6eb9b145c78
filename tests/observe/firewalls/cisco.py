"""What the tests of Cisco's grammars share: mangled lines, and packets at the edges of permits."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from hypothesis import strategies as st

from checkvalve.observe.firewalls.base import Permit, RuleSet
from checkvalve.observe.firewalls.spans import Addresses
from checkvalve.testing.firewalls import Packet, may, must

ADDRESSES = ("10.0.0.0/8", "10.1.2.3", "192.0.2.5-192.0.2.77", "0.0.0.0/0", "2001:db8::/32", "::/0")


def opens(found: RuleSet, one: Packet) -> bool | None:
    """Whether it passes for sure, not at all, or nobody can tell."""
    sure, perhaps = must(found, one), may(found, one)
    return None if perhaps and not sure else sure


@st.composite
def mangled(draw: st.DrawFn, lines: Sequence[str]) -> str:
    """Lines in any order, some cut, some with a strange word."""
    found = []
    for line in draw(st.lists(st.sampled_from(lines), max_size=30)):
        words = line.split(" ")
        what = draw(st.integers(0, 5))
        if what == 0:
            words = words[: draw(st.integers(0, len(words)))]
        elif what == 1:
            words.insert(draw(st.integers(0, len(words))), draw(st.text(max_size=6)))
        found.append(" ".join(words))
    return "\n".join(found)


@st.composite
def sides(draw: st.DrawFn) -> Addresses:
    """Addresses of one or both families."""
    found = Addresses()
    for text in draw(st.lists(st.sampled_from(ADDRESSES), min_size=1, max_size=2)):
        found |= Addresses.of(text)
    return found


def edges(permit: Permit, family: int) -> list[tuple[str, str]]:
    """Pairs of addresses at the ends of a permit, and just beyond them."""
    make, top = (IPv4Address, 2**32 - 1) if family == 4 else (IPv6Address, 2**128 - 1)
    ends = []
    for side in (permit.src, permit.dst):
        numbers = {
            min(max(end + step, 0), top)
            for span in side.of_family(family)
            for end in span
            for step in (-1, 0, 1)
        }
        ends.append([str(make(number)) for number in sorted(numbers)][:6])
    return [(a, b) for a in ends[0] for b in ends[1]]


def meant(wanted: list[Permit], one: Packet) -> bool:
    def has(spans: tuple[tuple[int, int], ...] | None, number: int) -> bool:
        return spans is None or any(low <= number <= high for low, high in spans)

    return any(
        (each.in_if, each.out_if) == (one.in_if, one.out_if)
        and has(each.src.of_family(one.family), int(ip_address(one.src)))
        and has(each.dst.of_family(one.family), int(ip_address(one.dst)))
        and each.protocol in (None, one.protocol)
        and has(each.dst_ports, one.dst_port)
        for each in wanted
    )
