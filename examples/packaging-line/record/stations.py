"""The stations of the packaging line, and what each of them does."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import datetime

from record.hosts import (
    AI_PLATFORM,
    AI_SERVICE,
    CAMERA,
    EDGE_NODE,
    ENGINEERING,
    FILLER_PLC,
    HISTORIAN,
    HMI,
    HOSTS,
    JUMP_HOST,
    LINE_PLC,
    MES,
    NAME_SERVER,
    OFFICE_PC,
    QUALITY,
    SAFETY_CONTROLLER,
    VENDOR_LAPTOP,
)
from record.process import MODES, Process
from recording.namespaces import Network
from recording.stacks.dns import DnsServer, resolve
from recording.stacks.http import HttpClient, HttpServer
from recording.stacks.modbus import (
    DISCRETES,
    HOLDING,
    INPUTS,
    ModbusClient,
    ModbusServer,
)
from recording.stacks.mqtt import MqttBroker, MqttPublisher
from recording.stacks.opcua import OpcUaClient, OpcUaServer
from recording.stacks.smb import SmbServer
from recording.stacks.tls import TlsServer, visit
from recording.station import Station

UNIT = 1
#: Holding registers of the line PLC that the HMI sets.
MODE_REQUEST, SPEED_SETPOINT, RECIPE = 10, 11, 20
#: Of the filler: setpoints, valve wear, dosing parameters; and its coil that starts cleaning.
FILLER_SETPOINTS, VALVE_WEAR, DOSING = 50, 100, 200
CLEANING = 5
#: The line PLC's coil that lets the line run.
RUN = 0

_MODEL = "seal-inspection 4.2.0"
_RESULTS = ("POST", "/inspection-results")
_MODEL_REPOSITORY = "models.line1.example"
_REMOTE_ACCESS = "remote.line1.example"
_REPORTS = "historian.line1.example"
AI_SERVICE_NAME = "api.openai.com"


class Cast:
    """Every station of the line with its servers and clients.

    Args:
        network: where they are.
        process: what their registers show.
        ending: takes what must be closed.
    """

    def __init__(self, network: Network, process: Process, ending: ExitStack) -> None:
        self.process = process
        self.stations = {host.name: Station(network, host.name) for host in HOSTS}
        for station in self.stations.values():
            ending.callback(station.close)
        self._serve(ending)
        self._connect()

    def _serve(self, ending: ExitStack) -> None:
        at = self.stations
        self.line = ModbusServer(at["line-plc"], UNIT, ("Nordbau", "LC-410", "3.2"))
        self.filler = ModbusServer(at["filler-plc"], UNIT, ("Fillwell", "FW-12", "1.9"))
        self._safety = ModbusServer(at["safety-controller"], UNIT, ("Sichertec", "SC-2", "2.0"))
        self._opcua = OpcUaServer(at["line-plc"], ("Mode", "Speed", "Bottles"))
        broker = MqttBroker(at["historian"])
        images = HttpServer(at["edge-node"], 8000, {("POST", "/frames"): 204})
        mes = HttpServer(at["mes"], 8080, {_RESULTS: 204})
        quality = HttpServer(at["quality"], 8080, {_RESULTS: 204})
        self._reports = TlsServer(at["historian"], _REPORTS)
        self._models = TlsServer(at["ai-platform"], _MODEL_REPOSITORY)
        self._portal = TlsServer(at["jump-host"], _REMOTE_ACCESS)
        self.cloud = TlsServer(at["ai-service"], AI_SERVICE_NAME)
        self._share = SmbServer(at["engineering-workstation"])
        names = {_MODEL_REPOSITORY: AI_PLATFORM.ip, AI_SERVICE_NAME: AI_SERVICE.ip}
        self._names = DnsServer(at["name-server"], names)
        for server in (self._opcua, broker, images, mes, quality):
            ending.callback(server.close)

    def _connect(self) -> None:
        self._hmi_line = self.modbus(HMI.name, LINE_PLC.ip)
        self._hmi_filler = self.modbus(HMI.name, FILLER_PLC.ip)
        self._hmi_safety = self.modbus(HMI.name, SAFETY_CONTROLLER.ip)
        self._line_filler = self.modbus(LINE_PLC.name, FILLER_PLC.ip)
        self._line_safety = self.modbus(LINE_PLC.name, SAFETY_CONTROLLER.ip)
        self._edge_line = self.modbus(EDGE_NODE.name, LINE_PLC.ip)
        self.quality_filler = self.modbus(QUALITY.name, FILLER_PLC.ip)
        at = self.stations
        self._mes_line = OpcUaClient(at[MES.name], self._opcua)
        self._line_historian = MqttPublisher(at[LINE_PLC.name], HISTORIAN.ip, "line-plc")
        self._camera_edge = HttpClient(at[CAMERA.name], EDGE_NODE.ip, 8000, "cam/2.4")
        self.edge_mes = HttpClient(at[EDGE_NODE.name], MES.ip, 8080, "vision/4.2")
        self._edge_quality = HttpClient(at[EDGE_NODE.name], QUALITY.ip, 8080, "vision/4.2")

    def modbus(self, client: str, server: str) -> ModbusClient:
        """A connection from one station to another's address."""
        return ModbusClient(self.stations[client], server, UNIT)

    def hmi_polls_line(self, at: datetime) -> None:
        """The HMI reads mode, speed and counters."""
        self.line.put(HOLDING, 0, self.process.line_registers(at))
        self._hmi_line.read(HOLDING, 0, 10)

    def hmi_polls_filler(self, at: datetime) -> None:
        """The HMI reads the filler's state."""
        self.filler.put(HOLDING, 0, self.process.filler_registers(at))
        self._hmi_filler.read(HOLDING, 0, 10)

    def hmi_polls_safety(self, at: datetime) -> None:
        """The HMI reads guards and emergency stops."""
        self._hmi_safety.read(DISCRETES, 0, 8)

    def line_polls_filler(self, at: datetime) -> None:
        """The line PLC reads the filler's state."""
        self.filler.put(HOLDING, 0, self.process.filler_registers(at))
        self._line_filler.read(HOLDING, 0, 4)

    def line_polls_safety(self, at: datetime) -> None:
        """The line PLC reads guards and emergency stops."""
        self._line_safety.read(DISCRETES, 0, 8)

    def line_trims_filler(self, at: datetime) -> None:
        """The line PLC adjusts the filler's speed."""
        self._line_filler.write_register(FILLER_SETPOINTS, self._speed(at))

    def line_sets_filler(self, at: datetime) -> None:
        """The line PLC gives the filler the setpoints of a new mode."""
        mode = MODES.index(self.process.mode(at)) + 1
        self._line_filler.write_registers(FILLER_SETPOINTS, [self._speed(at), 7_500, 210, mode])

    def line_publishes(self, at: datetime) -> None:
        """The line PLC publishes its counters to the historian."""
        state = {"at": _stamp(at), "mode": self.process.mode(at), "n": self.process.bottles(at)}
        self._line_historian.publish("line1/state", as_json(state))

    def edge_reads_counters(self, at: datetime) -> None:
        """The edge node reads how many bottles have passed."""
        self.line.put(INPUTS, 0, self.process.counter_registers(at))
        self._edge_line.read(INPUTS, 0, 4)

    def camera_sends_image(self, at: datetime) -> None:
        """The camera sends a picture (its thumbnail here) to the edge node."""
        picture = bytes(octet % 251 for octet in range(700))
        self._camera_edge.send("POST", "/frames", picture, "image/jpeg")

    def edge_reports_to_mes(self, at: datetime) -> None:
        """The edge node sends inspection results to the MES."""
        self.edge_mes.send(*_RESULTS, self._results(at), "application/json")

    def edge_reports_to_quality(self, at: datetime) -> None:
        """The edge node sends inspection results to the quality system."""
        self._edge_quality.send(*_RESULTS, self._results(at), "application/json")

    def mes_reads_line(self, at: datetime) -> None:
        """The MES reads mode, speed and bottles."""
        mode, speed = self.process.line_registers(at)[:2]
        bottles = self.process.bottles(at)
        self._opcua.put({"Mode": mode, "Speed": speed, "Bottles": bottles})
        self._mes_line.read_all()

    def quality_reads_filler(self, at: datetime) -> None:
        """The quality system reads the fill level."""
        self.filler.put(HOLDING, 0, self.process.filler_registers(at))
        self.quality_filler.read(HOLDING, 0, 5)

    def office_reads_report(self, at: datetime) -> None:
        """Someone in the office opens a report of the historian."""
        visit(self.stations[OFFICE_PC.name], self._reports, 120, 900)

    def operator_requests_mode(self, at: datetime) -> None:
        """The operator asks the line for its next mode."""
        self._hmi_line.write_register(MODE_REQUEST, MODES.index(self.process.mode(at)) + 1)

    def operator_sets_speed(self, at: datetime) -> None:
        """The operator adjusts the line's speed."""
        self._hmi_line.write_register(SPEED_SETPOINT, self._speed(at))

    def operator_loads_recipe(self, at: datetime) -> None:
        """The operator loads the next product's recipe."""
        self._hmi_line.write_registers(RECIPE, [17, 750, 210, 36, 120, 4, 0, 1])

    def operator_starts_cleaning(self, at: datetime) -> None:
        """The operator starts cleaning in place."""
        self._hmi_filler.write_coil(CLEANING, value=True)

    def operator_ends_cleaning(self, at: datetime) -> None:
        """The operator ends cleaning in place."""
        self._hmi_filler.write_coil(CLEANING, value=False)

    def engineer_tunes_filler(self, at: datetime) -> None:
        """The engineer identifies the filler, reads its dosing parameters and writes them."""
        client = self.modbus(ENGINEERING.name, FILLER_PLC.ip)
        client.identify()
        client.read(HOLDING, DOSING, 16)
        client.write_registers(DOSING, [150, 152, 149, 151, 150, 150, 148, 150])
        client.close()

    def node_pulls_update(self, at: datetime) -> None:
        """The edge node looks for a signed model update and stages what it finds."""
        edge = self.stations[EDGE_NODE.name]
        resolve(edge, NAME_SERVER.ip, _MODEL_REPOSITORY)
        visit(edge, self._models, 300, 6_000)

    def vendor_checks_valves(self, at: datetime) -> None:
        """The vendor signs in at the jump host and reads the wear of the filler's valves."""
        visit(self.stations[VENDOR_LAPTOP.name], self._portal, 400, 800)
        client = self.modbus(JUMP_HOST.name, FILLER_PLC.ip)
        for _ in range(3):
            client.read(HOLDING, VALVE_WEAR, 20)
        client.close()

    def shift_changes(self, at: datetime) -> None:
        """The HMI and the edge node start again with a new shift."""
        for client in (self._hmi_line, self._hmi_filler, self._hmi_safety, self._edge_line):
            client.close()
        for results in (self.edge_mes, self._edge_quality, self._camera_edge):
            results.close()

    def _speed(self, at: datetime) -> int:
        return self.process.line_registers(at)[1]

    def _results(self, at: datetime) -> bytes:
        seen, bad = self.process.bottles(at), self.process.rejects(at)
        return as_json({"at": _stamp(at), "model": _MODEL, "seen": seen, "bad": bad})


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def as_json(content: object) -> bytes:
    """JSON without spaces."""
    return json.dumps(content, separators=(",", ":")).encode()
