"""OPC UA servers and clients (asyncua), without security: what old controllers still speak."""

from __future__ import annotations

from collections.abc import Mapping

from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.node import Node
from asyncua.server.server import Server

from recording.station import Station

PORT = 4840
_NAMESPACE = "urn:packaging:line"


class OpcUaServer:
    """Serves a flat folder of numbers.

    Args:
        station: where it listens.
        names: the variables.
    """

    def __init__(self, station: Station, names: tuple[str, ...]) -> None:
        self._station = station
        self.url = f"opc.tcp://{station.ip}:{PORT}/"
        self.nodes: dict[str, ua.NodeId] = {}
        self._server = station.run(self._serve(names))

    def put(self, values: Mapping[str, float]) -> None:
        """Set variables, as the controller's own program does."""

        async def write() -> None:
            for name, value in values.items():
                await self._server.get_node(self.nodes[name]).write_value(float(value))

        self._station.run(write())

    def close(self) -> None:
        """Stop listening."""
        self._station.run(self._server.stop())

    async def _serve(self, names: tuple[str, ...]) -> Server:
        server = Server()
        await server.init()
        server.set_endpoint(self.url)
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        index = await server.register_namespace(_NAMESPACE)
        for name in names:
            node = await server.nodes.objects.add_variable(
                ua.NodeId(ua.String(name), ua.Int16(index)), name, 0.0, ua.VariantType.Double
            )
            self.nodes[name] = node.nodeid
        await server.start()
        return server


class OpcUaClient:
    """One session, kept open between reads.

    Args:
        station: who asks.
        server: whom.
    """

    def __init__(self, station: Station, server: OpcUaServer) -> None:
        self._station = station
        self._server = server
        self._client: Client | None = None
        self._nodes: list[Node] = []

    def read_all(self) -> None:
        """Read every variable in one request."""
        self._station.run(self._read_all())

    def close(self) -> None:
        """End the session."""
        if self._client is not None:
            self._station.run(self._client.disconnect())
            self._client = None

    async def _read_all(self) -> None:
        if self._client is None:
            # Its watchdog would read the server's state in real time, not in the story's.
            client = Client(self._server.url, watchdog_intervall=36_000.0)
            await client.connect()
            self._nodes = [client.get_node(node) for node in self._server.nodes.values()]
            self._client = client
        await self._client.read_values(self._nodes)
