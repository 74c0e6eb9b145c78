"""The ten things that must be found, and what finds them.

Each has the rules of which a finding must come out, and those of which one may come out as
well, since one deed is often wrong in several ways. Nothing else may call for attention.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from record.calendar import END, friday, thursday
from record.deeds import Deeds
from recording.story import Planted

Wrong = Callable[[Deeds, datetime], None]

_HOUR = timedelta(hours=1)
#: What a newcomer on a path may be called besides.
_STRANGE = ("new-talker", "new-conversation", "new-function", "new-range", "wrong-direction")
_UNDECLARED = (*_STRANGE, "undeclared-conduit")

HMI_POLL_STOPS = Planted(
    id="i",
    what="The HMI stops reading the filler: the operator's screen has gone blind.",
    at=friday(11, 30),
    until=END,
    actors=("hmi", "filler-plc"),
    rules=("lost-conversation",),
    also=("changed-rhythm",),
)
#: The edge node is answered again.
ANSWERED_AGAIN = friday(10, 52)
REPLIES_MISSING = Planted(
    id="j",
    what="The line PLC's answers to the edge node are lost for eighty minutes.",
    at=friday(9, 32),
    until=ANSWERED_AGAIN + _HOUR,
    actors=("edge-node", "line-plc"),
    rules=("unanswered-requests",),
    also=("changed-rhythm", "lost-conversation"),
)

DEEDS: tuple[tuple[Planted, Wrong], ...] = (
    (
        Planted(
            id="a",
            what="The engineering workstation scans the cells for Modbus.",
            at=thursday(8, 40),
            until=thursday(9, 40),
            actors=("engineering-workstation",),
            rules=("scan",),
            also=(*_UNDECLARED, "unknown-asset", "unanswered-requests", "command-outside-mode"),
        ),
        Deeds.engineering_scans,
    ),
    (
        Planted(
            id="b",
            what="The quality system, which only reads, writes the filler's fill setpoint.",
            at=thursday(10, 40),
            until=thursday(11, 40),
            actors=("quality", "filler-plc"),
            rules=("new-writer",),
            also=(*_UNDECLARED, "unusual-sequence"),
        ),
        Deeds.quality_writes_filler,
    ),
    (
        Planted(
            id="c",
            what="A computer of the office stops the line.",
            at=thursday(12, 15),
            until=thursday(13, 15),
            actors=("office-pc", "line-plc"),
            rules=("undeclared-conduit",),
            also=(*_STRANGE, "new-writer", "unusual-sequence"),
            at_least="Act",
        ),
        Deeds.office_stops_line,
    ),
    (
        Planted(
            id="d",
            what="The edge node sends data to an AI service in the cloud.",
            at=thursday(19, 30),
            until=thursday(20, 30),
            actors=("edge-node", "162.159.140.245"),
            rules=("undeclared-ai-service",),
            also=(*_UNDECLARED, "unknown-asset"),
        ),
        Deeds.edge_asks_cloud,
    ),
    (
        Planted(
            id="e",
            what="The edge node sends the MES something that is no inspection result.",
            at=thursday(21, 5),
            until=thursday(22, 5),
            actors=("edge-node", "mes"),
            rules=("undeclared-conduit",),
            also=(*_STRANGE, "new-writer", "unusual-sequence"),
        ),
        Deeds.edge_sends_recipe,
    ),
    (
        Planted(
            id="f",
            what="The edge node opens SMB to the engineering workstation.",
            at=thursday(22, 40),
            until=thursday(23, 40),
            actors=("edge-node", "engineering-workstation"),
            rules=("undeclared-conduit",),
            also=_STRANGE,
        ),
        Deeds.edge_opens_share,
    ),
    (
        Planted(
            id="g",
            what="The vendor comes in at night, outside the windows of the grant.",
            at=friday(0, 25),
            until=friday(1, 25),
            actors=("vendor-laptop", "jump-host", "filler-plc"),
            rules=("session-outside-grant",),
            also=(*_UNDECLARED, "changed-rhythm"),
        ),
        Deeds.vendor_comes_at_night,
    ),
    (
        Planted(
            id="h",
            what="Cleaning is started from the HMI during production.",
            at=friday(7, 44),
            until=friday(8, 44),
            actors=("hmi", "filler-plc"),
            rules=("command-outside-mode",),
            also=("unusual-sequence", "new-function", "new-range"),
        ),
        Deeds.operator_cleans_in_production,
    ),
)
