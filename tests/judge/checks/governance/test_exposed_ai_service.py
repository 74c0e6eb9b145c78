from __future__ import annotations

from typing import Final

import pytest

from checkvalve.findings import Answer, Verdict
from checkvalve.judge.checks.base import Seen
from checkvalve.judge.checks.governance.exposed_ai_service import ExposedAiService
from checkvalve.testing.segmentation import NOON, network_of, plant_of

PLANT: Final = """
zones:
  - {id: office, level: 4, kind: enterprise, cidrs: [10.9.0.0/24, "fd00:9::/64"]}
  - {id: models, level: 3.5, kind: ai, cidrs: [10.5.0.0/24, "fd00:5::/64"]}
assets:
  - {id: server, zone: models, ips: [10.5.0.4, "fd00:5::4"]}
components:
  - {id: tuner, kind: model, asset: server}
firewalls:
  - {id: fw, vendor: test, interfaces: {ai: models, lan: office, wan: internet}}
"""


def verdicts(rules: str | None, more: str = "", text: str = PLANT) -> list[Verdict]:
    plant = plant_of(text + more)
    network = None if rules is None else network_of(plant, fw=rules)
    return ExposedAiService().verdicts(plant, Seen(network=network), NOON)


def only(rules: str | None, more: str = "", text: str = PLANT) -> Verdict:
    (told,) = verdicts(rules, more, text)
    return told


def test_a_registry_that_the_office_reaches_is_exposed() -> None:
    told = only("accept tcp 10.9.0.0/24 10.5.0.4 5000")
    assert told.answer is Answer.BROKEN
    assert told.because == (
        "office may open tcp/5000 to AI machines in models: model registry (MLflow; container "
        "registry in plain text), such as 10.9.0.1 to 10.5.0.4 tcp/5000; no conduit declares it"
    )
    assert told.finding is not None
    assert told.finding.assets == ("server",)
    assert told.finding.evidence[-1].line == 1


def test_so_is_one_over_ipv6_or_from_the_internet() -> None:
    assert only("accept tcp fd00:9::/64 fd00:5::4 8888").answer is Answer.BROKEN
    assert "internet may open" in only("accept tcp 8.0.0.0/8 10.5.0.4 11434").because


def test_a_line_for_everything_is_one_finding() -> None:
    told = only("accept any 10.9.0.0/24 10.5.0.0/24")
    assert "any AI service" in told.because


def test_two_kinds_of_service_are_two_findings() -> None:
    assert len(verdicts("accept tcp 10.9.0.0/24 10.5.0.0/24 5000,8888")) == 2


@pytest.mark.parametrize("flows", ["", ", flows: [{proto: tcp, dst_ports: [5000]}]"])
def test_a_declared_conduit_exposes_nothing(flows: str) -> None:
    conduit = "conduits: [{id: c, from: office, to: models%s}]\n"
    assert only("accept tcp 10.9.0.0/24 10.5.0.4 5000", conduit % flows).answer is Answer.HOLDS
    other = conduit % ", flows: [{proto: tcp, dst_ports: [443]}]"
    assert only("accept tcp 10.9.0.0/24 10.5.0.4 5000", other).answer is Answer.BROKEN
    over = conduit % f"{flows}, valid_until: 2026-01-01"
    assert only("accept tcp 10.9.0.0/24 10.5.0.4 5000", over).answer is Answer.BROKEN


def test_a_port_that_a_node_s_posture_excludes_is_not_exposed() -> None:
    node = "edge_nodes: [{id: n, asset: server, posture: {listening_ports: [22, 8883]}}]\n"
    assert only("accept tcp 10.9.0.0/24 10.5.0.4 5000", node).answer is Answer.HOLDS
    assert only("accept tcp 10.9.0.0/24 10.5.0.4 8883", node).answer is Answer.BROKEN


def test_other_services_and_other_machines_are_not_looked_at() -> None:
    assert only("accept tcp 10.9.0.0/24 10.5.0.4 22").answer is Answer.HOLDS
    assert only("accept tcp 10.9.0.0/24 10.5.0.77 5000").answer is Answer.HOLDS


def test_a_line_that_is_not_understood_leaves_it_open() -> None:
    told = only("accept tcp 10.9.0.0/24 10.5.0.4 5000 unknown=a user group")
    assert told.answer is Answer.CANNOT_TELL
    assert "a user group" in told.because


def test_zones_that_no_firewall_joins_are_told_together() -> None:
    told = only("", text=PLANT.replace(", lan: office, wan: internet", ""))
    assert told.answer is Answer.CANNOT_TELL
    assert "from office, internet" in told.because


def test_without_rule_sets_it_cannot_tell() -> None:
    assert only(None).answer is Answer.CANNOT_TELL


SOURCE: Final = """
data_sources: [{id: topics, endpoint: "%s"}]
connectors: [{id: pump, component: tuner, sources: [topics]}]
"""


@pytest.mark.parametrize(
    ("endpoint", "answer"),
    [
        ("mqtt://10.9.0.7", Answer.BROKEN),
        ("http://10.9.0.7:8080/data", Answer.BROKEN),
        ("mqtts://10.9.0.7", Answer.HOLDS),
        ("mqtt://10.5.0.9", Answer.HOLDS),
        ("mqtt://broker.example", Answer.CANNOT_TELL),
    ],
)
def test_a_source_that_another_zone_reads_in_plain_text_is_told(
    endpoint: str, answer: Answer
) -> None:
    (told,) = [v for v in verdicts("", SOURCE % endpoint) if v.subject.kind == "data_source"]
    assert told.answer is answer


def test_of_a_reader_whose_machine_is_not_said_nobody_can_tell() -> None:
    given = verdicts("", SOURCE % "mqtt://10.5.0.9", PLANT.replace(", asset: server}", "}"))
    (told,) = [v for v in given if v.subject.kind == "data_source"]
    assert told.answer is Answer.CANNOT_TELL


def test_it_says_how_the_source_would_be_encrypted() -> None:
    given = verdicts(None, SOURCE % "mqtt://10.9.0.7")
    (told,) = [v for v in given if v.answer is Answer.BROKEN]
    assert told.because == "tuner reads topics as mqtt, in plain text"
    assert told.finding is not None
    assert "mqtts://10.9.0.7" in told.finding.evidence[-1].actual
