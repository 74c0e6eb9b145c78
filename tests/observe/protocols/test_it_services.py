"""IT services: named by their first octets, and by nothing else."""

from __future__ import annotations

import pytest
from tests.observe.protocols.talks import OPENINGS
from tests.observe.reading import dissect

from checkvalve.observe.captures.streams import UNDECODED
from checkvalve.observe.protocols.base import NOT_MINE
from checkvalve.observe.protocols.it_services import ItServices
from checkvalve.testing.packets import pcap, timed
from checkvalve.testing.protocols import Talk, conversation, framed

PROTOCOL = ItServices()
SSH, VNC, SMB, RDP = OPENINGS["ssh"]
COOKIE = b"\3\0\0\x2c\x27\xe0\0\0\0\0\0Cookie: mstshash=eltons\r\n\1\0\x08\0\0\0\0\0"


@pytest.mark.parametrize(
    ("opening", "name"),
    [(SSH, "ssh"), (VNC, "vnc"), (SMB, "smb"), (RDP, "rdp"), (COOKIE, "rdp")],
    ids=["ssh", "vnc", "smb", "rdp", "rdp-cookie"],
)
def test_a_service_is_known_on_any_port_and_what_follows_stays_closed(
    opening: bytes, name: str
) -> None:
    frames = conversation(Talk((opening, b"secret" * 20), ()), (len(opening),))
    found = dissect(pcap(timed(frames)))
    assert [flow["protocol"] for flow in found.flows] == [name]
    assert [(row["protocol"], row["function"]) for row in found.rows] == [(name, "opening")]
    assert found.tally[UNDECODED] == 120


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"SSH-2.0",
        b"SSL-2.0-x",
        b"\0\0\0\x44\xfcSMB" + bytes(64),
        b"\3\0\0\x16\x11\xe0\0\0\0\1\0\xc0\1\x0a\xc1\2\1\0\xc2\2\1\2",  # S7
        bytes(40),
    ],
    ids=range(6),
)
def test_what_begins_otherwise_is_none_of_them(octets: bytes) -> None:
    assert framed(PROTOCOL, octets) == NOT_MINE
