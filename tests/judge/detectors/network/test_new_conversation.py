from __future__ import annotations

from tests.judge.detectors.network.hours import Mill, one

from checkvalve.judge.detectors.network.new_conversation import NewConversation
from checkvalve.plant import Asset, Plant
from checkvalve.records import Intent
from checkvalve.testing.detectors import PLC, three_cells


def _with(*assets: Asset) -> Plant:
    plant = three_cells()
    things = [thing for members in plant.things().values() for thing in members.values()]
    return Plant.of(*things, *assets)


def _plc(name: str, last: int) -> Asset:
    return Asset(id=name, zone="cell-1", ips=(f"10.1.1.{last}",), role=PLC)


def test_a_new_pair_of_known_ends_is_one_finding_with_its_services() -> None:
    mill = Mill()
    detector = mill.teach(NewConversation)
    mill.usual()
    mill.builder.exchange("hmi-1", "hmi-2", at=mill.at, count=5)
    mill.builder.flow("hmi-1", "hmi-2", at=mill.at, protocol="modbus")
    mill.builder.flow("hmi-1", "hmi-2", at=mill.at, port=445, protocol="smb")
    found = one(detector.judge(mill.over()))
    assert found.cause == "hmi-1 hmi-2"
    assert "(modbus and smb)" in found.because
    assert found.action == "read"


def test_a_command_on_a_new_conversation_is_told_by_its_action() -> None:
    mill = Mill()
    detector = mill.teach(NewConversation)
    mill.begin()
    mill.builder.exchange("hmi-1", "plc-2a", at=mill.at, function="Write Single Coil")
    assert one(detector.judge(mill.over())).action == "write"


def test_a_new_service_between_a_known_pair_is_reported() -> None:
    mill = Mill()
    detector = mill.teach(NewConversation)
    mill.usual()
    mill.builder.flow("hmi-1", "plc-1a", at=mill.at, port=80, protocol="http")
    assert one(detector.judge(mill.over())).cause == "hmi-1 plc-1a http"


def test_a_new_device_behind_a_known_conversation_is_reported() -> None:
    mill = Mill()
    detector = mill.teach(NewConversation)
    mill.usual()
    mill.builder.exchange("hmi-1", "plc-1a", at=mill.at, device=7)
    assert one(detector.judge(mill.over())).cause == "hmi-1 plc-1a modbus device 7"


def test_known_conversations_are_not_reported() -> None:
    mill = Mill()
    detector = mill.teach(NewConversation)
    mill.usual()
    assert not detector.judge(mill.over())


def test_a_source_that_never_spoke_is_left_to_new_talker() -> None:
    mill = Mill()
    detector = mill.teach(NewConversation)
    mill.usual()
    mill.builder.flow("10.1.1.99", "plc-1a", at=mill.at)
    assert not detector.judge(mill.over())


def test_a_controller_added_in_a_known_role_is_one_question_whoever_asks_it() -> None:
    mill = Mill(
        _with(
            _plc("plc-1c", 12),
            Asset(
                id="hmi-1x", zone="cell-1", ips=("10.1.1.21",), role="Human-Machine Interface (HMI)"
            ),
        )
    )
    detector = NewConversation(mill.plant)
    mill.usual()
    mill.polls("hmi-1x", "plc-1a")
    detector.learn(mill.over())
    mill.usual()
    for panel in ("hmi-1", "hmi-1x"):
        mill.polls(panel, "plc-1c")
    found = one(detector.judge(mill.over()))
    assert str(found.subject) == "asset plc-1c"
    assert "others of the same roles do" in found.because


def test_it_says_when_only_the_zones_are_known_to_talk_so() -> None:
    mill = Mill()
    detector = mill.teach(NewConversation)
    mill.usual()
    mill.builder.exchange("hmi-1", "10.1.1.99", at=mill.at)
    found = one(detector.judge(mill.over()))
    assert "cell-1 and cell-1 are known to talk so" in found.because
    assert str(found.subject) == "address 10.1.1.99"


def test_many_new_partners_of_one_source_are_one_finding() -> None:
    mill = Mill()
    detector = mill.teach(NewConversation)
    mill.usual()
    for k in range(8):
        mill.builder.flow("hmi-1", f"10.2.0.{100 + k}", at=mill.at, port=80)
    found = one(detector.judge(mill.over()))
    assert (found.cause, found.count) == ("many", 8)


def test_probes_of_a_scan_are_left_to_scan() -> None:
    mill = Mill()
    detector = mill.teach(NewConversation)
    mill.usual()
    for k in range(30):
        mill.builder.flow("hmi-1", f"10.2.0.{100 + k}", at=mill.at, answered=False, packets=1)
    assert not detector.judge(mill.over())


def test_ports_that_are_drawn_when_needed_are_one_service() -> None:
    mill = Mill()
    detector = mill.teach(NewConversation)
    mill.usual()
    mill.builder.flow("station", "plc-1a", at=mill.at, port=49_200)
    detector.learn(mill.over())
    mill.usual()
    mill.builder.flow("station", "plc-1a", at=mill.at, port=49_777)
    assert not detector.judge(mill.over())


def test_an_answer_seen_from_its_middle_on_is_no_conversation() -> None:
    mill = Mill()
    detector = mill.teach(NewConversation)
    mill.usual()
    mill.builder.flow("plc-1a", "hmi-1", at=mill.at, port=50_123, opened=False)
    mill.builder.exchange(
        "plc-1a", "hmi-1", at=mill.at, function="opening", intent=Intent.SESSION, device=None
    )
    assert not detector.judge(mill.over())


def test_a_command_against_the_usual_direction_is_one() -> None:
    mill = Mill()
    detector = mill.teach(NewConversation)
    mill.usual()
    mill.builder.exchange("plc-1a", "hmi-1", at=mill.at, function="Write Single Coil")
    assert one(detector.judge(mill.over())).source == "plc-1a"
