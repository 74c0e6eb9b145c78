"""The keeper: one process's hold on a state folder, and how a step becomes durable.

A step is recorded in this order: its records as parts of the archive, under the number that
the step will have; its findings, marks and decisions in one transaction; its lines in the
ledger's file. Whatever a crash cuts off is mended when the folder is opened again: parts of a
step that was never recorded are removed, and lines that were decided are written. So a step
counts once, whole, or not at all, and its caller may try it again.

One thread uses a keeper. Times are passed in.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Self

from checkvalve.chain import Entry, Value
from checkvalve.errors import StorageError, UsageError
from checkvalve.keep import engine as engines
from checkvalve.keep.acts import Act
from checkvalve.keep.archive import Archive
from checkvalve.keep.books import Books
from checkvalve.keep.durable import Reached, nothing_reached
from checkvalve.keep.engine import Where
from checkvalve.keep.inbox import Aside, Dropped, Inbox
from checkvalve.keep.ledger import Ledger
from checkvalve.keep.lock import Lock
from checkvalve.keep.step import PROGRAM, Committed, Step, record
from checkvalve.keep.store import Store

# What a state folder holds, beside the lock.
STORE = "store.sqlite"
RECORDS = "records"
LEDGER = "ledger.jsonl"
INBOX = "inbox"

#: Where a crash may come between, in order; a test puts one at each.
STAGES = (
    "step begun",
    "archive part written",
    "archive part on disk",
    "store written",
    "store on disk",
    "ledger before write",
    "ledger written",
    "ledger on disk",
    "archive merged",
    "step done",
)


@dataclass(frozen=True, slots=True)
class Folded:
    """What became of the inbox.

    Attributes:
        acts: those that were taken in, in order; an act handed in twice is here once.
        asides: files that were no act, or could not be done.
    """

    acts: tuple[Act, ...] = ()
    asides: tuple[Aside, ...] = ()


class Keeper:
    """A state folder in the hands of the one process that owns it.

    ``Keeper.open`` makes one; ``close``, or the end of a ``with`` block, lets go.

    Attributes:
        store: the store, to ask.
        archive: the archive, to ask.
        notices: what a person should know, one sentence each.
    """

    def __init__(self, folder: Path, held: ExitStack, where: Where, reached: Reached) -> None:
        self._held = held
        self._reached = reached
        self.store = held.enter_context(Store.open(where))
        ledger = held.enter_context(Ledger.open(folder / LEDGER, reached=reached))
        self.archive = Archive(folder / RECORDS, reached=reached)
        self._books = Books(self.store, ledger, reached)
        self._inbox = Inbox(folder / INBOX)
        self._is_clean = False
        self._torn = ledger.torn
        self.notices = (
            *(engines.notices() if engines.file_of(where) else ()),
            *(f"{self.store.place}: {change}" for change in self.store.changes),
            *(() if ledger.torn is None else (str(ledger.torn),)),
        )

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        command: str,
        at: datetime,
        url: str = "",
        reached: Reached = nothing_reached,
    ) -> Self:
        """Takes a state folder, mends what a crash left, and takes in the inbox.

        Args:
            folder: the state folder, made where it is missing; a plant's is ``PLANT/var``.
            command: what this process runs, for others to read.
            at: now.
            url: a database that takes the place of the folder's own.
            reached: called with the name of each of ``STAGES``.

        Raises:
            HeldError: another process owns the folder.
            StorageError: something can't be read or written.
            IntegrityError: something is damaged, or the ledger lost lines.
        """
        with ExitStack() as held:
            held.enter_context(Lock.take(folder, command=command, at=at))
            keeper = cls(folder, held, url or folder / STORE, reached)
            keeper._begin(at)
            keeper._held = held.pop_all()
        return keeper

    def close(self) -> None:
        """Lets go of the folder."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def commit(self, step: Step) -> Committed:
        """Records a step; it is on disk when this returns.

        Raises:
            StorageError: there is no space, or something can't be written. Nothing that was
                recorded before is lost, and the same step may be tried again.
            IntegrityError: something is damaged.
        """
        self._books.settle()
        if self.store.recorded(step.mark):
            return Committed(recorded=False)
        self._reached("step begun")
        self._clear()
        self._is_clean = False
        rows = self.archive.write(step.records, self.store.sequence() + 1)
        with self._books.transaction() as transaction:
            new = record(transaction, step)
        self._is_clean = True
        with suppress(StorageError):  # the step stands, and the next one meets the full disk
            self.archive.tidy()
        self._reached("step done")
        return Committed(recorded=True, new=tuple(new), rows=rows)

    def fold(self) -> Folded:
        """Takes in what other commands left in the inbox, in order.

        Raises:
            StorageError: something can't be read or written; the acts stay in the inbox.
        """
        waiting, asides = self._inbox.waiting()
        if not waiting:
            return Folded(asides=tuple(asides))
        taken: list[Act] = []
        refused: list[tuple[Dropped, str]] = []
        with self._books.transaction() as transaction:
            for dropped in waiting:
                try:
                    if transaction.take(dropped.act):
                        taken.append(dropped.act)
                except UsageError as error:
                    refused.append((dropped, error.sentence))
        asides += [self._inbox.set_aside(dropped.path, why) for dropped, why in refused]
        self._inbox.done(waiting)
        return Folded(tuple(taken), tuple(asides))

    def act(self, act: Act) -> bool:
        """Records what a person decided.

        Returns:
            False when the same act was recorded before.

        Raises:
            UsageError: it approves a baseline that nobody proposed.
            StorageError: something can't be written.
        """
        with self._books.transaction() as transaction:
            return transaction.take(act)

    def decide(self, *entries: Entry) -> None:
        """Records decisions in the ledger alone.

        Raises:
            StorageError: something can't be written.
        """
        with self._books.transaction() as transaction:
            transaction.decide(entries)

    def drop_before(self, day: date, *, who: str, why: str, at: datetime) -> int:
        """Removes records older than a day, and says so in the ledger first.

        Args:
            day: the first day that stays, in UTC.
            who: the person, or the part of the program.
            why: the reason, such as the plant's retention.
            at: now.

        Returns:
            How many parts of the archive were removed.

        Raises:
            StorageError: something can't be written.
        """
        self.decide(Entry(at, "records drop", who, {"before": day.isoformat(), "why": why}))
        return self.archive.drop_before(day)

    def _begin(self, at: datetime) -> None:
        self._clear()
        self._books.settle()
        if self._torn is not None:
            body: dict[str, Value] = {"aside": self._torn.aside.name, "octets": self._torn.octets}
            self.decide(Entry(at, "ledger recover", PROGRAM, body))
        self.notices += tuple(str(aside) for aside in self.fold().asides)

    def _clear(self) -> None:
        """Removes what a crash or a failure left of a step that was never recorded."""
        if not self._is_clean:
            self.archive.discard_after(self.store.sequence())
            self._is_clean = True
