"""The mirror port: every frame that a host sends into the switch, once.

A switch that mirrors what its ports *receive* shows each frame exactly once, also a routed
one. So does this: an AF_PACKET socket in the fabric's namespace that keeps what came in
through a host's port, with the kernel's own time.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from recording.namespaces import Network, inside

_ETH_P_ALL = 0x0003
_SOL_PACKET = 263
_PACKET_STATISTICS = 6
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPNS = 35
_LONGEST_FRAME = 65_536
_ROOM = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Frame:
    """One Ethernet frame.

    Attributes:
        time: ns since 1970.
        octets: from the destination address on, without the check sequence.
    """

    time: int
    octets: bytes


class Mirror:
    """Listens while the ``with`` block runs; ``frames`` holds what was seen, in order."""

    def __init__(self, network: Network) -> None:
        with inside(network.fabric):
            self._socket = socket.socket(
                socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL)
            )
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _ROOM)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._socket.settimeout(0.2)
        self._ports = frozenset(network.ports)
        self._stopped = threading.Event()
        self._last_s = time.monotonic()
        self._thread = threading.Thread(target=self._listen, name="mirror")
        self.frames: list[Frame] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join()
        statistics = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        self._socket.close()
        _, dropped = struct.unpack("II", statistics)
        if dropped and error is None:
            raise OSError(f"the kernel dropped {dropped} frames: record on a less busy machine")

    def wait_for_silence(self, silence_s: float) -> None:
        """Return once nothing has been seen for ``silence_s`` seconds."""
        since = time.monotonic()
        while time.monotonic() - max(since, self._last_s) < silence_s:
            time.sleep(silence_s / 4)

    def _listen(self) -> None:
        while not self._stopped.is_set():
            try:
                octets, extras, _, sender = self._socket.recvmsg(_LONGEST_FRAME, 64)
            except TimeoutError:
                continue
            port, _, kind = sender[:3]
            if port in self._ports and kind != socket.PACKET_OUTGOING:
                self._last_s = time.monotonic()
                self.frames.append(Frame(_kernel_time(extras), octets))


def _kernel_time(extras: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in extras:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            return int(seconds * 1_000_000_000 + nanoseconds)
    raise OSError("the kernel gave a frame no time")
