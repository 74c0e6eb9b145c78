"""What must be found, as it is done."""

from __future__ import annotations

import asyncio
import struct
from datetime import datetime
from ipaddress import IPv4Network

from record.hosts import (
    ENGINEERING,
    OFFICE_CLIENT,
    OPTIMISER,
    PUMP_PLC,
    STRANGER,
    WELL_RTU,
)
from record.stations import MASTER, PUMPS, SPEED_SETPOINT, WELL, WELL_PUMP, Cast
from recording.stacks.dnp3 import PORT as DNP3_PORT
from recording.stacks.dnp3 import Dnp3Master
from recording.stacks.s7 import PORT as S7_PORT
from recording.stacks.tls import visit

_SCANNED = ("192.168.40.0/27", "172.16.8.0/27")


class Deeds:
    """What the stations do that they should not.

    Args:
        cast: the stations.
    """

    def __init__(self, cast: Cast) -> None:
        self._cast = cast

    def stranger_stops_well(self, at: datetime) -> None:
        """Someone on the radio network takes the master's place and stops the well's pump."""
        stranger = Dnp3Master(self._cast.stations[STRANGER.name], WELL_RTU.ip, MASTER, WELL)
        stranger.switch_directly(WELL_PUMP, on=False)
        stranger.close()
        self._cast.scada_well.close()

    def engineer_stops_pumps(self, at: datetime) -> None:
        """The engineering laptop stops the pumps' controller while water is supplied."""
        client = self._cast.s7(ENGINEERING.name, PUMP_PLC.ip)
        client.stop()
        client.close()

    def optimiser_sets_speed(self, at: datetime) -> None:
        """The optimiser, which only advises, sets the pumps' speed itself."""
        client = self._cast.s7(OPTIMISER.name, PUMP_PLC.ip)
        client.write(PUMPS, SPEED_SETPOINT, struct.pack(">f", 96.0))
        client.close()

    def scada_restarts_tank(self, at: datetime) -> None:
        """SCADA asks the high tank's outstation for a cold restart."""
        self._cast.scada_tank.restart()
        self._cast.scada_tank.close()
        self._cast.tank.boot()

    def office_scans(self, at: datetime) -> None:
        """A computer of the office looks for controllers and outstations."""
        self._cast.stations[OFFICE_CLIENT.name].run(_try_all(_SCANNED))

    def optimiser_visits_hub(self, at: datetime) -> None:
        """The optimiser fetches something from a public model hub."""
        visit(self._cast.stations[OPTIMISER.name], self._cast.hub, 600, 30_000)

    def vendor_comes_at_night(self, at: datetime) -> None:
        """The pumps' maker does what it always does, outside the grant's windows."""
        self._cast.vendor_checks_pumps(at)

    def filterman_washes_in_supply(self, at: datetime) -> None:
        """The backwash valve is opened while water is supplied."""
        self._cast.filterman_opens_backwash(at)

    def well_loses_power(self, at: datetime) -> None:
        """The well's outstation answers no more; its radio does."""
        self._cast.well.lose_power()

    def well_regains_power(self, at: datetime) -> None:
        """The well's outstation answers again."""
        self._cast.well.regain_power()


async def _try_all(ranges: tuple[str, ...]) -> None:
    addresses = [str(address) for text in ranges for address in IPv4Network(text).hosts()]
    pairs = [(address, port) for address in addresses for port in (S7_PORT, DNP3_PORT)]
    await asyncio.gather(*(_touch(address, port) for address, port in pairs))


async def _touch(address: str, port: int) -> None:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), 0.3)
    except (OSError, TimeoutError):
        return
    writer.close()
    await writer.wait_closed()
