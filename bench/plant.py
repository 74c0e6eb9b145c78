"""The plant behind the generated captures: what they show is all declared."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from checkvalve.plant import Plant, load
from checkvalve.testing.generators import Traffic, client_address, server_address
from checkvalve.testing.messages import dialogues

SITE: Final = "bench"


def declare(folder: Path, traffic: Traffic) -> Plant:
    """Write the plant of some traffic to a folder, and load it."""
    folder.mkdir(parents=True, exist_ok=True)
    clients = sorted({client_address(k) for k in range(traffic.conversations)})
    servers = [server_address(k) for k in range(traffic.conversations)]
    files: dict[str, list[dict[str, Any]]] = {
        "owners": [
            {"id": "automation", "team": "Automation", "person": "A. N. Other",
             "contact": "automation@bench.example", "valid_until": "2030-12-31"}
        ],
        "sites": [{"id": SITE, "name": "Bench", "time_zone": "UTC"}],
        "zones": [_zone("supervision", 3, "10.0.0.0/9"), _zone("cells", 2, "10.128.0.0/9")],
        "conduits": [
            {"id": "polls", "from": "supervision", "to": "cells", "initiates": "from",
             "direction": "two_way", "owner": "automation", "justification": "Supervision polls.",
             "flows": [
                 {"proto": "tcp", "dst_ports": [dialogue.port], "application": name}
                 for name, dialogue in dialogues().items()
             ]}
        ],
        "assets": [
            *(_asset("scada", "supervision", address, "SCADA Server") for address in clients),
            *(_asset("plc", "cells", address, "Programmable Logic Controller (PLC)")
              for address in servers),
        ],
    }  # fmt: skip
    for name, entries in files.items():
        with (folder / f"{name}.yaml").open("w", encoding="utf-8") as file:
            YAML(typ="safe").dump(entries, file)
    return load(folder)


def _zone(name: str, level: int, cidr: str) -> dict[str, Any]:
    return {"id": name, "level": level, "kind": "process", "cidrs": [cidr], "sl_t": 2,
            "owner": "automation"}  # fmt: skip


def _asset(kind: str, zone: str, address: int, role: str) -> dict[str, Any]:
    text = str(ipaddress.IPv4Address(address))
    return {
        "id": f"{kind}-{text.replace('.', '-')}", "name": text, "zone": zone, "ips": [text],
        "role": role, "safety": 2, "production": 3, "owner": "automation",
    }  # fmt: skip
