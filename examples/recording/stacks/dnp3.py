"""DNP3 outstations and masters over TCP (opendnp3, in the package yadnp3)."""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping

import opendnp3

from recording.station import Station

PORT = 20_000
_PATIENCE_S = 10.0
_POINTS = 4
_ANALOG_INPUT_FLOAT = (30, 5)
#: A link address that nobody asks: the radio in front of the outstation.
_RADIO_OFFSET = 1_000


class Dnp3Outstation:
    """An outstation behind a radio: four binary and analog inputs and outputs, one counter.

    Args:
        station: where it listens.
        address: its link address.
        master: its master's.
    """

    def __init__(self, station: Station, address: int, master: int) -> None:
        self._station = station
        # Its own thread inherits the namespace of the one that makes it.
        station.call(lambda: self._open(address, master))

    def put(self, analogs: Mapping[int, float]) -> None:
        """Set analog inputs, as the outstation's own program does."""
        builder = opendnp3.UpdateBuilder()
        for index, value in analogs.items():
            builder.Update(opendnp3.Analog(value), index, opendnp3.EventMode.Suppress)
        self._outstation.Apply(builder.Build())

    def boot(self) -> None:
        """Say in the next answer that it has just started (IIN1.7)."""
        self._outstation.SetRestartIIN()

    def lose_power(self) -> None:
        """The outstation says nothing more; its radio keeps the TCP connection."""
        self._outstation.Disable()

    def regain_power(self) -> None:
        """It answers again."""
        self._outstation.Enable()

    def close(self) -> None:
        """Stop listening."""
        self._station.call(self._manager.Shutdown)

    def _open(self, address: int, master: int) -> None:
        self._manager = opendnp3.DNP3Manager(1)
        channel = self._manager.AddTCPServer(
            self._station.name,
            opendnp3.levels.NOTHING,
            opendnp3.ServerAcceptMode.CloseExisting,
            opendnp3.IPEndpoint(self._station.ip, PORT),
            opendnp3.IChannelListener(),
        )
        self._outstation = _add_outstation(channel, address, master, speaks_unasked=True)
        self._radio = _add_outstation(
            channel, address + _RADIO_OFFSET, master, speaks_unasked=False
        )


class Dnp3Master:
    """One association with one outstation.

    Args:
        station: who asks.
        server: the outstation's IP address.
        address: the master's link address.
        outstation: the outstation's.
    """

    def __init__(self, station: Station, server: str, address: int, outstation: int) -> None:
        self._station = station
        self._server = server
        self._config = opendnp3.MasterStackConfig()
        self._config.link.LocalAddr = address
        self._config.link.RemoteAddr = outstation
        self._config.link.KeepAliveTimeout = opendnp3.TimeDuration.Max()
        self._config.master.responseTimeout = opendnp3.TimeDuration.Milliseconds(500)
        self._config.master.disableUnsolOnStartup = False
        self._application = _Application()
        self._manager: opendnp3.DNP3Manager | None = None

    def read_analogs(self, first: int, last: int) -> bool:
        """Read analog inputs (g30v5); whether they were answered."""
        kind = opendnp3.GroupVariationID(*_ANALOG_INPUT_FLOAT)
        return self._ask(lambda: self._master.ScanRange(kind, first, last, _Measurements()))

    def read_all_classes(self) -> bool:
        """Read classes 0 to 3; whether they were answered."""
        field = opendnp3.ClassField(True, True, True, True)
        return self._ask(lambda: self._master.ScanClasses(field, _Measurements()))

    def switch(self, index: int, *, on: bool) -> bool:
        """Select and operate a relay (g12v1); whether it was answered."""
        kinds = opendnp3.OperationType
        block = opendnp3.ControlRelayOutputBlock(kinds.LATCH_ON if on else kinds.LATCH_OFF)
        return self._ask(lambda: self._master.SelectAndOperate(block, index, _ignore))

    def switch_directly(self, index: int, *, on: bool) -> bool:
        """Operate a relay without selecting it; whether it was answered."""
        kinds = opendnp3.OperationType
        block = opendnp3.ControlRelayOutputBlock(kinds.LATCH_ON if on else kinds.LATCH_OFF)
        return self._ask(lambda: self._master.DirectOperate(block, index, _ignore))

    def restart(self) -> bool:
        """Ask for a cold restart (function 13); whether it was answered."""
        return self._ask(lambda: self._master.Restart(opendnp3.RestartType.COLD, _ignore))

    def close(self) -> None:
        """End the connection, if the outstation has not; the next request opens another."""
        if self._manager is not None:
            self._station.call(self._manager.Shutdown)
            self._manager = None

    def _ask(self, ask: Callable[[], None]) -> bool:
        if self._manager is None:
            self._station.call(self._open)
            # The last of the requests with which a master begins.
            self._application.wait_for(opendnp3.MasterTaskType.ENABLE_UNSOLICITED)
        ask()
        return self._application.wait_for(opendnp3.MasterTaskType.USER_TASK)

    def _open(self) -> None:
        self._manager = opendnp3.DNP3Manager(1)
        # A lost connection is opened again by an act of the story, not by the stack in real time.
        retry = opendnp3.ChannelRetry.Default()
        retry.reconnectDelay = opendnp3.TimeDuration.Minutes(60)
        channel = self._manager.AddTCPClient(
            self._station.name,
            opendnp3.levels.NOTHING,
            retry,
            [opendnp3.IPEndpoint(self._server, PORT)],
            self._station.ip,
            opendnp3.IChannelListener(),
        )
        self._master = channel.AddMaster(
            self._station.name, _Measurements(), self._application, self._config
        )
        self._master.Enable()


class _Application(opendnp3.IMasterApplication):
    """Hears of every finished task."""

    def __init__(self) -> None:
        super().__init__()
        self._done: queue.Queue[opendnp3.TaskInfo] = queue.Queue()

    def OnTaskComplete(self, info: opendnp3.TaskInfo) -> None:  # noqa: N802 (opendnp3's name)
        self._done.put(info)

    def wait_for(self, kind: opendnp3.MasterTaskType) -> bool:
        """Wait for the end of a task of this kind; whether it was answered."""
        while True:
            info = self._done.get(timeout=_PATIENCE_S)
            if info.type == kind:
                return bool(info.result == opendnp3.TaskCompletion.SUCCESS)


class _Measurements(opendnp3.ISOEHandler):
    """Takes no notice of what is measured."""

    def BeginFragment(self, info: opendnp3.ResponseInfo) -> None:  # noqa: N802
        pass

    def EndFragment(self, info: opendnp3.ResponseInfo) -> None:  # noqa: N802
        pass


class _Relays(opendnp3.ICommandHandler):
    """Accepts every command."""

    def Begin(self) -> None:  # noqa: N802
        pass

    def End(self) -> None:  # noqa: N802
        pass

    def Select(self, command: object, index: int) -> opendnp3.CommandStatus:  # noqa: N802
        return opendnp3.CommandStatus.SUCCESS

    def Operate(self, *command: object) -> opendnp3.CommandStatus:  # noqa: N802
        return opendnp3.CommandStatus.SUCCESS


class _Restartable(opendnp3.IOutstationApplication):
    """Says that a restart takes thirty seconds."""

    def ColdRestartSupport(self) -> opendnp3.RestartMode:  # noqa: N802
        return opendnp3.RestartMode.SUPPORTED_DELAY_COARSE

    def ColdRestart(self) -> int:  # noqa: N802
        return 30


def _add_outstation(
    channel: opendnp3.IChannel, address: int, master: int, *, speaks_unasked: bool
) -> opendnp3.IOutstation:
    database = opendnp3.DatabaseConfig(_POINTS)
    database.double_binary = database.octet_string = {}
    database.frozen_counter = database.time_and_interval = {}
    config = opendnp3.OutstationStackConfig(database)
    config.link.LocalAddr, config.link.RemoteAddr = address, master
    config.link.KeepAliveTimeout = opendnp3.TimeDuration.Max()
    config.outstation.params.allowUnsolicited = speaks_unasked
    outstation = channel.AddOutstation(str(address), _Relays(), _Restartable(), config)
    outstation.Enable()
    return outstation


def _ignore(result: object) -> None:
    """The result is on the wire."""
