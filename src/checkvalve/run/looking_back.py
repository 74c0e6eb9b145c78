"""What traffic was recorded over days, for checks that look back."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from checkvalve.judge.observed import Observed, ObservedPath
from checkvalve.keep.keeper import RECORDS
from checkvalve.keep.questions import answer

# Numbers of conversations begin anew with each run: a row that opens one begins another.
_PATHS: Final = """
WITH rows AS (
    SELECT *,
        count(*) FILTER (WHERE opened) OVER (
            PARTITION BY site, conversation, transport,
                source, source_port, destination, destination_port
            ORDER BY time, last, packet ROWS UNBOUNDED PRECEDING
        ) AS run
    FROM flow
    WHERE time >= $1 AND time <= $2 AND day >= CAST($1 AS DATE) AND day <= CAST($2 AS DATE)
        AND source IS NOT NULL AND destination IS NOT NULL
),
conversations AS (
    SELECT source, destination, transport, coalesce(destination_port, 0) AS port,
        bool_or(opened AND (opening_seen OR transport <> 'tcp')) AS opened,
        bool_or(answered) AS answered,
        sum(source_payload) AS sent, sum(destination_payload) AS received,
        min(time) AS first, max(last) AS last
    FROM rows
    GROUP BY site, conversation, run, transport,
        source, source_port, destination, port
)
SELECT source, destination, transport, port,
    count(*) FILTER (WHERE opened) AS opened, bool_or(answered) AS answered,
    sum(sent) AS sent, sum(received) AS received, max(received) AS most_received,
    date_trunc('microseconds', min(first)) AS first,
    date_trunc('microseconds', max(last)) AS last
FROM conversations
GROUP BY source, destination, transport, port
ORDER BY source, destination, transport, port
"""


def look_back(state: Path, days: int, at: datetime) -> Observed | None:
    """The flows of the last days, by path.

    What was recorded may begin later than so many days ago, or end before now: the answer
    covers no more than that.

    Args:
        state: the state folder; it need not exist.
        days: how far to look back.
        at: now.

    Returns:
        ``None`` if nothing was recorded in that time.

    Raises:
        IntegrityError: a file of the archive is damaged.
        StorageError: a file can't be read, or the answer needs more memory.
    """
    if not (state / RECORDS).is_dir():
        return None
    rows = answer(state / RECORDS, _PATHS, (at - timedelta(days=days), at)).to_pylist()
    if not rows:
        return None
    paths = tuple(
        ObservedPath(
            source=row["source"],
            destination=row["destination"],
            transport=row["transport"] or "",
            port=row["port"],
            opened=row["opened"],
            answered=bool(row["answered"]),
            sent=int(row["sent"] or 0),
            received=int(row["received"] or 0),
            most_received=int(row["most_received"] or 0),
            first=row["first"],
            last=row["last"],
        )
        for row in rows
    )
    return Observed(min(one.first for one in paths), max(one.last for one in paths), paths)
