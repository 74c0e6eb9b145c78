"""Hosts in Linux network namespaces of their own, joined by one switch that also routes.

Every subnet is a bridge in the *fabric* namespace, with the subnet's first address as its
gateway; every host is a namespace with one cable to its bridge. Needs root and iproute2.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path
from types import TracebackType
from typing import Self

_CLONE_NEWNET = 0x40000000
_SIOCETHTOOL = 0x8946
# Checksums, segmentation and coalescing that a card would do for the kernel: switched off, so
# that a frame in the capture is a frame that could have been on a cable.
_OFFLOADS = (0x17, 0x1F, 0x24, 0x2C)  # ETHTOOL_STXCSUM, STSO, SGSO, SGRO
_SYSCTLS = {
    "ipv6/conf/all/disable_ipv6": "1",
    "ipv6/conf/default/disable_ipv6": "1",
    "ipv4/ip_forward": "0",
    # A clock of its own in every segment would betray the scaled time.
    "ipv4/tcp_timestamps": "0",
}
# One question for a neighbour's address is enough for the minutes of a recording.
_NEIGHBOUR_MS = "36000000"


@dataclass(frozen=True, slots=True)
class Host:
    """One machine on the network.

    Attributes:
        name: the asset's id in the plant.
        address: its address with the prefix length, such as ``10.20.1.10/24``.
        acknowledges_promptly: sends each acknowledgement at once instead of up to 40 ms
            later; for hosts that ask, so that an exchange ends when its answer is there.
    """

    name: str
    address: str
    acknowledges_promptly: bool = False

    @property
    def interface(self) -> IPv4Interface:
        """Address and subnet."""
        return IPv4Interface(self.address)

    @property
    def ip(self) -> str:
        """The address alone."""
        return str(self.interface.ip)

    @property
    def mac(self) -> str:
        """A locally administered MAC address that holds the IP address."""
        return "02:00:" + ":".join(f"{octet:02x}" for octet in self.interface.ip.packed)


def gateway(network: IPv4Network) -> str:
    """The router's address in ``network``: its first."""
    return str(network.network_address + 1)


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """This thread's sockets are made in ``namespace`` until the block ends."""
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    other = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        _enter(other)
        yield
    finally:
        _enter(own)
        os.close(other)
        os.close(own)


class Network:
    """The plant's network; exists while the ``with`` block runs, and leaves nothing behind.

    Args:
        name: prefix of every namespace, at most a few letters.
        hosts: who is on it.
    """

    def __init__(self, name: str, hosts: Sequence[Host]) -> None:
        self.hosts = {host.name: host for host in hosts}
        self._name = name
        self.fabric = f"{name}-fabric"
        #: The switch's ports, by name: where each host's cable ends.
        self.ports = {f"port{n}": host for n, host in enumerate(hosts)}

    def namespace(self, host: str) -> str:
        """The namespace of ``host``."""
        return f"{self._name}-{self.hosts[host].name}"

    def __enter__(self) -> Self:
        self._remove()
        try:
            self._lay()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._remove()

    def _lay(self) -> None:
        subnets = sorted({host.interface.network for host in self.hosts.values()})
        bridges = {subnet: f"bridge{n}" for n, subnet in enumerate(subnets)}
        _ip(f"netns add {self.fabric}")
        _set(self.fabric, {**_SYSCTLS, "ipv4/ip_forward": "1"})
        for subnet, bridge in bridges.items():
            _ip(
                f"-n {self.fabric} link add name {bridge} type bridge mcast_snooping 0",
                f"-n {self.fabric} addr add {gateway(subnet)}/{subnet.prefixlen} dev {bridge}",
                f"-n {self.fabric} link set {bridge} up",
            )
            _remember_neighbours(self.fabric, bridge)
        for port, host in self.ports.items():
            self._connect(host, port, bridges[host.interface.network])

    def _connect(self, host: Host, port: str, bridge: str) -> None:
        namespace = self.namespace(host.name)
        _ip(f"netns add {namespace}")
        _set(namespace, _SYSCTLS)
        _ip(
            f"-n {self.fabric} link add {port} type veth "
            f"peer name eth0 address {host.mac} netns {namespace}",
            f"-n {self.fabric} link set {port} master {bridge} up",
            f"-n {namespace} addr add {host.address} dev eth0",
            f"-n {namespace} link set lo up",
            f"-n {namespace} link set eth0 up",
        )
        _switch_offloads_off(self.fabric, port)
        _switch_offloads_off(namespace, "eth0")
        _remember_neighbours(namespace, "eth0")
        prompt = " quickack 1" if host.acknowledges_promptly else ""
        subnet = host.interface.network
        _ip(
            f"-n {namespace} route replace {subnet} dev eth0 src {host.ip}{prompt}",
            f"-n {namespace} route add default via {gateway(subnet)}{prompt}",
        )

    def _remove(self) -> None:
        listed = subprocess.run(["ip", "netns", "list"], check=True, capture_output=True, text=True)
        mine = {self.fabric, *map(self.namespace, self.hosts)}
        for line in listed.stdout.splitlines():
            namespace = line.split()[0]
            if namespace in mine:
                _ip(f"netns del {namespace}")


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "setns")


def _ip(*commands: str) -> None:
    for command in commands:
        subprocess.run(["ip", *command.split()], check=True)


def _set(namespace: str, settings: Mapping[str, str]) -> None:
    with inside(namespace):
        for name, value in settings.items():
            Path("/proc/sys/net", name).write_text(value, encoding="ascii")


def _remember_neighbours(namespace: str, interface: str) -> None:
    _set(namespace, {f"ipv4/neigh/{interface}/base_reachable_time_ms": _NEIGHBOUR_MS})


def _switch_offloads_off(namespace: str, interface: str) -> None:
    with inside(namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        for command in _OFFLOADS:
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            request = struct.pack("16sP", interface.encode(), ctypes.addressof(value))
            fcntl.ioctl(handle, _SIOCETHTOOL, request + bytes(16))
