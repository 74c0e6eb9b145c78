from __future__ import annotations

import json
from importlib.resources import files

import pytest

from checkvalve.judge.checks.governance.ai_ports import ai_ports, kinds


@pytest.mark.parametrize(
    ("port", "kind"),
    [
        (8000, "inference API"), (8080, "inference API"), (11434, "inference API"),
        (5000, "model registry"), (1883, "broker"), (8883, "broker"), (9092, "broker"),
        (9000, "bucket"), (445, "share"), (3000, "dashboard"), (8888, "notebook"),
        (6333, "database"),
    ],
)  # fmt: skip
def test_a_default_port_tells_the_kind_of_server(port: int, kind: str) -> None:
    assert kinds(ai_ports().at(((port, port),))) == (kind,)


def test_ports_of_controllers_are_nobody_s() -> None:
    for port in (102, 502, 4840, 44818, 20000):
        assert not ai_ports().at(((port, port),))


def test_the_table_is_whole_and_no_port_is_listed_twice() -> None:
    text = (files("checkvalve.judge.checks.governance") / "ai_ports.json").read_text("utf-8")
    ports = [
        port
        for entry in json.loads(text)["services"]
        for low, high in entry["ports"]
        for port in range(low, high + 1)
    ]
    assert len(set(ports)) == len(ports)
    assert all(0 < port <= 65_535 for port in ports)
    assert ai_ports().as_of.year >= 2026
