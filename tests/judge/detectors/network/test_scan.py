from __future__ import annotations

from tests.judge.detectors.network.hours import Mill, one

from checkvalve.judge.detectors.network.scan import Scan
from checkvalve.judge.window import Breach
from checkvalve.records import Intent, Status


def _sweep(mill: Mill, hosts: int, source: str = "station") -> None:
    for k in range(hosts):
        mill.builder.flow(
            source, f"10.1.1.{100 + k}", at=mill.at + k, answered=False, packets=1, sent=0
        )


def test_many_addresses_in_vain_are_one_finding_with_examples() -> None:
    mill = Mill()
    detector = mill.teach(Scan)
    mill.usual()
    _sweep(mill, 40)
    found = one(detector.judge(mill.over()))
    assert (found.source, found.target, str(found.subject)) == ("station", "", "asset station")
    assert "tried 40 targets" in found.because
    assert 1 < len(found.evidence) <= 10


def test_many_ports_of_one_address_are_a_scan_of_that_address() -> None:
    mill = Mill()
    detector = mill.teach(Scan)
    mill.usual()
    for port in range(1, 31):
        mill.builder.flow("station", "plc-1a", at=mill.at, port=port, answered=False, packets=2)
    assert one(detector.judge(mill.over())).target == "plc-1a"


def test_many_units_that_answer_with_errors_are_a_scan() -> None:
    mill = Mill()
    detector = mill.teach(Scan)
    mill.usual()
    for device in range(2, 30):
        mill.builder.exchange("hmi-1", "plc-1a", at=mill.at, device=device, status=Status.ERROR)
    assert "Read Holding Registers" in one(detector.judge(mill.over())).because


def test_many_functions_that_are_refused_are_a_scan() -> None:
    mill = Mill()
    detector = mill.teach(Scan)
    mill.usual()
    for code in range(60, 80):
        mill.builder.exchange(
            "hmi-1", "plc-1a", at=mill.at, function=f"function {code}", status=Status.ERROR
        )
    assert one(detector.judge(mill.over())).source == "hmi-1"


def test_commands_are_never_only_probes() -> None:
    mill = Mill()
    detector = mill.teach(Scan)
    mill.usual()
    for device in range(2, 30):
        mill.builder.exchange(
            "hmi-1",
            "plc-1a",
            at=mill.at,
            device=device,
            function="Write Single Coil",
            status=Status.ERROR,
        )
    assert not detector.judge(mill.over())


def test_a_slow_scan_adds_up_over_an_hour_of_small_windows() -> None:
    mill = Mill()
    detector = mill.teach(Scan)
    at = mill.begin()
    found = []
    for k in range(12):
        mill.builder.flow(
            "station", f"10.1.1.{100 + k}", at=at + 200 * k, answered=False, packets=1
        )
        found += detector.judge(mill.over())
    assert len({finding.id for finding in found}) == 1
    assert "tried 10 targets" in found[0].because


def test_a_slower_one_is_forgotten_after_an_hour() -> None:
    mill = Mill()
    detector = mill.teach(Scan)
    for k in range(30):
        at = mill.begin()
        mill.builder.flow("station", f"10.1.1.{100 + k}", at=at, answered=False, packets=1)
        assert not detector.judge(mill.over())


def test_a_client_whose_many_servers_answer_is_no_scanner() -> None:
    mill = Mill()
    detector = mill.teach(Scan)
    mill.usual()
    for k in range(40):
        mill.builder.flow("station", f"10.1.1.{100 + k}", at=mill.at)
    assert not detector.judge(mill.over())


def test_a_master_that_asks_dead_stations_again_and_again_is_no_scanner() -> None:
    mill = Mill()
    detector = mill.teach(Scan)
    mill.usual()
    for k in range(20):
        for again in range(30):
            mill.builder.flow(
                "station", f"10.1.1.{100 + k}", at=mill.at + again, answered=False, packets=3
            )
    window = mill.over()
    assert not detector.judge(window)
    assert detector.never_learn(window) == Breach()


def test_what_was_learnt_is_no_probe() -> None:
    mill = Mill()
    detector = mill.teach(Scan)
    mill.begin()
    _sweep(mill, 40)
    detector.learn(mill.over())
    mill.begin()
    _sweep(mill, 40)
    assert not detector.judge(mill.over())


def test_a_scan_is_never_learnt_and_the_rest_of_its_window_is() -> None:
    mill = Mill()
    detector = Scan(mill.plant)
    mill.usual()
    _sweep(mill, 40)
    mill.builder.exchange("station", "plc-1a", at=mill.at, count=50, intent=Intent.READ)
    window = mill.over()
    breach = detector.never_learn(window)
    assert {window.paths[place].source.name for place in breach.paths} == {"station"}
    assert not breach.edges
    kept = window.without(breach)
    assert len(kept.flows) == 6
    assert len(kept.groups) == len(window.groups)
