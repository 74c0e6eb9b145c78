"""Services: what is spoken on which ports."""

from __future__ import annotations

from checkvalve.plant.addresses import PortRange, Proto
from checkvalve.plant.base import Part
from checkvalve.plant.refs import ModeId


class Service(Part):
    """Something that a machine answers on. What is left out is not restricted.

    Attributes:
        proto: transport.
        dst_ports: ports of the side that is asked.
        application: the protocol spoken, such as ``modbus`` or ``tls``.
    """

    proto: Proto = "any"
    dst_ports: tuple[PortRange, ...] = ()
    application: str | None = None

    def allows(self, proto: str, port: int) -> bool:
        """Whether this transport and destination port are inside it."""
        if self.proto not in ("any", proto):
            return False
        return not self.dst_ports or any(port in ports for ports in self.dst_ports)


class Flow(Service):
    """What may pass through a conduit.

    Attributes:
        functions: what may be asked: functions in the words of the protocol's standard, or
            intents (``read``, ``write``, ``control``, ``program``, ``discover``, ``session``).
        modes: process modes in which it may be used.
    """

    functions: tuple[str, ...] = ()
    modes: tuple[ModeId, ...] = ()
