"""A plant with one of each thing that checks look at, and windows of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from checkvalve.findings import Answer, Finding, Subject
from checkvalve.judge.checks.base import Check
from checkvalve.judge.window import Window
from checkvalve.plant import Plant, load
from checkvalve.records import Intent
from checkvalve.testing.checks import answers, found
from checkvalve.testing.windows import WindowBuilder

HOUR: Final = 3_600.0


@cache
def mill() -> Plant:
    """The plant."""
    return load(Path(__file__).with_name("mill_plant"))


def seen() -> WindowBuilder:
    """What was seen in it: nothing yet."""
    return WindowBuilder(mill(), "mill")


def only(kind: type[Check], window: Window) -> Finding:
    """The one finding of a check."""
    (finding,) = found(kind, mill(), window)
    return finding


def nothing(kind: type[Check], window: Window) -> bool:
    """Whether a check finds nothing, and can tell."""
    verdicts = [verdict for verdict, _ in answers(kind, mill(), window)]
    return all(one.answer is Answer.HOLDS and one.finding is None for one in verdicts)


def held(kind: type[Check], window: Window) -> set[Subject]:
    """What a check found to be in order."""
    return {v.subject for v, _ in answers(kind, mill(), window) if v.answer is Answer.HOLDS}


def everything(at: float = 0.0) -> list[Window]:
    """One window a mode, each with everything that some check objects to, and more.

    Args:
        at: when it begins, in seconds after Monday, 06:00 UTC.
    """
    builder = seen()
    windows = []
    for mode in ("production", "stop", "maintenance", None):
        write = {"function": "Write Single Register", "space": "holding register"}
        for source, target in (
            ("panel", "plc"),
            ("mes", "plc"),
            ("desk", "plc"),
            ("optimiser", "plc"),
            ("10.1.0.99", "plc"),
            ("station", "trip"),
            ("jump", "plc"),
        ):
            builder.flow(source, target, at=at, lasts_s=60, protocol="modbus")
            builder.exchange(source, target, at=at + 1, space="holding register", first=0, count=3)
            builder.exchange(source, target, at=at + 5, first=10, count=2, **write)  # type: ignore[arg-type]
        builder.exchange(
            "station", "trip", at=at + 9, function="Program", intent=Intent.PROGRAM, device=None
        )
        builder.flow("optimiser", "mes", at=at, port=8080, protocol="http")
        for path in ("/results", "/v1/chat/completions"):
            builder.exchange(
                "optimiser", "mes", at=at + 3, protocol="http", function="POST",
                intent=Intent.WRITE, space=path, device=None,
            )  # fmt: skip
        builder.flow("mes", "8.8.8.8", at=at, port=443, protocol="tls", host="api.openai.com")
        builder.flow("laptop", "jump", at=at, lasts_s=60, port=443, protocol="tls")
        builder.flow("laptop", "plc", at=at, protocol="modbus")
        builder.flow("historian", "plc", at=at, port=1883)
        builder.flow("plc", "historian", at=at, port=1883, received=50_000)
        builder.flow("plc", "copy", at=at, transport="udp", port=5000, answered=False)
        builder.flow("optimiser", "8.8.4.4", at=at, port=443, host="mill.openai.azure.com")
        builder.flow("station", "historian", at=at, port=445, answered=False)
        windows.append(builder.build(mode))
        at += HOUR
    return windows
