"""Sites and the states of their processes."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from checkvalve.plant.base import RawValue
from checkvalve.plant.declared import Declared
from checkvalve.plant.refs import ModeId, TagId
from checkvalve.plant.times import TimeZoneName, WeeklyHours


class ProcessMode(Declared):
    """A state of the process, such as *production line 2* or *cleaning in place*.

    Attributes:
        kind: what sort of state it is; program changes belong to ``maintenance``.
        name: what people call it.
        description: what goes on then.
    """

    kind: Literal["production", "changeover", "stop", "maintenance"] | None = None
    name: str = ""
    description: str = ""


class ScheduledMode(WeeklyHours):
    """Weekly hours, on the site's clock, in which the process is in a mode.

    Attributes:
        mode: the mode.
    """

    mode: ModeId


class Site(Declared):
    """A place with one process, one clock and one set of modes.

    The mode is read from ``mode_tag``, else from ``schedule``, else it is unknown.

    Attributes:
        name: what people call it.
        time_zone: an IANA name; weekly hours of the site count in it.
        modes: the modes its process can be in.
        mode_tag: the tag that tells the mode.
        mode_values: raw value of that tag, as text, to mode.
        schedule: the first entry that covers an instant tells its mode.
    """

    name: str = ""
    time_zone: TimeZoneName = "UTC"
    modes: tuple[ModeId, ...] = ()
    mode_tag: TagId | None = None
    mode_values: dict[RawValue, ModeId] = Field(default_factory=dict)
    schedule: tuple[ScheduledMode, ...] = ()

    def scheduled_mode(self, at: datetime) -> str | None:
        """The mode that the schedule tells for an instant; ``None`` when it tells none."""
        for entry in self.schedule:
            if entry.cover(at, self.time_zone):
                return entry.mode
        return None
