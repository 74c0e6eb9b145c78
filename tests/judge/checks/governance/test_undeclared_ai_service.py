from __future__ import annotations

from typing import Any

from tests.judge.checks.mill import held, mill, nothing, only, seen

from checkvalve.findings import Answer, Subject
from checkvalve.judge.checks.governance.undeclared_ai_service import UndeclaredAiService
from checkvalve.judge.window import Window
from checkvalve.plant import Plant
from checkvalve.records import Intent
from checkvalve.testing.checks import answers, found
from checkvalve.testing.windows import WindowBuilder

WRITE: dict[str, Any] = {"function": "Write Multiple Registers", "space": "holding register"}


def opened(host: str | None, **more: Any) -> Window:
    flow = seen().flow("optimiser", "8.8.8.8", port=443, protocol="tls", host=host, **more)
    return flow.build("production")


def test_a_service_that_no_component_declares_is_found() -> None:
    finding = only(UndeclaredAiService, opened("huggingface.co", sent=12_345))
    assert finding.subject == Subject("asset", "optimiser")
    assert (finding.source, finding.target, finding.action) == ("optimiser", "8.8.8.8", "session")
    assert "huggingface.co (Hugging Face: model hub) and sent 12,345 octets" in finding.because


def test_a_declared_name_is_in_order() -> None:
    window = opened("mill.openai.azure.com")
    assert nothing(UndeclaredAiService, window)
    assert held(UndeclaredAiService, window) == {Subject("component", "advisor")}


def test_a_retired_component_declares_nothing() -> None:
    assert "api.openai.com" in only(UndeclaredAiService, opened("api.openai.com")).because


def test_other_names_and_no_name_say_nothing() -> None:
    for host in ("updates.example", None):
        assert found(UndeclaredAiService, mill(), opened(host)) == []


def test_two_names_of_one_service_are_one_finding() -> None:
    builder = seen()
    for host in ("huggingface.co", "cdn-lfs.hf.co"):
        builder.flow("optimiser", "8.8.8.8", port=443, host=host)
    findings = found(UndeclaredAiService, mill(), builder.build("production"))
    assert len({finding.id for finding in findings}) == 1


def asked(target: str, path: str, function: str = "POST") -> Window:
    builder = seen().exchange(
        "station", target, protocol="http", function=function, intent=Intent.WRITE, space=path
    )
    return builder.build("production")


def test_a_model_server_on_a_machine_without_a_component_is_found() -> None:
    finding = only(UndeclaredAiService, asked("mes", "/v1/chat/completions"))
    assert finding.subject == Subject("asset", "mes")
    assert finding.action == "session"
    assert "no component is declared on mes" in finding.because


def test_a_model_server_where_a_component_runs_is_in_order() -> None:
    window = asked("optimiser", "/v2/models/mill/infer")
    assert held(UndeclaredAiService, window) == {Subject("component", "advisor")}
    assert nothing(UndeclaredAiService, window)


def test_another_path_or_method_is_no_inference() -> None:
    assert found(UndeclaredAiService, mill(), asked("mes", "/results")) == []
    assert found(UndeclaredAiService, mill(), asked("mes", "/api/generate", "GET")) == []


def set_by(source: str, first: int, last: int) -> WindowBuilder:
    return seen().exchange(source, "plc", first=first, last=last, **WRITE)


def test_a_component_may_set_the_outputs_that_it_declares() -> None:
    window = set_by("optimiser", 20, 21).build("production")
    assert held(UndeclaredAiService, window) == {Subject("component", "advisor")}
    assert nothing(UndeclaredAiService, window)


def test_a_component_that_reaches_beyond_its_outputs_is_found() -> None:
    for first, last in ((10, 10), (20, 22), (19, 21)):
        finding = only(UndeclaredAiService, set_by("optimiser", first, last).build("production"))
        assert finding.subject == Subject("component", "advisor")
        assert (finding.action, finding.target) == ("write", "plc")
        assert "that is no output that advisor declares" in finding.because


def test_machines_without_components_may_write() -> None:
    assert found(UndeclaredAiService, mill(), set_by("mes", 10, 10).build("production")) == []


def test_where_people_work_too_whose_command_it_was_can_not_be_told() -> None:
    things = mill().things()
    advisor = mill().components["advisor"].model_copy(update={"asset": "panel"})
    plant = Plant.from_things({**things, "components": {"advisor": advisor}})
    builder = WindowBuilder(plant, "mill").exchange("panel", "plc", first=10, **WRITE)
    ((verdict, _),) = answers(UndeclaredAiService, plant, builder.build("production"))
    assert (verdict.answer, verdict.finding) == (Answer.CANNOT_TELL, None)
