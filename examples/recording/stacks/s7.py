"""S7comm servers and clients (python-snap7, the classic protocol)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from snap7.client import Client
from snap7.server import Server
from snap7.type import SrvArea

from recording.station import Station

PORT = 102
RACK, SLOT = 0, 1


class S7Server:
    """A controller with data blocks.

    Args:
        station: where it listens.
        blocks: octets of each data block, by number.
    """

    def __init__(self, station: Station, blocks: Mapping[int, int]) -> None:
        self._station = station
        self._blocks = {number: bytearray(octets) for number, octets in blocks.items()}
        self._server = Server(log=False)
        for number, block in self._blocks.items():
            self._server.register_area(SrvArea.DB, number, block)
        station.call(lambda: self._server.start_to(station.ip, PORT))

    def put(self, block: int, address: int, octets: bytes) -> None:
        """Set octets of a data block, as the controller's own program does."""
        self._blocks[block][address : address + len(octets)] = octets

    def close(self) -> None:
        """Stop listening."""
        self._station.call(self._server.stop)


class S7Client:
    """One connection to one controller, kept open between requests.

    Args:
        station: who asks.
        server: the controller's address.
    """

    def __init__(self, station: Station, server: str) -> None:
        self._station = station
        self._server = server
        self._client: Client | None = None

    def read(self, block: int, address: int, octets: int) -> None:
        """Read octets of a data block (function 0x04)."""
        self._ask(lambda client: client.db_read(block, address, octets))

    def write(self, block: int, address: int, octets: bytes) -> None:
        """Write octets of a data block (function 0x05)."""
        self._ask(lambda client: client.db_write(block, address, bytearray(octets)))

    def identify(self) -> None:
        """Read the component identification (userdata, SZL 0x001C)."""
        self._ask(lambda client: client.get_cpu_info())

    def upload(self, block: int) -> None:
        """Read a whole block as engineering does (functions 0x1D to 0x1F)."""
        self._ask(lambda client: client.upload(block))

    def download(self, block: int, octets: bytes) -> None:
        """Load a block into the controller (functions 0x1A to 0x1C)."""
        self._ask(lambda client: client.download(bytearray(octets), block))

    def stop(self) -> None:
        """Stop the controller (function 0x29)."""
        self._ask(lambda client: client.plc_stop())

    def start(self) -> None:
        """Start it again (function 0x28, P_PROGRAM)."""
        self._ask(lambda client: client.plc_hot_start())

    def close(self) -> None:
        """End the connection."""
        if self._client is not None:
            self._station.call(self._client.disconnect)
            self._client = None

    def _ask(self, ask: Callable[[Client], object]) -> None:
        self._station.call(lambda: ask(self._connected()))

    def _connected(self) -> Client:
        if self._client is None:
            self._client = Client()
            self._client.connect(self._server, RACK, SLOT)
        return self._client
