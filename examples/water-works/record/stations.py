"""The stations of the water works, and what each of them does."""

from __future__ import annotations

import json
import struct
from contextlib import ExitStack
from datetime import datetime

from record.hosts import (
    CHLORINE_PLC,
    ENGINEERING,
    GATEWAY,
    HISTORIAN,
    HOSTS,
    OFFICE_CLIENT,
    OPTIMISER,
    PANEL,
    PUMP_PLC,
    PUMP_SERVICE,
    SCADA,
    TANK_RTU,
    TREATMENT_PLC,
    WELL_RTU,
)
from record.process import MODE_WORDS, Process
from recording.namespaces import Network
from recording.stacks.dnp3 import Dnp3Master, Dnp3Outstation
from recording.stacks.http import HttpClient, HttpServer
from recording.stacks.s7 import S7Client, S7Server
from recording.stacks.tls import TlsServer, visit
from recording.station import Station

#: Data blocks: the treatment PLC's values and its parameters; the pump PLC's values and the
#: vibration of its pumps; the gas alarm's state.
VALUES, PARAMETERS, PUMPS, VIBRATION, GAS = 1, 5, 10, 20, 3
#: Octets in them that are written: the mode asked for, the backwash valve, the pumps' speed.
MODE_REQUEST, BACKWASH_VALVE, SPEED_SETPOINT = 40, 44, 40
#: DNP3 link addresses.
MASTER, WELL, TANK = 1, 11, 12
#: The relay that runs the well's pump.
WELL_PUMP = 0

MODEL_HUB_NAME = "huggingface.co"
_REMOTE_ACCESS = "access.works.example"
_REPORTS = "reports.works.example"
_SERIES = ("POST", "/series")
_LEVELS = ("GET", "/levels")
_ADVICE = ("POST", "/advice")
_HTTP, _ADVICE_PORT = 80, 8088


class Cast:
    """Every station of the works with its servers and clients.

    Args:
        network: where they are.
        process: what their controllers show.
        ending: takes what must be closed.
    """

    def __init__(self, network: Network, process: Process, ending: ExitStack) -> None:
        self.process = process
        self.stations = {host.name: Station(network, host.name) for host in HOSTS}
        for station in self.stations.values():
            ending.callback(station.close)
        self._serve(ending)
        self._connect(ending)

    def _serve(self, ending: ExitStack) -> None:
        at = self.stations
        self._treatment = S7Server(at[TREATMENT_PLC.name], {VALUES: 64, PARAMETERS: 128})
        self._pumps = S7Server(at[PUMP_PLC.name], {PUMPS: 64, VIBRATION: 64})
        self._gas = S7Server(at[CHLORINE_PLC.name], {GAS: 16})
        self.well = Dnp3Outstation(at[WELL_RTU.name], WELL, MASTER)
        self.tank = Dnp3Outstation(at[TANK_RTU.name], TANK, MASTER)
        series = HttpServer(at[HISTORIAN.name], _HTTP, {_SERIES: 204, _LEVELS: 200})
        advice = HttpServer(at[SCADA.name], _ADVICE_PORT, {_ADVICE: 202})
        self._reports = TlsServer(at[HISTORIAN.name], _REPORTS)
        self._portal = TlsServer(at[GATEWAY.name], _REMOTE_ACCESS)
        self.hub = TlsServer(at["model-hub"], MODEL_HUB_NAME)
        for server in (self._treatment, self._pumps, self._gas, self.well, self.tank):
            ending.callback(server.close)
        for http in (series, advice):
            ending.callback(http.close)

    def _connect(self, ending: ExitStack) -> None:
        self._scada_treatment = self.s7(SCADA.name, TREATMENT_PLC.ip)
        self._scada_pumps = self.s7(SCADA.name, PUMP_PLC.ip)
        self._scada_gas = self.s7(SCADA.name, CHLORINE_PLC.ip)
        self._panel_treatment = self.s7(PANEL.name, TREATMENT_PLC.ip)
        self._panel_pumps = self.s7(PANEL.name, PUMP_PLC.ip)
        at = self.stations
        self.scada_well = Dnp3Master(at[SCADA.name], WELL_RTU.ip, MASTER, WELL)
        self.scada_tank = Dnp3Master(at[SCADA.name], TANK_RTU.ip, MASTER, TANK)
        self._scada_historian = HttpClient(at[SCADA.name], HISTORIAN.ip, _HTTP, "scada/11")
        self._optimiser_historian = HttpClient(at[OPTIMISER.name], HISTORIAN.ip, _HTTP, "opt/3")
        self._optimiser_scada = HttpClient(at[OPTIMISER.name], SCADA.ip, _ADVICE_PORT, "opt/3")
        for master in (self.scada_well, self.scada_tank):
            ending.callback(master.close)
        for client in (self._scada_treatment, self._scada_pumps, self._scada_gas):
            ending.callback(client.close)
        for client in (self._panel_treatment, self._panel_pumps):
            ending.callback(client.close)

    def s7(self, client: str, server: str) -> S7Client:
        """A connection from one station to another's address."""
        return S7Client(self.stations[client], server)

    def scada_reads_treatment(self, at: datetime) -> None:
        """SCADA reads mode, turbidity, pH, flow and filter head."""
        self._treatment.put(VALUES, 0, self.process.treatment_block(at))
        self._scada_treatment.read(VALUES, 0, 20)

    def scada_reads_pumps(self, at: datetime) -> None:
        """SCADA reads speed, pressure and current of the pumps."""
        self._pumps.put(PUMPS, 0, self.process.pump_block(at))
        self._scada_pumps.read(PUMPS, 0, 12)

    def scada_reads_gas(self, at: datetime) -> None:
        """SCADA reads the state of the chlorine alarm."""
        self._scada_gas.read(GAS, 0, 4)

    def panel_reads_treatment(self, at: datetime) -> None:
        """The panel beside the filters reads what it shows."""
        self._treatment.put(VALUES, 0, self.process.treatment_block(at))
        self._panel_treatment.read(VALUES, 0, 20)

    def panel_reads_pumps(self, at: datetime) -> None:
        """The panel reads the pumps' speed and pressure."""
        self._pumps.put(PUMPS, 0, self.process.pump_block(at))
        self._panel_pumps.read(PUMPS, 0, 8)

    def scada_reads_well(self, at: datetime) -> None:
        """SCADA reads water table and yield of the well, by radio."""
        self.well.put(self.process.well_levels(at))
        self.scada_well.read_analogs(0, 1)

    def scada_reads_tank(self, at: datetime) -> None:
        """SCADA reads level and outflow of the high tank, by radio."""
        self.tank.put(self.process.tank_levels(at))
        self.scada_tank.read_analogs(0, 1)

    def scada_checks_rtus(self, at: datetime) -> None:
        """SCADA reads everything that the outstations hold."""
        self.scada_well.read_all_classes()
        self.scada_tank.read_all_classes()

    def scada_sends_series(self, at: datetime) -> None:
        """SCADA sends the last values to the historian."""
        levels = self.process.tank_levels(at)
        body = _json({"at": _stamp(at), "level": round(levels[0], 3), "out": round(levels[1], 1)})
        self._scada_historian.send(*_SERIES, body, "application/json")

    def optimiser_reads_levels(self, at: datetime) -> None:
        """The optimiser reads the tank's levels from the historian."""
        self._optimiser_historian.send(*_LEVELS, b"", "application/json")

    def optimiser_advises(self, at: datetime) -> None:
        """The optimiser proposes a pump schedule; the operator takes it or leaves it."""
        body = _json({"at": _stamp(at), "speed": round(self.process.pump_speed(at), 1)})
        self._optimiser_scada.send(*_ADVICE, body, "application/json")

    def office_reads_report(self, at: datetime) -> None:
        """Someone in the office opens a report."""
        visit(self.stations[OFFICE_CLIENT.name], self._reports, 120, 700)

    def operator_requests_mode(self, at: datetime) -> None:
        """The operator in the control room asks for the next mode."""
        word = struct.pack(">H", MODE_WORDS[self.process.mode(at)])
        self._scada_treatment.write(VALUES, MODE_REQUEST, word)

    def operator_sets_speed(self, at: datetime) -> None:
        """The operator sets the speed of the pumps."""
        speed = struct.pack(">f", self.process.pump_speed(at))
        self._scada_pumps.write(PUMPS, SPEED_SETPOINT, speed)

    def operator_switches_well(self, at: datetime) -> None:
        """The operator runs the well's pump in supply and rests it otherwise."""
        self.scada_well.switch(WELL_PUMP, on=self.process.mode(at) == "supply")

    def filterman_opens_backwash(self, at: datetime) -> None:
        """The operator at the filters opens the backwash valve."""
        self._panel_treatment.write(VALUES, BACKWASH_VALVE, b"\x01")

    def filterman_closes_backwash(self, at: datetime) -> None:
        """The operator at the filters closes it."""
        self._panel_treatment.write(VALUES, BACKWASH_VALVE, b"\x00")

    def engineer_loads_parameters(self, at: datetime) -> None:
        """The engineer saves the filters' parameters, stops, loads new ones and starts."""
        client = self.s7(ENGINEERING.name, TREATMENT_PLC.ip)
        client.identify()
        client.upload(PARAMETERS)
        client.stop()
        client.download(PARAMETERS, bytes(range(64)))
        client.start()
        client.close()

    def vendor_checks_pumps(self, at: datetime) -> None:
        """The pumps' maker signs in at the gateway and reads their vibration."""
        visit(self.stations[PUMP_SERVICE.name], self._portal, 400, 800)
        client = self.s7(GATEWAY.name, PUMP_PLC.ip)
        for _ in range(3):
            client.read(VIBRATION, 0, 32)
        client.close()

    def radios_restart(self, at: datetime) -> None:
        """At night the radio masts are switched off and on; the outstations start again."""
        for outstation, master in ((self.well, self.scada_well), (self.tank, self.scada_tank)):
            outstation.boot()
            master.close()
            master.read_analogs(0, 1)

    def clients_restart(self, at: datetime) -> None:
        """SCADA and the panel start again; their next requests open new connections."""
        for client in (self._scada_treatment, self._scada_pumps, self._scada_gas):
            client.close()
        for client in (self._panel_treatment, self._panel_pumps):
            client.close()
        for http in (self._scada_historian, self._optimiser_historian, self._optimiser_scada):
            http.close()


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _json(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()
