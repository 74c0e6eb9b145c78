"""Who stands behind a name: identities by id, account, mail and name."""

from __future__ import annotations

from collections.abc import Iterable

from checkvalve.plant import Plant
from checkvalve.plant.access import Identity


class People:
    """The identities of a plant, by everything that they are called.

    Upper and lower case are one: directories treat them so.

    Args:
        plant: holds the identities.
    """

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._named: dict[str, dict[str, None]] = {}
        self._accounts: dict[str, dict[str, None]] = {}
        for identity in plant.identities.values():
            for account in identity.accounts:
                self._accounts.setdefault(plain(account), {})[identity.id] = None
            for name in (identity.id, identity.name, identity.mail or "", *identity.accounts):
                if name:
                    self._named.setdefault(plain(name), {})[identity.id] = None

    def called(self, name: str) -> frozenset[str]:
        """All that a name stands for: ids of identities, and the name itself in plain letters."""
        return frozenset((plain(name), *map(plain, self._named.get(plain(name), ()))))

    def with_account(self, account: str) -> tuple[Identity, ...]:
        """The identities that sign in with an account.

        A domain before a backslash or behind an ``@`` does not count, unless an identity has it.
        """
        for spelling in (account, account.rpartition("\\")[2], account.partition("@")[0]):
            found = self._accounts.get(plain(spelling))
            if found:
                return tuple(self._plant.identities[name] for name in found)
        return ()

    def shared_accounts(self) -> dict[str, tuple[Identity, ...]]:
        """The accounts that several identities sign in with."""
        return {
            account: tuple(self._plant.identities[name] for name in names)
            for account, names in self._accounts.items()
            if len(names) > 1
        }

    def are_one(self, one: str, other: str) -> bool:
        """Whether two names stand for the same person."""
        return bool(self.called(one) & self.called(other))

    def of_vendor(self, name: str) -> frozenset[str]:
        """The vendors that somebody of this name works for."""
        ids = self._named.get(plain(name), ())
        vendors = (self._plant.identities[one].vendor for one in ids)
        return frozenset(vendor for vendor in vendors if vendor is not None)


def plain(name: str) -> str:
    """A name without differences of case and of spaces."""
    return " ".join(name.casefold().split())


def together(names: Iterable[str]) -> str:
    """Names in a sentence: ``a, b and c``."""
    listed = list(names)
    if len(listed) < 2:  # noqa: PLR2004  # one name needs no "and"
        return "".join(listed)
    return f"{', '.join(listed[:-1])} and {listed[-1]}"
