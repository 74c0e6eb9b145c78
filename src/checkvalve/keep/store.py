"""The store: what must not be lost, in SQLite beside the program or in a server by its URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from checkvalve.keep import engine as engines
from checkvalve.keep.durable import make_folder
from checkvalve.keep.migrations import bring_up
from checkvalve.keep.reading import Reader, place_of
from checkvalve.keep.writing import Transaction


class Store(Reader):
    """The store in the hands of the one process that may write; see ``lock``.

    Attributes:
        changes: what bringing it up to date changed, in words.
    """

    changes: tuple[str, ...] = ()

    @classmethod
    def open(cls, url: str) -> Self:
        """Opens a store to write to; makes it, or brings it up to date.

        Args:
            url: ``sqlite:///PATH`` or any database that SQLAlchemy speaks.

        Raises:
            StorageError: it can't be used, or a newer program wrote it.
            IntegrityError: it is damaged.
        """
        path = engines.sqlite_path(url)
        if path is not None:
            make_folder(path.parent)
        store = cls(engines.writer(url), place_of(url))
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
