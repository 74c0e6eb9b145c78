"""A story as plain data: objects, lists, text and numbers, ready for JSON."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from checkvalve.respond.triage.score import Score
from checkvalve.respond.triage.story import Story


def data(story: Story) -> dict[str, Any]:
    """Everything that a story holds.

    Instants become ISO 8601, durations seconds, choices their words; the score comes with
    its total.

    Args:
        story: from ``story.tell``.
    """
    return {part.name: _plain(getattr(story, part.name)) for part in fields(story)}


def _plain(value: object) -> Any:  # noqa: ANN401  # JSON leaves here
    if isinstance(value, Score):
        return {"total": value.total, "parts": _plain(value.parts)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
    return _word(value)


def _word(value: object) -> object:
    match value:
        case Enum():
            return str(value)
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case _:
            return value
