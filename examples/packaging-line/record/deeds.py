"""What must be found, as it is done."""

from __future__ import annotations

import asyncio
from datetime import datetime
from ipaddress import IPv4Network

from record.hosts import EDGE_NODE, ENGINEERING, LINE_PLC, NAME_SERVER, OFFICE_PC
from record.stations import AI_SERVICE_NAME, FILLER_SETPOINTS, RUN, Cast, as_json
from recording.stacks.dns import resolve
from recording.stacks.modbus import HOLDING, PORT, ModbusClient, is_listening
from recording.stacks.silence import fall_silent, speak_again
from recording.stacks.smb import try_to_log_on
from recording.stacks.tls import visit

_SCANNED = ("10.20.1.0/27", "10.20.2.0/27")


class Deeds:
    """What the stations do that they should not.

    Args:
        cast: the stations.
    """

    def __init__(self, cast: Cast) -> None:
        self._cast = cast

    def engineering_scans(self, at: datetime) -> None:
        """Look for Modbus on every address of the cells, and ask who answers what it is."""
        station = self._cast.stations[ENGINEERING.name]
        found = station.run(_listening(_SCANNED))
        for address in found:
            for unit in (1, 2, 3):
                client = ModbusClient(station, address, unit)
                client.identify()
                client.read(HOLDING, 0, 1)
                client.close()

    def quality_writes_filler(self, at: datetime) -> None:
        """The quality system, which only reads, changes the fill setpoint."""
        self._cast.quality_filler.write_register(FILLER_SETPOINTS + 1, 7_900)

    def office_stops_line(self, at: datetime) -> None:
        """A computer of the office switches the line's run coil off."""
        client = self._cast.modbus(OFFICE_PC.name, LINE_PLC.ip)
        client.write_coil(RUN, value=False)
        client.close()

    def edge_asks_cloud(self, at: datetime) -> None:
        """The edge node sends data to an AI service in the cloud."""
        edge = self._cast.stations[EDGE_NODE.name]
        resolve(edge, NAME_SERVER.ip, AI_SERVICE_NAME)
        visit(edge, self._cast.cloud, 20_000, 3_000)

    def edge_sends_recipe(self, at: datetime) -> None:
        """The edge node tries to change a recipe in the MES."""
        body = as_json({"recipe": 17, "fill_ml": 790})
        self._cast.edge_mes.send("PUT", "/recipes/17", body, "application/json")

    def edge_opens_share(self, at: datetime) -> None:
        """The edge node tries to log on to the engineering workstation's share."""
        try_to_log_on(self._cast.stations[EDGE_NODE.name], ENGINEERING.ip, "vision")

    def line_ignores_edge(self, at: datetime) -> None:
        """From now on the line PLC's answers to the edge node are lost."""
        fall_silent(self._cast.stations[LINE_PLC.name], PORT, EDGE_NODE.ip)

    def line_answers_edge(self, at: datetime) -> None:
        """The edge node gets its answers again."""
        speak_again(self._cast.stations[LINE_PLC.name])

    def vendor_comes_at_night(self, at: datetime) -> None:
        """The vendor does what the vendor always does, outside the grant's windows."""
        self._cast.vendor_checks_valves(at)

    def operator_cleans_in_production(self, at: datetime) -> None:
        """The operator starts cleaning while bottles are filled."""
        self._cast.operator_starts_cleaning(at)


async def _listening(ranges: tuple[str, ...]) -> list[str]:
    addresses = [str(address) for text in ranges for address in IPv4Network(text).hosts()]
    answers = await asyncio.gather(*(is_listening(address, 0.3) for address in addresses))
    return [address for address, listens in zip(addresses, answers, strict=True) if listens]
