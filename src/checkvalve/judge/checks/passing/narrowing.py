"""Changes that mend a rule set or a plant, as text that a person can carry over."""

from __future__ import annotations

from collections.abc import Sequence

from checkvalve.findings import Evidence
from checkvalve.judge.checks.passing.reach import Passing
from checkvalve.judge.segmentation.network import Network, protocol_name
from checkvalve.observe.firewalls import vendor_named
from checkvalve.observe.firewalls.base import PORTED, FirewallError, Permit
from checkvalve.observe.firewalls.spans import ALL_PORTS, IPV4, Addresses, Spans, spans

#: Permits that one text lists.
_MOST = 12


def replacement(
    network: Network, zones: tuple[str, str], kept: Sequence[Passing]
) -> tuple[Evidence, ...]:
    """The narrowest rules that still let the declared part pass, in the firewall's grammar.

    Args:
        network: the network.
        zones: from where to where.
        kept: what of the permitted is declared.

    Returns:
        Nothing where several firewalls, or none that can be written for, stand on the way.
    """
    if not kept:
        return (Evidence("a change that mends it", actual="remove what these lines permit here"),)
    ways = network.routes(*zones)
    if len(ways) != 1 or len(ways[0]) != 1 or len(kept) > _MOST:
        return ()
    (hop,) = ways[0]
    vendor = vendor_named(network.plant.firewalls[hop.firewall].vendor)
    if vendor is None or not vendor.writes:
        return ()
    permits = [_permit(one, hop.in_if, hop.out_if) for one in kept]
    try:
        text = vendor.render(permits)
    except FirewallError:
        return ()
    return (Evidence(f"the narrowest rules in their place, on {hop.firewall}", actual=text),)


def declaration(zones: tuple[str, str], passing: Sequence[Passing]) -> Evidence:
    """The conduit that would declare it, as YAML with its reasons left open."""
    ports: dict[int, list[tuple[int, int]]] = {}
    for one in passing:
        ports.setdefault(one.protocol, []).append(one.box.ports)
    flows = [_flow(protocol, spans(found)) for protocol, found in sorted(ports.items())]
    source, destination = zones
    text = "\n".join(
        (
            f"- id: {source}-to-{destination}",
            f"  from: {source}",
            f"  to: {destination}",
            "  flows:",
            *(f"    - {flow}" for flow in dict.fromkeys(flows)),
            '  justification: ""  # why it is needed',
        )
    )
    return Evidence("the conduit, if it is meant", actual=text)


def _permit(one: Passing, in_if: str, out_if: str) -> Permit:
    src, dst = (
        Addresses(v4=(span,)) if one.family == IPV4 else Addresses(v6=(span,))
        for span in (one.box.src, one.box.dst)
    )
    limited = one.protocol in PORTED and (one.box.ports,) != ALL_PORTS
    ports: Spans | None = (one.box.ports,) if limited else None
    return Permit(in_if, out_if, src, dst, one.protocol, ports, "as its conduit declares")


def _flow(protocol: int, ports: Spans) -> str:
    name = protocol_name(protocol)
    proto = name.removeprefix("protocol ") if name != "icmpv6" else "icmp"
    proto = proto if proto in ("tcp", "udp", "icmp") else f'"{protocol}"'
    if protocol not in PORTED or ports == ALL_PORTS:
        return f"{{proto: {proto}}}"
    listed = ", ".join(str(low) if low == high else f'"{low}-{high}"' for low, high in ports)
    return f"{{proto: {proto}, dst_ports: [{listed}]}}"
