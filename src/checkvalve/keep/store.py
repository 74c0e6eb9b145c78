"""The store: what must not be lost, in SQLite beside the program or in a server by its URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from checkvalve.keep import engine as engines
from checkvalve.keep.durable import make_folder
from checkvalve.keep.engine import Where
from checkvalve.keep.migrations import bring_up
from checkvalve.keep.reading import Reader
from checkvalve.keep.writing import Transaction


class Store(Reader):
    """The store in the hands of the one process that may write; see ``lock``.

    Attributes:
        changes: what bringing it up to date changed, in words.
    """

    changes: tuple[str, ...] = ()

    @classmethod
    def open(cls, where: Where) -> Self:
        """Opens a store to write to; makes it, or brings it up to date.

        Args:
            where: its file, or the URL of its database.

        Raises:
            StorageError: it can't be used, or a newer program wrote it.
            IntegrityError: it is damaged.
        """
        path = engines.file_of(where)
        if path is not None:
            make_folder(path.parent)
        store = cls(engines.writer(where), engines.place_of(where))
        try:
            with store.asked() as connection:
                store.changes = bring_up(connection, store.place)
        except BaseException:
            store.close()
            raise
        return store

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Opens a transaction: committed and on disk at the end, undone by any exception.

        Raises:
            StorageError: there is no space, or the database can't be written.
            IntegrityError: it is damaged.
        """
        with self.asked() as connection:
            yield Transaction(connection)
