from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.e2e.pieces import piece, records
from tests.run.members import Crashes, Finds

from checkvalve.findings import Finding
from checkvalve.judge.baseline import Baseline
from checkvalve.keep import ledger
from checkvalve.keep.acts import Deed, IncidentAct
from checkvalve.keep.inbox import Inbox
from checkvalve.keep.keeper import INBOX, LEDGER, Keeper
from checkvalve.plant import Plant, load
from checkvalve.run.watching import LIVE_PART, Watch
from checkvalve.testing.packets import ethernet, ipv4, pcap, timed, udp

AT = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def example(root: Path) -> Path:
    return root / "examples" / "packaging-line"


@pytest.fixture(scope="module")
def plant(example: Path) -> Plant:
    return load(example / "plant")


@pytest.fixture
def incident(example: Path) -> Path:
    return example / "captures" / "incident.pcap"


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    with Keeper.open(tmp_path / "var", command="watch", at=AT) as opened:
        yield opened


def watch(plant: Plant, keeper: Keeper, clock: Clock, told: list[Finding]) -> Watch:
    return Watch(plant, "line1", None, keeper, clock, told=told.extend)


def test_it_tells_what_is_new_once(
    plant: Plant, keeper: Keeper, incident: Path, tmp_path: Path
) -> None:
    told: list[Finding] = []
    summary = watch(plant, keeper, Clock(), told).run([str(incident)])
    assert (summary.packets, summary.exchanges, summary.passed_over) == (9_283, 2_109, 0)
    assert summary.new == len(told) == len(keeper.store.findings()) > 5
    assert {finding.id for finding in told} == {each.id for each in keeper.store.findings()}
    assert summary.gaps["octets of an unknown protocol"] > 0
    again = watch(plant, keeper, Clock(), told).run([str(incident)])
    assert (again.packets, again.exchanges, again.passed_over) == (9_283, 0, 9_283)
    assert (again.findings, again.new) == (0, 0)
    copy = tmp_path / "copy.pcap"
    copy.write_bytes(incident.read_bytes())
    known = watch(plant, keeper, Clock(), told).run([str(copy)])
    assert known.new == 0
    assert known.findings > 0


def test_while_a_capture_grows_a_part_is_recorded_once_a_minute(
    plant: Plant, keeper: Keeper, incident: Path, tmp_path: Path
) -> None:
    growing, clock = tmp_path / "growing.pcap", Clock()
    growing.write_bytes(piece(incident, 0, 100))
    recorded: list[int] = []
    more = iter([LIVE_PART / 2, LIVE_PART / 2, LIVE_PART * 2])

    def follow() -> bool:
        recorded.append(keeper.archive.query("SELECT count(*) FROM exchange").column(0)[0].as_py())
        waited = next(more, None)
        if waited is None:
            return False
        clock.now += waited
        number = 100 * len(recorded)
        with growing.open("ab") as file:
            file.write(b"".join(records(incident)[number : number + 100]))
        return True

    watch(plant, keeper, clock, []).run([str(growing)], follow=follow)
    first, half, minute, three = recorded
    assert 0 < first == half < minute < three


def test_acts_are_taken_in_while_a_capture_grows(
    plant: Plant, keeper: Keeper, incident: Path, tmp_path: Path
) -> None:
    inbox = Inbox(tmp_path / "var" / INBOX)
    act = IncidentAct(
        deed=Deed("acknowledge"), incident="inc-1", findings=("f",), who="Ana", why="seen", at=AT
    )
    seen: list[int] = []

    def follow() -> bool:
        seen.append(len(keeper.store.acts()))
        if len(seen) == 1:
            inbox.drop(act)
            (tmp_path / "var" / INBOX / "scrawl.json").write_text("{")
        return len(seen) < 3

    summary = watch(plant, keeper, Clock(), []).run([str(incident)], follow=follow)
    assert seen == [0, 1, 1]
    (aside,) = summary.asides
    assert "scrawl.json" in aside


def test_a_crash_is_in_the_ledger_once(
    plant: Plant, keeper: Keeper, incident: Path, tmp_path: Path
) -> None:
    parts = [tmp_path / f"{number}.pcap" for number in range(3)]
    for number, part in enumerate(parts):
        part.write_bytes(piece(incident, 400 * number, 400 * number + 400))
    watching = watch(plant, keeper, Clock(), [])
    watching._judge.checks = (Crashes(), Finds())
    summary = watching.run(map(str, parts))
    assert summary.crashed == {"crashes": "ZeroDivisionError: on a Sunday"}
    assert summary.new == 1
    lines = ledger.tail(tmp_path / "var" / LEDGER, 1_000)
    assert [line.body["rule"] for line in lines if line.kind == "part crashed"] == ["crashes"]


def test_a_missing_baseline_and_an_empty_one_judge_alike(
    plant: Plant, keeper: Keeper, incident: Path
) -> None:
    empty = Baseline.empty(plant, "line1")
    Watch(plant, "line1", empty, keeper, Clock()).run([str(incident)])
    certain = {str(finding.certainty) for finding in keeper.store.findings()}
    assert certain == {"proof"}


def test_it_says_when_it_recorded(
    plant: Plant, keeper: Keeper, incident: Path, tmp_path: Path
) -> None:
    clock = Clock()
    clock.now += timedelta(days=3)
    watch(plant, keeper, clock, []).run([str(incident)])
    (last,) = ledger.tail(tmp_path / "var" / LEDGER, 1)
    assert last.at == clock.now


def test_what_passes_between_undeclared_zones_is_counted(
    plant: Plant, keeper: Keeper, tmp_path: Path
) -> None:
    strange = ipv4(udp(b"x" * 100), source="203.0.113.1", destination="203.0.113.2")
    known = ipv4(udp(b"x" * 300), source="203.0.113.1", destination="10.20.1.10")
    path = tmp_path / "strange.pcap"
    path.write_bytes(pcap(timed([ethernet(strange), ethernet(known)])))
    summary = watch(plant, keeper, Clock(), []).run([str(path)])
    assert (summary.outside, summary.octets) == (100, 400)
