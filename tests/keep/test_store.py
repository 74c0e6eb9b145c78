"""What the store was told, it remembers, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from tests.keep.making import AT, approval, finding, later, mute, proposal

from checkvalve import chain
from checkvalve.errors import IntegrityError, StorageError, UsageError
from checkvalve.findings import Finding
from checkvalve.keep.acts import Deed, IncidentAct
from checkvalve.keep.facts import Baseline, Link, Mark, Notified, Progress
from checkvalve.keep.reading import Reader
from checkvalve.keep.sightings import gathered
from checkvalve.keep.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "store.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path) as opened:
        yield opened


def test_a_finding_comes_back_as_it_went_in(store: Store) -> None:
    with store.transaction() as transaction:
        assert transaction.findings([finding(0), finding(1)]) == [finding(0), finding(1)]
    assert sorted(store.findings(), key=lambda each: each.cause) == [finding(0), finding(1)]


def test_a_cause_seen_again_is_the_same_finding_with_a_higher_count(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.findings([finding(0)])
    with store.transaction() as transaction:
        assert transaction.findings([finding(0, second=5), finding(0, second=9)]) == []
    (known,) = store.findings()
    assert (known.count, known.at, known.until) == (3, later(0), later(9))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.builds(finding, st.integers(0, 3), second=st.integers(0, 9)), max_size=5),
        max_size=4,
    )
)
def test_findings_in_several_transactions_are_those_of_one(
    store: Store, batches: list[list[Finding]]
) -> None:
    with store.asked() as connection:
        connection.execute(text("DELETE FROM findings"))
    for batch in batches:
        with store.transaction() as transaction:
            transaction.findings(batch)
    together = gathered(each for batch in batches for each in batch)
    assert {each.id: each for each in store.findings()} == together


def test_findings_are_asked_for_by_time_and_by_id(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.findings(finding(cause, second=cause) for cause in range(1200))
    assert store.findings(since=later(1198)) == [finding(n, second=n) for n in (1198, 1199)]
    ids = [finding(cause).id for cause in range(0, 1200, 2)]
    assert [each.id for each in store.findings(ids=ids)] == ids
    assert store.findings(ids=[]) == []
    assert store.findings(ids=["unknown"]) == []


def test_an_exception_undoes_the_whole_transaction(store: Store) -> None:
    def fail() -> None:
        with store.transaction() as transaction:
            transaction.findings([finding(0)])
            transaction.decide([mute().entry()])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert store.findings() == []
    assert store.pinned() == (chain.GENESIS, [])


def test_links_are_kept_once_with_their_reasons_and_come_off_again(store: Store) -> None:
    a, b = finding(0), finding(1)
    asset, order = Link(a.id, b.id, "they share plc-7"), Link(a.id, b.id, "b lies in reach of a")
    with store.transaction() as transaction:
        transaction.findings([a, b])
        transaction.link([asset, order, asset])
        transaction.link([asset])
    assert store.links() == sorted([asset, order], key=lambda link: link.reason)
    with store.transaction() as transaction:
        transaction.unlink([asset])
    assert store.links() == [order]


def test_a_link_to_a_finding_that_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(StorageError, match="FOREIGN KEY"), store.transaction() as transaction:
        transaction.link([Link("a", "b", "none")])


def test_a_step_is_known_as_recorded_by_its_stream_and_number(store: Store) -> None:
    for number in (3, 7):
        with store.transaction() as transaction:
            transaction.advance(Mark("north.pcap", number))
    assert store.recorded(Mark("north.pcap", 7))
    assert store.recorded(Mark("north.pcap", 5))
    assert not store.recorded(Mark("north.pcap", 8))
    assert not store.recorded(Mark("south.pcap", 3))
    assert store.sequence() == 2


def test_acts_are_kept_once_in_the_order_in_which_they_took_effect(store: Store) -> None:
    first, second = mute("b", "a", second=9), mute("c")
    close = IncidentAct(Deed.CLOSE, "INC-1", ("c",), "shift lead", "done", AT)
    with store.transaction() as transaction:
        assert [transaction.take(act) for act in (first, second, first, close)] == [
            True,
            True,
            False,
            True,
        ]
    assert store.acts() == [first, second, close]
    head, lines = store.pinned()
    assert chain.verify(lines) == head
    assert [chain.read(line, 0)[0].kind for line in lines] == [
        "incident mute",
        "incident mute",
        "incident close",
    ]


def test_somebody_was_told_once_and_the_first_time_stands(store: Store) -> None:
    for second in (1, 2):
        with store.transaction() as transaction:
            told = Notified("INC-1", "10", later(second))
            transaction.notified([told, replace(told, at=later(9))])
    assert store.notified() == [Notified("INC-1", "10", later(1))]


def test_progress_is_the_last_one_of_each_capture(store: Store) -> None:
    marks = [Progress("a", 10, 2**62, 2**64 - 1, n, n) for n in range(3)]
    other = Progress("b\udc80\0", 1, 1, 1, 1, 1)
    with store.transaction() as transaction:
        transaction.progress([*marks, other])
    assert store.progress() == {
        "a": marks[-1],
        "b\\udc80\\x00": replace(other, capture="b\\udc80\\x00"),
    }


def test_the_baseline_that_counts_is_the_one_approved_last(store: Store) -> None:
    old, new = proposal(), proposal('{"talkers": 4}', second=5)
    with store.transaction() as transaction:
        assert transaction.take(old)
        assert transaction.take(new)
        assert not transaction.take(replace(old, who="another"))
    assert store.approved("north") is None
    for number, act in enumerate((old, new, old)):
        with store.transaction() as transaction:
            assert transaction.take(approval(act.digest, second=number))
        counting = store.approved("north")
        assert counting is not None
        assert store.state(counting) == act.state
    with store.transaction() as transaction:
        assert not transaction.take(approval(new.digest, second=1)), "handed in twice"
    expected = Baseline(
        name="north",
        digest=old.digest,
        proposed_by="shift lead",
        proposed_at=AT,
        proposed_why="after the turnaround",
        approved_by="engineer",
        approved_at=later(2),
        approved_why="looks right",
    )
    assert store.approved("north") == expected
    assert [each.digest for each in store.baselines()] == [old.digest, new.digest]
    assert store.baselines("south") == []


def test_a_baseline_that_nobody_proposed_can_not_be_approved(store: Store) -> None:
    with pytest.raises(UsageError, match="no baseline north"), store.transaction() as transaction:
        transaction.take(approval("f" * 64))


def test_a_changed_baseline_is_not_handed_out(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.take(proposal())
    with store.asked() as connection:
        connection.execute(text("""UPDATE baselines SET state = '{"talkers": 9}'"""))
    with pytest.raises(IntegrityError, match="another digest"):
        store.state(store.baselines("north")[0])


def test_a_reader_sees_what_is_committed_while_the_owner_writes(store: Store, path: Path) -> None:
    with store.transaction() as transaction:
        transaction.findings([finding(0)])
    with Reader.open(path) as reader, store.transaction() as transaction:
        transaction.findings([finding(1)])
        assert reader.findings() == [finding(0)]
    with Reader.open(path) as reader:
        assert len(reader.findings()) == 2


def test_a_reader_can_not_write(store: Store, path: Path) -> None:
    with (
        Reader.open(path) as reader,
        pytest.raises(StorageError, match="may not be"),
        reader.asked() as connection,
    ):
        connection.execute(text("DELETE FROM findings"))
    assert store.findings() == []


def test_a_second_writer_waits_and_then_is_told(store: Store, path: Path) -> None:
    stranger = create_engine(f"sqlite:///{path}", connect_args={"timeout": 0.05})
    with store.transaction(), stranger.connect() as connection:
        with pytest.raises(Exception, match="locked"):
            connection.execute(text("DELETE FROM findings"))
        connection.rollback()
    stranger.dispose()
