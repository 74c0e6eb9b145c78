from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import pytest
from tests.judge.checks.mill import mill

from checkvalve.judge.checks.declared import WEIGHT, Conduits, heaviest, speaks
from checkvalve.judge.window import End, Path
from checkvalve.records import Intent

IN_TIME = datetime(2026, 1, 31, 23, tzinfo=UTC)
LATER = datetime(2026, 2, 1, tzinfo=UTC)


def end(zone: str) -> End:
    return End(zone, "10.0.0.1", declared=True, zone=zone, role="")


def path(source: str, destination: str, port: int = 502, protocol: str = "") -> Path:
    return Path(end(source), end(destination), "tcp", port, protocol, "")


def test_a_conduit_is_open_through_its_last_day() -> None:
    assert Conduits(mill(), IN_TIME).opening("operations", "archive")
    assert not Conduits(mill(), LATER).opening("operations", "archive")


def test_a_conduit_that_lists_no_flows_covers_everything() -> None:
    ((conduit, flow),) = Conduits(mill(), LATER).covers(path("dmz", "cell", 9999, "ssh"))
    assert (conduit.id, flow) == ("jump-on", None)


@pytest.mark.parametrize(
    ("port", "protocol", "covered"),
    [(502, "modbus", 2), (502, "", 2), (502, "ssh", 0), (503, "modbus", 0)],
)
def test_a_flow_covers_its_port_unless_another_application_is_recognised(
    port: int, protocol: str, covered: int
) -> None:
    conduits = Conduits(mill(), LATER)
    assert len(conduits.covers(path("operations", "cell", port, protocol))) == covered


def test_a_conduit_is_not_open_from_its_other_end() -> None:
    assert Conduits(mill(), LATER).covers(path("cell", "operations")) == ()


@pytest.mark.parametrize("dialect", ["s7comm", "s7comm_plus", "cotp"])
def test_dialects_speak_as_their_protocol(dialect: str) -> None:
    assert speaks("s7comm", dialect)
    assert not speaks("modbus", dialect)


def test_the_intent_that_does_most_counts() -> None:
    assert set(WEIGHT) == set(Intent)
    for intents in permutations((Intent.READ, Intent.CONTROL, Intent.SESSION)):
        assert heaviest(intents) == "control"
    assert heaviest(()) == ""
