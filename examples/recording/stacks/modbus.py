"""Modbus/TCP servers and clients (pymodbus)."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence

from pymodbus import ModbusDeviceIdentification
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from recording.station import Station

PORT = 502
COILS, DISCRETES, HOLDING, INPUTS = 1, 2, 3, 4
_REGISTERS = 256
_BITS = 64

Ask = Callable[[AsyncModbusTcpClient], Awaitable[ModbusPDU]]


class ModbusServer:
    """A controller that answers for one unit: 256 registers and 64 bits in each table.

    Args:
        station: where it listens.
        unit: its unit identifier.
        product: what function 43/14 says: vendor, product code and revision.
    """

    def __init__(self, station: Station, unit: int, product: tuple[str, str, str]) -> None:
        self._station = station
        self._unit = unit
        vendor, code, revision = product
        self._identity = ModbusDeviceIdentification(
            info_name={
                "VendorName": vendor,
                "ProductCode": code,
                "MajorMinorRevision": revision,
            }
        )
        self._server = station.run(self._serve())

    def put(self, table: int, address: int, values: Sequence[int]) -> None:
        """Set registers, as the controller's own program does.

        Args:
            table: the function code that reads it: 3 or 4.
            address: the first register, from 0.
            values: 16-bit words.
        """
        self._station.run(self._server.async_setValues(self._unit, table, address, list(values)))

    async def _serve(self) -> ModbusTcpServer:
        bits = [SimData(0, count=_BITS, values=False, datatype=DataType.BITS)]
        words = [SimData(0, count=_REGISTERS, datatype=DataType.REGISTERS)]
        device = SimDevice(self._unit, simdata=(bits, list(bits), words, list(words)))
        server = ModbusTcpServer(device, identity=self._identity, address=(self._station.ip, PORT))
        await server.serve_forever(background=True)
        return server


class ModbusClient:
    """One connection to one controller, kept open between requests.

    Args:
        station: who asks.
        server: the controller's address.
        unit: the unit identifier to ask.
        timeout_s: how long an answer may take.
    """

    def __init__(self, station: Station, server: str, unit: int, timeout_s: float = 0.5) -> None:
        self._station = station
        self._server = server
        self._unit = unit
        self._timeout_s = timeout_s
        self._client: AsyncModbusTcpClient | None = None

    def read(self, table: int, address: int, count: int) -> bool:
        """Read ``count`` objects of a table (1 coils, 2 discretes, 3 holding, 4 input)."""
        unit = self._unit

        def ask(client: AsyncModbusTcpClient) -> Awaitable[ModbusPDU]:
            reads = {
                COILS: client.read_coils,
                DISCRETES: client.read_discrete_inputs,
                HOLDING: client.read_holding_registers,
                INPUTS: client.read_input_registers,
            }
            return reads[table](address, count=count, device_id=unit)

        return self._ask(ask)

    def write_register(self, address: int, value: int) -> bool:
        """Write one holding register (function 6)."""
        return self._ask(lambda c: c.write_register(address, value, device_id=self._unit))

    def write_registers(self, address: int, values: Sequence[int]) -> bool:
        """Write several holding registers (function 16)."""
        return self._ask(lambda c: c.write_registers(address, list(values), device_id=self._unit))

    def write_coil(self, address: int, *, value: bool) -> bool:
        """Write one coil (function 5)."""
        return self._ask(lambda c: c.write_coil(address, value, device_id=self._unit))

    def identify(self) -> bool:
        """Read the device's identification (function 43/14)."""
        return self._ask(lambda c: c.read_device_information(device_id=self._unit))

    def close(self) -> None:
        """End the connection."""
        if self._client is not None:
            self._station.run(_hang_up(self._client))
            self._client = None

    def _ask(self, ask: Ask) -> bool:
        return self._station.run(self._transact(ask))

    async def _transact(self, ask: Ask) -> bool:
        """Whether the controller answered; without an answer the connection is reset."""
        if self._client is None:
            client = AsyncModbusTcpClient(
                self._server, port=PORT, timeout=self._timeout_s, retries=0, reconnect_delay=0
            )
            if not await client.connect():
                return False
            self._client = client
        try:
            await ask(self._client)
        except ModbusException:
            _reset(self._client)
            self._client = None
            return False
        return True


async def is_listening(address: str, timeout_s: float) -> bool:
    """Whether something accepts a connection on the Modbus port of ``address``."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address, PORT), timeout_s)
    except (OSError, TimeoutError):
        return False
    writer.close()
    await writer.wait_closed()
    return True


async def _hang_up(client: AsyncModbusTcpClient) -> None:
    client.close()


def _reset(client: AsyncModbusTcpClient) -> None:
    """Close with RST, as a master does that has lost patience."""
    if client.ctx.transport is not None:
        handle = client.ctx.transport.get_extra_info("socket")
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
