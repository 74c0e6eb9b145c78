"""Moments, days and weekly hours, as people write them in the plant's files.

A moment carries its offset from UTC: ``2026-03-01T06:00:00+01:00``. A moment without one is
refused, because it means another instant on another machine. A day (``2026-12-31``) counts
in UTC and is included to its end. Weekly hours are wall-clock hours of a named time zone: on
the night when clocks go back, the hour that comes twice is covered twice; the hour that is
skipped never comes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final, Literal, Self, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError
