"""The books: the store and the ledger, which never part.

What is decided is chained in the store's transaction, and then written to the ledger's file.
A crash, or a full disk, between the two leaves lines that wait in the store; they are written
before anything else is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from checkvalve.errors import IntegrityError
from checkvalve.keep.durable import Reached
from checkvalve.keep.ledger import Ledger
from checkvalve.keep.store import Store
from checkvalve.keep.writing import Transaction


class Books:
    """A store and its ledger.

    Args:
        store: open to write.
        ledger: open to write.
        reached: called with the name of each stage of a write.
    """

    def __init__(self, store: Store, ledger: Ledger, reached: Reached) -> None:
        self._store = store
        self._ledger = ledger
        self._reached = reached
        self._settled = False

    def settle(self) -> None:
        """Writes the lines that were decided and are not in the ledger's file.

        Raises:
            StorageError: the file can't be written.
            IntegrityError: the file lost lines, or belongs to another store.
        """
        if self._settled:
            return
        pinned, waiting = self._store.pinned()
        missing = pinned.count - len(waiting) - self._ledger.head.count
        if missing > 0:
            raise IntegrityError(
                f"{self._ledger.path} lacks {missing} lines that had been written to it",
                hint="restore it from a backup; to begin anew, move the whole state folder away",
            )
        self._ledger.extend(waiting)
        if self._ledger.head != pinned:
            raise IntegrityError(
                f"{self._ledger.path} is not the ledger that belongs to {self._store.place}",
                hint="restore both from one backup; to begin anew, move the state folder away",
            )
        self._settled = True

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One transaction; at its end the store is on disk, and then the ledger.

        Raises:
            StorageError: something can't be written. If the store could be, the lines wait.
            IntegrityError: something is damaged.
        """
        self.settle()
        self._settled = False
        with self._store.transaction() as transaction:
            transaction.written(self._ledger.head.count)
            yield transaction
            self._reached("store written")
        self._reached("store on disk")
        self.settle()
