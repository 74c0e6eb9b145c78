"""Packets in words: addresses as ranges that people write, services, and the names declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, summarize_address_range
from typing import Final

from checkvalve.judge.segmentation.network import Service, protocol_name
from checkvalve.judge.segmentation.permitted import Box
from checkvalve.judge.segmentation.protocols import in_words
from checkvalve.judge.segmentation.regions import Region
from checkvalve.observe.firewalls.base import ICMP, ICMPV6, PORTED
from checkvalve.observe.firewalls.spans import (
    ALL_PORTS,
    ANYWHERE,
    IPV4,
    Addresses,
    Span,
    Spans,
)
from checkvalve.plant import Plant

#: Ranges that one sentence lists.
_MOST: Final = 6
#: A range that takes more prefixes than this is written with a dash.
_MOST_PREFIXES: Final = 2
_LAST_CODE: Final = 0xFF


class Words:
    """How packets are said.

    Args:
        zones: address sets that have names, such as those of zones.
        hosts: single addresses that have names, such as those of assets.
    """

    def __init__(
        self,
        zones: Mapping[str, Addresses] | None = None,
        hosts: Mapping[str, str] | None = None,
    ) -> None:
        named = {"anywhere": ANYWHERE} | {
            f"all of {name}": one for name, one in (zones or {}).items()
        }
        self._sets = {
            (family, one.of_family(family)): name
            for name, one in reversed(named.items())
            for family in (4, 6)
        }
        self._hosts: dict[tuple[int, int], str] = {
            (parsed.version, int(parsed)): name
            for address, name in (hosts or {}).items()
            for parsed in [ip_address(address)]
        }

    @classmethod
    def of(cls, plant: Plant, zones: Mapping[str, Addresses]) -> Words:
        """The words of a plant: its zones and its assets."""
        hosts = {ip: asset.id for asset in plant.assets.values() for ip in asset.ips}
        return cls(zones, hosts)

    def addresses(self, spans: Spans, family: int) -> str:
        """Addresses of one family: the name of all of them, else their ranges."""
        name = self._sets.get((family, spans))
        if name is not None:
            return name
        listed = [self._named(span, text, family) for span in spans for text in texts(span, family)]
        more = len(listed) - _MOST
        return ", ".join(listed[:_MOST]) + (f" and {more} more ranges" if more > 0 else "")

    def region(self, region: Region, protocols: tuple[Span, ...], family: int) -> str:
        """``10.9.0.0/24 to 10.1.0.5 (plc) tcp/502``; several protocols alike are said together."""
        ends = f"{self.addresses(region.src, family)} to {self.addresses(region.dst, family)}"
        return f"{ends} {services(region, protocols)}"

    def _named(self, span: Span, text: str, family: int) -> str:
        name = self._hosts.get((family, span[0])) if span[0] == span[1] else None
        return text if name is None else f"{text} ({name})"


def texts(span: Span, family: int) -> Iterator[str]:
    """A range as an address, as few prefixes, or with a dash."""
    low, high = (address(number, family) for number in span)
    if span[0] == span[1]:
        yield low
        return
    prefixes = _prefixes(span, family)
    if len(prefixes) > _MOST_PREFIXES:
        yield f"{low}-{high}"
        return
    for prefix in prefixes:
        yield prefix.partition("/32" if family == IPV4 else "/128")[0]


def address(number: int, family: int) -> str:
    """An address as text."""
    return str(IPv4Address(number) if family == IPV4 else IPv6Address(number))


def packet(box: Box, protocol: int, family: int) -> str:
    """The first packet of a box in words: ``10.9.0.1 to 10.1.0.5 tcp/502``."""
    first = ((box.ports[0], box.ports[0]),)
    came = ((box.src_ports[0], box.src_ports[0]),) if box.src_ports != ALL_PORTS[0] else ALL_PORTS
    region = Region((box.src,), (box.dst,), first, came, box.by)
    ends = f"{address(box.src[0], family)} to {address(box.dst[0], family)}"
    return f"{ends} {services(region, ((protocol, protocol),))}"


def _prefixes(span: Span, family: int) -> list[str]:
    if family == IPV4:
        return list(map(str, summarize_address_range(*map(IPv4Address, span))))
    return list(map(str, summarize_address_range(*map(IPv6Address, span))))


def services(region: Region, protocols: tuple[Span, ...]) -> str:
    """What is spoken in a region: ``tcp/502``, ``udp/1-5 from port 53``, ``icmp type 8 code 0``."""
    alone = protocols[0][0] if len(protocols) == 1 and protocols[0][0] == protocols[0][1] else None
    if alone in (ICMP, ICMPV6) and alone is not None:
        kinds = "" if region.ports == ALL_PORTS else ", ".join(map(_icmp, region.ports))
        return f"{protocol_name(alone)} {kinds}".rstrip()
    if alone in PORTED and alone is not None:
        text = str(Service(alone, region.ports))
    else:
        text = in_words(protocols)
        if region.ports != ALL_PORTS and any(low in PORTED for low, _ in protocols):
            text += f"/{_numbers(region.ports)}"
    if region.src_ports != ALL_PORTS:
        text += f" from port {_numbers(region.src_ports)}"
    return text


def _numbers(spans: Spans) -> str:
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in spans)


def _icmp(span: Span) -> str:
    low, high = (divmod(end, _LAST_CODE + 1) for end in span)
    if (low[1], high[1]) == (0, _LAST_CODE):
        return f"type {low[0]}" if low[0] == high[0] else f"types {low[0]}-{high[0]}"
    if span[0] == span[1]:
        return f"type {low[0]} code {low[1]}"
    if low[0] == high[0]:
        return f"type {low[0]} codes {low[1]}-{high[1]}"
    return f"type {low[0]} code {low[1]} to type {high[0]} code {high[1]}"
