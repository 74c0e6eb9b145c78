from __future__ import annotations

from tests.judge.detectors.network.hours import Mill, one

from checkvalve.judge.detectors.network.new_talker import NewTalker


def test_a_source_that_never_spoke_is_one_finding_whatever_it_does() -> None:
    mill = Mill()
    detector = mill.teach(NewTalker)
    mill.usual()
    for target in ("plc-1a", "plc-1b", "hmi-1"):
        mill.builder.exchange("10.1.1.99", target, at=mill.at, function="Write Single Coil")
        mill.builder.flow("10.1.1.99", target, at=mill.at)
    found = one(detector.judge(mill.over()))
    assert str(found.subject) == "address 10.1.1.99"
    assert found.action == "write"
    assert "10.1.1.99 (undeclared, in cell-1) never spoke at this site" in found.because
    assert {"plc-1a", "plc-1b", "hmi-1"} < set(found.assets)


def test_a_declared_asset_that_never_spoke_is_new_too() -> None:
    mill = Mill()
    detector = mill.teach(NewTalker)
    mill.usual()
    mill.builder.flow("station", "plc-1a", at=mill.at)
    found = one(detector.judge(mill.over()))
    assert (str(found.subject), found.target) == ("asset station", "plc-1a")


def test_who_only_answered_has_spoken() -> None:
    mill = Mill()
    detector = mill.teach(NewTalker)
    mill.usual()
    mill.builder.flow("plc-1a", "hmi-1", at=mill.at)
    assert not detector.judge(mill.over())


def test_who_was_only_asked_has_not() -> None:
    mill = Mill()
    detector = mill.teach(NewTalker)
    mill.begin()
    mill.builder.flow("hmi-1", "10.1.1.99", at=mill.at, answered=False)
    detector.learn(mill.over())
    mill.begin()
    mill.builder.flow("10.1.1.99", "hmi-1", at=mill.at)
    assert one(detector.judge(mill.over())).source == "10.1.1.99"


def test_many_undeclared_newcomers_of_a_zone_are_one_question() -> None:
    mill = Mill()
    detector = mill.teach(NewTalker)
    mill.usual()
    for k in range(12):
        mill.builder.flow(f"93.184.216.{k}", "station", at=mill.at, port=443)
    found = one(detector.judge(mill.over()))
    assert str(found.subject) == "zone internet"
    assert found.count == 12


def test_a_newcomer_that_scans_is_left_to_scan() -> None:
    mill = Mill()
    detector = mill.teach(NewTalker)
    mill.usual()
    for k in range(20):
        mill.builder.flow("10.1.1.99", f"10.1.1.{100 + k}", at=mill.at, answered=False, packets=1)
    assert not detector.judge(mill.over())
