"""What the words of a rule set mean where some of it does not stand in the text."""

from __future__ import annotations

from dataclasses import dataclass

from checkvalve.observe.firewalls.spans import ANYWHERE, NOWHERE, Addresses


@dataclass(frozen=True, slots=True)
class Meant:
    """Addresses that a word means.

    Attributes:
        known: those that it means for certain.
        perhaps: those that it may mean as well.
        why: why they are not certain.
    """

    known: Addresses = NOWHERE
    perhaps: Addresses = NOWHERE
    why: str = ""

    def __or__(self, other: Meant) -> Meant:
        """What either means."""
        return Meant(self.known | other.known, self.perhaps | other.perhaps, self.why or other.why)

    def negated(self) -> Meant:
        """All that it does not mean."""
        return Meant(ANYWHERE - (self.known | self.perhaps), self.perhaps - self.known, self.why)

    def choices(self, family: Addresses) -> list[tuple[Addresses, str]]:
        """The certain and the uncertain addresses of a family, each with why it is uncertain."""
        found = ((self.known & family, ""), ((self.perhaps - self.known) & family, self.why))
        return [one for one in found if one[0]]


def unknown(why: str, perhaps: Addresses = ANYWHERE) -> Meant:
    """Addresses of which nothing is certain."""
    return Meant(NOWHERE, perhaps, why)
