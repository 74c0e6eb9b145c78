"""A server that a client can reach and that answers it nothing."""

from __future__ import annotations

import subprocess

from recording.station import Station

_SILENT = """
table ip silent {{
  chain out {{
    type filter hook output priority 0
    ip daddr {client} tcp sport {port} tcp flags & psh == psh drop
  }}
}}
"""


def fall_silent(station: Station, port: int, client: str) -> None:
    """Drop the data for one client on its way out; connections still open and close.

    Args:
        station: where the server is.
        port: the server's port.
        client: the client's address.
    """
    _nft(station, _SILENT.format(client=client, port=port))


def speak_again(station: Station) -> None:
    """Answer everybody."""
    _nft(station, "delete table ip silent")


def _nft(station: Station, rules: str) -> None:
    inside = ("ip", "netns", "exec", station.namespace)
    subprocess.run([*inside, "nft", "-f", "-"], input=rules, text=True, check=True)
