from __future__ import annotations

from tests.judge.detectors.network.hours import Mill, one

from checkvalve.judge.detectors.network.unlike_peers import UnlikePeers


def test_what_no_peer_in_another_cell_does_is_reported() -> None:
    mill = Mill()
    detector = mill.teach(UnlikePeers, hours=1)
    mill.usual()
    mill.builder.exchange("hmi-1", "plc-1a", at=mill.at, function="Write Single Coil")
    found = one(detector.judge(mill.over()))
    assert str(found.subject) == "asset hmi-1"
    assert "none of its 2 peers (hmi-2 and hmi-3;" in found.because
    assert found.action == "write"


def test_what_a_peer_does_is_usual() -> None:
    mill = Mill()
    detector = mill.teach(UnlikePeers, hours=1)
    mill.usual()
    mill.builder.exchange("hmi-2", "plc-2a", at=mill.at, function="Write Single Coil")
    detector.learn(mill.over())
    mill.usual()
    mill.builder.exchange("hmi-1", "plc-1a", at=mill.at, function="Write Single Coil")
    assert not detector.judge(mill.over())


def test_one_peer_is_too_few_to_compare_with() -> None:
    mill = Mill()
    detector = UnlikePeers(mill.plant)
    mill.begin()
    mill.polls("hmi-1", "plc-1a")
    mill.polls("hmi-2", "plc-2a")
    detector.learn(mill.over())
    mill.begin()
    mill.builder.exchange("hmi-1", "plc-1a", at=mill.at, function="Write Single Coil")
    assert not detector.judge(mill.over())


def test_who_has_no_role_has_no_peers() -> None:
    mill = Mill()
    detector = mill.teach(UnlikePeers, hours=1)
    mill.usual()
    mill.builder.exchange("10.1.1.99", "plc-1a", at=mill.at, function="Write Single Coil")
    assert not detector.judge(mill.over())


def test_what_was_taught_of_the_asset_itself_is_not_reported_though_peers_differ() -> None:
    mill = Mill()
    detector = mill.teach(UnlikePeers, hours=1)
    mill.usual()
    mill.builder.exchange("hmi-1", "plc-1a", at=mill.at, function="Write Single Coil")
    window = mill.over()
    detector.learn(window)
    assert not detector.judge(window)
