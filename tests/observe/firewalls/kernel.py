"""A firewall that is a real Linux kernel: three network namespaces, and frames of our own making.

Run as a program inside a namespace it sends frames, or tells which of them arrive.
"""

from __future__ import annotations

import os
import select
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address
from typing import Final

IN_IF: Final = "plant0"
OUT_IF: Final = "office0"
_MARK: Final = b"probe"
_MACS: Final = {"in": "02:00:00:00:01:01", "out": "02:00:00:00:02:02", "far": "02:00:00:00:02:03"}


@dataclass(frozen=True)
class Probe:
    """One packet to send: it opens a session."""

    src: str
    dst: str
    protocol: int
    src_port: int
    dst_port: int


def missing() -> str:
    """Why there can be no namespaces here; empty if there can."""
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    absent = [name for name in ("ip", "nft") if shutil.which(name) is None]
    return f"{' and '.join(absent)} not installed" if absent else ""


class Kernel:
    """The firewall between two namespaces."""

    def __init__(self, name: str) -> None:
        self._near, self._firewall, self._far = f"{name}-near", f"{name}-fw", f"{name}-far"

    def nft(self, *words: str, text: str = "") -> str:
        """Run nft on the firewall."""
        return _run("ip", "netns", "exec", self._firewall, "nft", *words, text=text)

    def arrived(self, probes: Sequence[Probe]) -> set[int]:
        """Which probes come out on the other side."""
        program = (sys.executable, "-I", __file__)
        receiver = subprocess.Popen(
            ("ip", "netns", "exec", self._far, *program, "receive"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with receiver:
            assert receiver.stdout is not None
            assert receiver.stdout.readline() == "ready\n"
            frames = "\n".join(frame(probe, number).hex() for number, probe in enumerate(probes))
            _run("ip", "netns", "exec", self._near, *program, "send", text=frames)
            told, _ = receiver.communicate("")
        return {int(word) for word in told.split()}

    def set_up(self) -> None:
        """Make the namespaces, links, addresses, routes and neighbours."""
        for space in (self._near, self._firewall, self._far):
            _run("ip", "netns", "add", space)
        firewall = ("ip", "-n", self._firewall)
        for own, peer, space, mac in (
            (IN_IF, "near0", self._near, _MACS["in"]),
            (OUT_IF, "far0", self._far, _MACS["out"]),
        ):
            _run(*firewall, "link", "add", own, "address", mac, "type", "veth", "peer", "name",
                 peer, "netns", space)  # fmt: skip
        _run("ip", "-n", self._far, "link", "set", "far0", "address", _MACS["far"])
        for key in ("ipv4.ip_forward", "ipv6.conf.all.forwarding"):
            self._sysctl(key, "1")
        for one in ("all", "default", IN_IF, OUT_IF):
            self._sysctl(f"ipv4.conf.{one}.rp_filter", "0")
            self._sysctl(f"ipv6.conf.{one}.accept_dad", "0")
        for space, name in (
            (self._firewall, IN_IF),
            (self._firewall, OUT_IF),
            (self._near, "near0"),
            (self._far, "far0"),
        ):
            _run("ip", "-n", space, "link", "set", name, "up")
        for version, own, gateway in (("-4", "192.0.2.1/24", "192.0.2.2"),
                                      ("-6", "2001:db8:f::1/64", "2001:db8:f::2")):  # fmt: skip
            _run(*firewall, version, "address", "add", own, "dev", OUT_IF)
            _run(*firewall, "neighbour", "add", gateway, "lladdr", _MACS["far"], "dev", OUT_IF)
            _run(*firewall, version, "route", "add", "default", "via", gateway, "dev", OUT_IF)

    def _sysctl(self, key: str, value: str) -> None:
        path = f"/proc/sys/net/{key.replace('.', '/')}"
        _run("ip", "netns", "exec", self._firewall, "sh", "-c", f"echo {value} > {path}")

    def tear_down(self) -> None:
        """Take the namespaces away, those that are there."""
        for space in (self._near, self._firewall, self._far):
            subprocess.run(("ip", "netns", "delete", space), check=False, capture_output=True)


@contextmanager
def kernel() -> Iterator[Kernel]:
    """A firewall that lives as long as the context."""
    made = Kernel(f"cv{os.getpid()}")
    try:
        made.set_up()
        yield made
    finally:
        made.tear_down()


def _run(*words: str, text: str = "") -> str:
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
    return done.stdout


def frame(probe: Probe, number: int) -> bytes:
    """The Ethernet frame of a probe, with its number at the end."""
    payload = _MARK + struct.pack("!I", number)
    src, dst = ip_address(probe.src), ip_address(probe.dst)
    layer = _transport(probe, payload)
    pseudo = src.packed + dst.packed + struct.pack("!II", len(layer), probe.protocol)
    place = {6: 16, 17: 6}.get(probe.protocol, 2)
    total = _sum((b"" if probe.protocol == 1 else pseudo) + layer)
    layer = layer[:place] + struct.pack("!H", total) + layer[place + 2 :]
    macs = bytes.fromhex((_MACS["in"] + "020000000101").replace(":", ""))
    if isinstance(src, IPv4Address):
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(layer), 0, 0, 64, probe.protocol, 0)
        head += src.packed + dst.packed
        head = head[:10] + struct.pack("!H", _sum(head)) + head[12:]
        return macs + b"\x08\x00" + head + layer
    head = struct.pack("!IHBB", 6 << 28, len(layer), probe.protocol, 64)
    return macs + b"\x86\xdd" + head + src.packed + dst.packed + layer


def _transport(probe: Probe, payload: bytes) -> bytes:
    ports = struct.pack("!HH", probe.src_port, probe.dst_port)
    match probe.protocol:
        case 6:
            return ports + struct.pack("!IIBBHHH", 1, 0, 0x50, 0x02, 1024, 0, 0) + payload
        case 17:
            return ports + struct.pack("!HH", 8 + len(payload), 0) + payload
        case 1:
            return struct.pack("!BBHHH", 8, 0, 0, probe.src_port, 1) + payload
        case _:
            return struct.pack("!BBHHH", 128, 0, 0, probe.src_port, 1) + payload


def _sum(octets: bytes) -> int:
    octets += b"\0" * (len(octets) % 2)
    total: int = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _send() -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sending:
        sending.bind(("near0", 0))
        for line in sys.stdin:
            sending.send(bytes.fromhex(line.strip()))


def _receive() -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as receiving:
        receiving.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        receiving.bind(("far0", 3))  # ETH_P_ALL
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.read()
        while select.select([receiving], [], [], 0.3)[0]:
            octets = receiving.recv(4096)
            if octets[-9:-4] == _MARK:
                sys.stdout.write(f"{struct.unpack('!I', octets[-4:])[0]}\n")


if __name__ == "__main__":
    _send() if sys.argv[1] == "send" else _receive()
