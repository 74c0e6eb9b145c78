"""Windows for tests, made the way real ones are: record batches, grouped.

Example:
    ::

        builder = WindowBuilder(plant, "line1")
        builder.exchange("hmi", "filler-plc", function="Read Coils", every_s=1, count=60)
        builder.flow("hmi", "filler-plc", port=502)
        window = builder.build("production")
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa

from checkvalve.judge.grouping import Grouper
from checkvalve.judge.window import Window
from checkvalve.plant import Plant
from checkvalve.records import EXCHANGE, FLOW, GAP, GapKind, Intent, Status

#: A Monday.
MONDAY: Final = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
_MONDAY_NS: Final = int(MONDAY.timestamp()) * 1_000_000_000
_INTENTS: Final = {"Read": Intent.READ, "Write": Intent.WRITE}


class WindowBuilder:
    """Collects exchanges and flows, and groups them into windows of one run.

    Args:
        plant: where names of assets are looked up.
        site: the site's id.
        most_edges: of its grouper.
    """

    def __init__(self, plant: Plant, site: str, *, most_edges: int = 16_384) -> None:
        self.plant = plant
        self.site = site
        self._grouper = Grouper(plant, site, most_edges=most_edges)
        self._exchanges: list[dict[str, Any]] = []
        self._flows: list[dict[str, Any]] = []
        self._gaps: list[dict[str, Any]] = []
        self._packet = 0

    def exchange(  # noqa: PLR0913  # an exchange has many sides
        self,
        source: str,
        destination: str,
        *,
        at: float = 0.0,
        every_s: float = 1.0,
        count: int = 1,
        protocol: str = "modbus",
        device: int | None = 1,
        function: str = "Read Holding Registers",
        intent: Intent | None = None,
        space: str | None = None,
        first: int | None = None,
        last: int | None = None,
        value: float | None = None,
        status: Status = Status.OK,
    ) -> WindowBuilder:
        """Add requests with their replies.

        Args:
            source: an asset's id, or an address.
            destination: the same.
            at: seconds after Monday, 2 March 2026, 06:00 UTC.
            every_s: seconds between them.
            count: how many.
            protocol: as records name it.
            device: unit, slot or station.
            function: as records name it.
            intent: when left out, what the function's first word says.
            space: of the object.
            first: its address there.
            last: its last address; ``first`` when left out.
            value: its value.
            status: how they ended.

        Returns:
            Itself.
        """
        meant = intent or _INTENTS.get(function.split(maxsplit=1)[0], Intent.OTHER)
        row = {
            "source": self._address(source),
            "destination": self._address(destination),
            "protocol": protocol,
            "device": device,
            "function": function,
            "intent": str(meant),
            "space": space,
            "first": first,
            "last": first if last is None else last,
            "value": value,
            "status": str(status),
        }
        for k in range(count):
            self._packet += 1
            times = {"time": _ns(at + k * every_s), "packet": self._packet}
            self._exchanges.append({**row, **times})
        return self

    def flow(  # noqa: PLR0913  # a flow has many sides
        self,
        source: str,
        destination: str,
        *,
        at: float = 0.0,
        lasts_s: float = 0.0,
        transport: str = "tcp",
        port: int = 502,
        protocol: str | None = None,
        host: str | None = None,
        opened: bool = True,
        answered: bool = True,
        packets: int = 8,
        sent: int = 100,
        received: int = 100,
    ) -> WindowBuilder:
        """Add a conversation; what was not answered sent nothing back.

        Args:
            source: an asset's id, or an address.
            destination: the same.
            at: seconds after Monday, 2 March 2026, 06:00 UTC.
            lasts_s: seconds.
            transport: ``tcp``, ``udp``, ``icmp``.
            port: of the destination.
            protocol: as recognised by content.
            host: the name that DNS, TLS or HTTP gave the destination.
            opened: the conversation begins here.
            answered: the other end sent something.
            packets: of both ends.
            sent: payload octets from the source.
            received: payload octets to it.

        Returns:
            Itself.
        """
        self._packet += 1
        back = packets // 2 if answered else 0
        self._flows.append(
            {
                "time": _ns(at),
                "last": _ns(at + lasts_s),
                "source": self._address(source),
                "destination": self._address(destination),
                "destination_port": port,
                "transport": transport,
                "protocol": protocol,
                "name": host,
                "opening_seen": opened,
                "opened": opened,
                "answered": answered,
                "source_packets": packets - back,
                "destination_packets": back,
                "source_payload": sent,
                "destination_payload": received if answered else 0,
                "packet": self._packet,
            }
        )
        return self

    def gap(self, kind: GapKind = GapKind.DROPPED, octets: int = 1_000_000) -> WindowBuilder:
        """Add what the sensor could not see."""
        self._gaps.append({"time": _MONDAY_NS, "kind": str(kind), "octets": octets, "count": 1})
        return self

    def windows(self, mode: str | None = None) -> list[Window]:
        """All that was added since the last call, grouped: one window an hour.

        Args:
            mode: the process mode of all of it; ``None`` is unknown.
        """
        batches = (
            _batch(EXCHANGE, self._exchanges, self.site),
            _batch(FLOW, self._flows, self.site),
            _batch(GAP, self._gaps, self.site),
        )
        self._exchanges, self._flows, self._gaps = [], [], []
        found = list(self._grouper.add(*batches, mode))
        last = self._grouper.flush()
        return found if last is None else [*found, last]

    def build(self, mode: str | None = None) -> Window:
        """The one window of all that was added since the last call.

        Args:
            mode: its process mode; ``None`` is unknown.

        Raises:
            ValueError: it is not one: nothing was added, or it spans hours.
        """
        (window,) = self.windows(mode)
        return window

    def _address(self, name: str) -> str:
        asset = self.plant.assets.get(name)
        return asset.ips[0] if asset is not None else name


def _ns(seconds: float) -> int:
    return _MONDAY_NS + round(seconds * 1e9)


_DEFAULTS: Final[dict[str, Any]] = {
    "duration_ns": 1_000_000,
    "source_port": 50_000,
    "destination_port": 502,
    "transport": "tcp",
    "conversation": 1,
    "code": 3,
    "request_octets": 12,
    "response_octets": 12,
    "item": 0,
    "capture": "made.pcap",
    "opening_seen": True,
    "closed": False,
    "source_octets": 0,
    "destination_octets": 0,
}


def _batch(schema: pa.Schema, rows: list[dict[str, Any]], site: str) -> pa.RecordBatch:
    """Rows in order of time as one batch; what they leave out is usual, or null."""
    ordered = sorted(rows, key=lambda row: row["time"])
    columns = []
    for field in schema:
        usual = site if field.name == "site" else _DEFAULTS.get(field.name)
        values = [row.get(field.name, usual) for row in ordered]
        if pa.types.is_dictionary(field.type):
            columns.append(_words(values))
        elif pa.types.is_timestamp(field.type):
            columns.append(pa.array(np.array(values, np.int64)).view(field.type))
        else:
            columns.append(pa.array(values, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _words(values: list[str | None]) -> pa.DictionaryArray:
    words = list(dict.fromkeys(value for value in values if value is not None))
    places = [None if value is None else words.index(value) for value in values]
    return pa.DictionaryArray.from_arrays(
        pa.array(places, pa.int32()), pa.array(words, pa.string())
    )
