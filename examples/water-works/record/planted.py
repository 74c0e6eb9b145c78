"""The ten things that must be found, and what finds them.

Each has the rules of which a finding must come out, and those of which one may come out as
well, since one deed is often wrong in several ways. Nothing else may call for attention.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from record.calendar import END, thursday, wednesday
from record.deeds import Deeds
from recording.story import Planted

Wrong = Callable[[Deeds, datetime], None]

_HOUR = timedelta(hours=1)
#: What a newcomer on a path may be called besides.
_STRANGE = ("new-talker", "new-conversation", "new-function", "new-range", "wrong-direction")
_UNDECLARED = (*_STRANGE, "undeclared-conduit")
_COMMAND = (*_UNDECLARED, "new-writer", "unusual-sequence")

PANEL_POLL_STOPS = Planted(
    id="i",
    what="The panel beside the filters stops reading the pumps.",
    at=thursday(10, 20),
    until=END,
    actors=("panel", "pump-plc"),
    rules=("lost-conversation",),
    also=("changed-rhythm",),
)
#: The well's outstation answers again.
ANSWERED_AGAIN = thursday(9, 57)
REPLIES_MISSING = Planted(
    id="j",
    what="The well's outstation does not answer for eighty minutes.",
    at=thursday(8, 37),
    until=ANSWERED_AGAIN + _HOUR,
    actors=("scada", "well-rtu"),
    rules=("unanswered-requests",),
    also=("changed-rhythm", "lost-conversation"),
)

DEEDS: tuple[tuple[Planted, Wrong], ...] = (
    (
        Planted(
            id="a",
            what="Someone on the radio network takes the master's place and stops the well's pump.",
            at=wednesday(1, 32),
            until=wednesday(3, 5),
            actors=("172.16.8.99", "well-rtu", "scada"),
            rules=("unknown-asset",),
            also=(*_COMMAND, "changed-rhythm", "unanswered-requests"),
        ),
        Deeds.stranger_stops_well,
    ),
    (
        Planted(
            id="b",
            what="The engineering laptop stops the pumps' controller while water is supplied.",
            at=wednesday(3, 18),
            until=wednesday(4, 18),
            actors=("engineering-laptop", "pump-plc"),
            rules=("command-outside-mode",),
            also=_COMMAND,
        ),
        Deeds.engineer_stops_pumps,
    ),
    (
        Planted(
            id="c",
            what="The optimiser, which only advises, sets the pumps' speed itself.",
            at=wednesday(9, 42),
            until=wednesday(10, 42),
            actors=("optimiser", "pump-plc"),
            rules=("undeclared-conduit",),
            also=(*_COMMAND, "undeclared-ai-service"),
        ),
        Deeds.optimiser_sets_speed,
    ),
    (
        Planted(
            id="d",
            what="SCADA asks the high tank's outstation for a cold restart.",
            at=wednesday(11, 31),
            until=wednesday(12, 31),
            actors=("scada", "tank-rtu"),
            rules=("new-function",),
            also=("unusual-sequence", "changed-rhythm", "new-range", "undeclared-conduit"),
        ),
        Deeds.scada_restarts_tank,
    ),
    (
        Planted(
            id="e",
            what="A computer of the office scans for controllers and outstations.",
            at=wednesday(17, 25),
            # The outstations take one connection each: the scan's takes SCADA's place, and
            # SCADA comes back before midnight only.
            until=thursday(2, 0),
            actors=("office-client", "tank-rtu", "well-rtu"),
            rules=("scan",),
            also=(*_UNDECLARED, "unknown-asset", "unanswered-requests", "lost-conversation"),
        ),
        Deeds.office_scans,
    ),
    (
        Planted(
            id="f",
            what="The optimiser fetches something from a public model hub.",
            at=wednesday(19, 12),
            until=wednesday(20, 12),
            actors=("optimiser", "18.164.174.23"),
            rules=("undeclared-ai-service",),
            also=(*_UNDECLARED, "unknown-asset"),
        ),
        Deeds.optimiser_visits_hub,
    ),
    (
        Planted(
            id="g",
            what="The pumps' maker comes in at night, outside the windows of the grant.",
            at=thursday(1, 50),
            until=thursday(2, 50),
            actors=("pump-service", "gateway", "pump-plc"),
            rules=("session-outside-grant",),
            also=(*_UNDECLARED, "changed-rhythm"),
        ),
        Deeds.vendor_comes_at_night,
    ),
    (
        Planted(
            id="h",
            what="The backwash valve is opened while water is supplied.",
            at=thursday(3, 44),
            until=thursday(5, 30),
            actors=("panel", "treatment-plc"),
            rules=("command-outside-mode",),
            also=("unusual-sequence", "new-function", "new-range"),
        ),
        Deeds.filterman_washes_in_supply,
    ),
)
