from __future__ import annotations

from tests.judge.checks.mill import held, mill, nothing, only, seen

from checkvalve.findings import Subject
from checkvalve.judge.checks.segmentation.undeclared_conduit import UndeclaredConduit
from checkvalve.records import Intent
from checkvalve.testing.checks import answers, found


def test_a_service_that_no_conduit_lets_through_is_found_with_what_was_asked() -> None:
    builder = seen().flow("desk", "plc", protocol="modbus")
    builder.exchange("desk", "plc", at=1, function="Write Single Coil", intent=Intent.WRITE)
    finding = only(UndeclaredConduit, builder.build("production"))
    assert finding.subject == Subject("zone", "cell")
    assert (finding.source, finding.target, finding.action) == ("desk", "plc", "write")
    assert finding.zone == "cell"
    assert "asked for Write Single Coil; no conduit leads from office to cell" in finding.because


def test_what_a_conduit_lists_is_in_order_and_said_so() -> None:
    window = (
        seen()
        .flow("mes", "plc", protocol="modbus")
        .exchange("mes", "plc", space="holding register", first=0)
        .build("production")
    )
    assert nothing(UndeclaredConduit, window)
    assert held(UndeclaredConduit, window) == {Subject("conduit", "operations-to-cell")}


def test_traffic_inside_a_zone_meets_no_conduit() -> None:
    window = seen().flow("panel", "plc", port=9999).build("production")
    assert nothing(UndeclaredConduit, window)


def test_a_function_that_the_flow_does_not_list_is_found() -> None:
    builder = seen().flow("mes", "plc", protocol="modbus")
    builder.exchange("mes", "plc", function="Diagnostics", intent=Intent.CONTROL)
    finding = only(UndeclaredConduit, builder.build("production"))
    assert finding.subject == Subject("conduit", "operations-to-cell")
    assert "lists only read, write" in finding.because


def test_http_is_held_to_method_and_path() -> None:
    builder = seen().flow("optimiser", "mes", port=8080, protocol="http")
    for path in ("/results", "/orders"):
        builder.exchange(
            "optimiser", "mes", protocol="http", function="POST", intent=Intent.WRITE, space=path
        )
    finding = only(UndeclaredConduit, builder.build("production"))
    assert "asked mes (operations) for POST /orders;" in finding.because


def test_another_application_on_a_declared_port_is_found() -> None:
    window = seen().flow("mes", "plc", protocol="ssh").build("production")
    assert "lists only tcp/502 modbus" in only(UndeclaredConduit, window).because


def test_what_was_not_recognised_counts_as_what_its_port_is_for() -> None:
    assert nothing(UndeclaredConduit, seen().flow("mes", "plc").build("production"))


def test_the_declared_conduit_does_not_lead_back() -> None:
    window = seen().flow("plc", "mes").build("production")
    finding = only(UndeclaredConduit, window)
    assert "conduit 'operations-to-cell' is opened from operations only" in finding.because


def test_an_error_message_towards_who_asked_is_an_answer() -> None:
    builder = seen().flow("mes", "plc").flow("plc", "mes", transport="icmp", port=0)
    assert nothing(UndeclaredConduit, builder.build("production"))


def test_a_ping_that_nobody_asked_for_is_found() -> None:
    window = seen().flow("plc", "mes", transport="icmp", port=0).build("production")
    assert "opened icmp" in only(UndeclaredConduit, window).because


def test_a_conduit_past_its_last_day_declares_nothing() -> None:
    finding = only(UndeclaredConduit, seen().flow("mes", "historian").build("production"))
    assert "no conduit leads from operations to archive" in finding.because


def test_a_sweep_without_answers_is_one_finding_about_all_that_was_tried() -> None:
    builder = seen()
    for last in range(1, 200):
        builder.flow("desk", f"10.1.0.{last}", at=last, answered=False)
    window = builder.build("production")
    finding = only(UndeclaredConduit, window)
    assert finding.target == ""
    assert len(finding.assets) == 200
    assert finding.action == "discover"
    assert "and 195 more in cell and got no answer" in finding.because
    ((_, breach),) = answers(UndeclaredConduit, mill(), window)
    assert len(breach.paths) == 199


def test_groups_and_broadcasts_belong_to_nobody() -> None:
    builder = seen().flow("plc", "239.1.2.3", transport="udp").flow("plc", "10.3.0.255")
    assert found(UndeclaredConduit, mill(), builder.build("production")) == []


def test_the_internet_is_a_zone_too() -> None:
    window = seen().flow("plc", "8.8.8.8", port=443, host="dns.example").build("stop")
    finding = only(UndeclaredConduit, window)
    assert finding.subject == Subject("zone", "internet")
    assert "8.8.8.8 (dns.example, internet)" in finding.because


def test_what_it_names_is_not_to_be_learnt() -> None:
    builder = seen().flow("desk", "plc", protocol="modbus")
    builder.exchange("desk", "plc").exchange("panel", "plc")
    window = builder.build("production")
    ((_, breach),) = answers(UndeclaredConduit, mill(), window)
    assert {window.edges[place].source.name for place in breach.edges} == {"desk"}
    assert len(breach.paths) == 1
