"""``python -m record``: record the water works again, into the example's folder."""

from __future__ import annotations

from pathlib import Path

from record.story import SCRIPT
from recording.produce import record

if __name__ == "__main__":
    record(SCRIPT, Path(__file__).resolve().parent.parent)
