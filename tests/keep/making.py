"""Findings, acts, records and steps for the tests of this room, all made from numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from checkvalve.findings import Certainty, Evidence, Finding, Subject
from checkvalve.keep.acts import BaselineApproval, BaselineProposal, Deed, IncidentAct
from checkvalve.keep.archive import Archive
from checkvalve.keep.facts import Link, Mark, Notified, Progress
from checkvalve.keep.keeper import Keeper
from checkvalve.keep.step import Step
from checkvalve.records import GAP, SAMPLE

#: Where samples of the test day are, below an archive.
DAY = "sample/site=north/day=2026-11-24"
AT = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def finding(cause: int = 0, *, second: float = 0, count: int = 1) -> Finding:
    return Finding(
        rule="new-writer",
        site="north",
        subject=Subject("asset", "plc-7"),
        cause=f"hmi-{cause} writes holding registers",
        at=later(second),
        last=later(second + count) if count > 1 else None,
        count=count,
        certainty=Certainty.LEARNT,
        because=f"hmi-{cause} wrote plc-7, which it never did before.",
        evidence=(Evidence("write of 40001", "no writer", f"hmi-{cause}", "n.pcap", 7, AT),),
        assets=(f"hmi-{cause}", "plc-7"),
        source=f"hmi-{cause}",
        target="plc-7",
        action="write",
        zone="cell-2",
        process_mode="production",
    )


def mute(*findings: str, second: float = 0) -> IncidentAct:
    return IncidentAct(
        deed=Deed.MUTE,
        incident="INC-1",
        findings=findings or ("0123456789abcdef",),
        who="shift lead",
        why="the pump is being tested",
        at=later(second),
        until=later(second + 86_400),
    )


def proposal(state: str = '{"talkers": 3}', *, second: float = 0) -> BaselineProposal:
    return BaselineProposal("north", state, "shift lead", "after the turnaround", later(second))


def approval(digest: str, *, second: float = 1) -> BaselineApproval:
    return BaselineApproval("north", digest, "engineer", "looks right", later(second))


def samples(
    count: int, *, first: int = 0, site: str | None = "north", at: datetime = AT
) -> pa.RecordBatch:
    """Samples one second apart, whose packet numbers begin at ``first``."""
    numbers = range(first, first + count)
    columns = {
        "time": [at + timedelta(seconds=number - first) for number in numbers],
        "site": [site] * count,
        "tag": ["TIC-101.PV"] * count,
        "value": [number / 2 for number in numbers],
        "quality": ["good"] * count,
        "source": ["hmi-1"] * count,
        "written": [False] * count,
        "capture": ["n.pcap"] * count,
        "packet": list(numbers),
    }
    return pa.RecordBatch.from_pydict(columns, schema=SAMPLE)


def gaps(count: int) -> pa.RecordBatch:
    rows = [{"time": AT, "site": "north", "kind": "cut frame", "count": n} for n in range(count)]
    return pa.RecordBatch.from_pylist(rows, schema=GAP)


def step(number: int) -> Step:
    """A step with something of everything; cause 0 is seen in each, and one cause is new."""
    old, new = finding(0, second=number), finding(number + 1, second=number)
    return Step(
        mark=Mark("n.pcap", number),
        at=later(number),
        records=iter((samples(40, first=40 * number), gaps(2))),
        findings=(old, new),
        links=(Link(old.id, new.id, "they share plc-7"),),
        notified=(Notified(new.id, "1", later(number)),),
        progress=(Progress("n.pcap", 1 << 20, 1_700_000_000, 2**63 + 5, 100 * number, number),),
    )


def opened(folder: Path, second: float = 0) -> Keeper:
    return Keeper.open(folder, command="checkvalve watch", at=later(second))


def names(archive: Archive) -> list[str]:
    files = (path for path in archive.folder.rglob("*") if path.is_file())
    return sorted(str(path.relative_to(archive.folder)) for path in files)


def packets(archive: Archive) -> list[int]:
    rows = archive.query("SELECT packet FROM sample ORDER BY packet").column(0)
    return [int(packet) for packet in rows.to_pylist()]


@contextmanager
def without_privileges() -> Iterator[None]:
    """Runs as nobody where the tests run as root, who may write everywhere."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
