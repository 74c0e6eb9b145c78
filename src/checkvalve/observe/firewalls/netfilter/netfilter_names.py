"""Names that iptables and nftables have for numbers: protocols, ICMP types and services.

From the manual pages iptables-extensions(8) and nft(8), and the IANA registries.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from checkvalve.observe.firewalls.spans import Span

PROTOCOLS: Final = {
    "icmp": 1, "igmp": 2, "ipencap": 4, "ipv4": 4, "ipip": 4, "tcp": 6, "egp": 8, "udp": 17,
    "dccp": 33, "ipv6": 41, "ipv6-route": 43, "ipv6-frag": 44, "rsvp": 46, "gre": 47, "esp": 50,
    "ipv6-crypt": 50, "ah": 51, "ipv6-auth": 51, "ipv6-icmp": 58, "icmpv6": 58, "icmp6": 58,
    "ipv6-nonxt": 59, "ipv6-opts": 60, "eigrp": 88, "ospf": 89, "pim": 103, "ipcomp": 108,
    "comp": 108, "vrrp": 112, "l2tp": 115, "sctp": 132, "mh": 135, "mobility-header": 135,
    "udplite": 136,
}  # fmt: skip

#: Type, or type and code.
ICMP_TYPES: Final[dict[str, tuple[int, ...]]] = {
    "echo-reply": (0,), "pong": (0,), "destination-unreachable": (3,),
    "network-unreachable": (3, 0), "host-unreachable": (3, 1), "protocol-unreachable": (3, 2),
    "port-unreachable": (3, 3), "fragmentation-needed": (3, 4), "source-route-failed": (3, 5),
    "network-unknown": (3, 6), "host-unknown": (3, 7), "network-prohibited": (3, 9),
    "host-prohibited": (3, 10), "tos-network-unreachable": (3, 11),
    "tos-host-unreachable": (3, 12), "communication-prohibited": (3, 13),
    "host-precedence-violation": (3, 14), "precedence-cutoff": (3, 15), "source-quench": (4,),
    "redirect": (5,), "network-redirect": (5, 0), "host-redirect": (5, 1),
    "tos-network-redirect": (5, 2), "tos-host-redirect": (5, 3), "echo-request": (8,),
    "ping": (8,), "router-advertisement": (9,), "router-solicitation": (10,),
    "time-exceeded": (11,), "ttl-exceeded": (11,), "ttl-zero-during-transit": (11, 0),
    "ttl-zero-during-reassembly": (11, 1), "parameter-problem": (12,), "ip-header-bad": (12, 0),
    "required-option-missing": (12, 1), "timestamp-request": (13,), "timestamp-reply": (14,),
    "info-request": (15,), "info-reply": (16,), "address-mask-request": (17,),
    "address-mask-reply": (18,),
}  # fmt: skip

ICMPV6_TYPES: Final[dict[str, tuple[int, ...]]] = {
    "destination-unreachable": (1,), "no-route": (1, 0), "communication-prohibited": (1, 1),
    "beyond-scope": (1, 2), "address-unreachable": (1, 3), "port-unreachable": (1, 4),
    "failed-policy": (1, 5), "reject-route": (1, 6), "packet-too-big": (2,),
    "time-exceeded": (3,), "ttl-exceeded": (3,), "ttl-zero-during-transit": (3, 0),
    "ttl-zero-during-reassembly": (3, 1), "parameter-problem": (4,), "bad-header": (4, 0),
    "unknown-header-type": (4, 1), "unknown-option": (4, 2), "echo-request": (128,),
    "ping": (128,), "echo-reply": (129,), "pong": (129,), "mld-listener-query": (130,),
    "mld-listener-report": (131,), "mld-listener-done": (132,),
    "mld-listener-reduction": (132,), "router-solicitation": (133,),
    "nd-router-solicit": (133,), "router-advertisement": (134,), "nd-router-advert": (134,),
    "neighbor-solicitation": (135,), "neighbour-solicitation": (135,),
    "nd-neighbor-solicit": (135,), "neighbor-advertisement": (136,),
    "neighbour-advertisement": (136,), "nd-neighbor-advert": (136,), "redirect": (137,),
    "nd-redirect": (137,), "router-renumbering": (138,), "ind-neighbor-solicit": (141,),
    "ind-neighbor-advert": (142,), "mld2-listener-report": (143,),
}  # fmt: skip

#: Codes by name, as nftables has them for ``icmp code`` and ``icmpv6 code``.
ICMP_CODES: Final = {
    "net-unreachable": 0, "host-unreachable": 1, "prot-unreachable": 2, "port-unreachable": 3,
    "frag-needed": 4, "net-prohibited": 9, "host-prohibited": 10, "admin-prohibited": 13,
}  # fmt: skip
ICMPV6_CODES: Final = {
    "no-route": 0, "admin-prohibited": 1, "addr-unreachable": 3, "port-unreachable": 4,
    "policy-fail": 5, "reject-route": 6,
}  # fmt: skip

SERVICES: Final = {
    "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "bootps": 67,
    "bootpc": 68, "tftp": 69, "http": 80, "kerberos": 88, "iso-tsap": 102, "pop3": 110,
    "sunrpc": 111, "auth": 113, "ntp": 123, "netbios-ns": 137, "netbios-dgm": 138,
    "netbios-ssn": 139, "imap2": 143, "snmp": 161, "snmp-trap": 162, "bgp": 179, "ldap": 389,
    "https": 443, "microsoft-ds": 445, "submissions": 465, "isakmp": 500, "syslog": 514,
    "printer": 515, "dhcpv6-client": 546, "dhcpv6-server": 547, "rtsp": 554,
    "submission": 587, "ipp": 631, "ldaps": 636, "rsync": 873, "ftps": 990, "imaps": 993,
    "pop3s": 995, "openvpn": 1194, "ms-sql-s": 1433, "radius": 1812, "radius-acct": 1813,
    "nfs": 2049, "mysql": 3306, "ms-wbt-server": 3389, "rdp": 3389, "ipsec-nat-t": 4500,
    "mdns": 5353, "postgresql": 5432, "amqp": 5672, "x11": 6000, "syslog-tls": 6514,
    "http-alt": 8080, "dnp": 20000,
}  # fmt: skip


def icmp_span(kind: int, code: int | None = None) -> Span:
    """``type << 8 | code`` of one type, all its codes or one."""
    if not 0 <= kind <= 255 or (code is not None and not 0 <= code <= 255):  # noqa: PLR2004  # octets
        raise ValueError("a type or code of ICMP is no octet")
    return (kind << 8, kind << 8 | 255) if code is None else (kind << 8 | code,) * 2


def icmp_type(text: str, names: Mapping[str, tuple[int, ...]]) -> Span:
    """The span of ``8``, ``3/4`` or a name.

    Raises:
        ValueError: it is none of these.
    """
    known = names.get(text.casefold())
    if known is None:
        kind, slash, code = text.partition("/")
        known = (int(kind, 0), int(code, 0)) if slash else (int(kind, 0),)
    return icmp_span(*known)


def number(text: str, names: dict[str, int], most: int) -> int:
    """A number or a name for one.

    Raises:
        ValueError: it is neither, or out of range.
    """
    found = names.get(text.casefold())
    value = int(text, 0) if found is None else found
    if not 0 <= value <= most:
        raise ValueError(f"{text!r} is out of range")
    return value
