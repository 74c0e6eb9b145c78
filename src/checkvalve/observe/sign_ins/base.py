"""The one interface of a log of sign-ins, and the neutral form of a sign-in.

**What a reader owes** (held by tests over every reader):

- What stands in the log and is not understood is a ``Problem`` with its line; nothing that
  could be a sign-in is lost in silence, and nothing is guessed. Where a part is not said or not
  understood, the field says *unknown*, and a ``Problem`` says why if the log said something.
- Times are instants. A local time counts on the clock whose zone the caller declares; without a
  zone, a line that has no offset of its own is a ``Problem``.
- Text of any kind raises nothing but ``InputError``, and that only when nothing of it is of this
  kind of log.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime, tzinfo
from ipaddress import IPv6Address, ip_address
from typing import ClassVar, Literal

from checkvalve.errors import Problem

Outcome = Literal["success", "failure"]


@dataclass(frozen=True, slots=True)
class SignIn:
    """One attempt to come in, and the session that it opened.

    Attributes:
        time: when, in UTC.
        account: as it was given; who stands behind it, the plant says.
        source: the address that it came from; empty when the log does not say.
        target: the host or asset that it reached, as the log names it; empty when it does not.
        service: ``ssh``, ``vpn``, ``rdp``, ...; empty when the log does not say.
        outcome: whether it was let in.
        mfa: whether a second factor was given; ``None`` when the log does not say.
        method: how the account proved itself, in the log's own words.
        session: the session's id, in the log's own words.
        ended: when the session ended, in UTC; ``None`` when the log does not say: it may live.
        line: where it stands in the log, from 1.
        file: the log's name.
    """

    time: datetime
    account: str
    source: str
    target: str
    service: str
    outcome: Outcome
    mfa: bool | None
    method: str
    session: str
    ended: datetime | None
    line: int
    file: str


class SignInReader(ABC):
    """One kind of log, read to sign-ins.

    Attributes:
        name: what a person calls it: ``sshd``, ``csv``.
    """

    name: ClassVar[str]

    @abstractmethod
    def recognises(self, text: str) -> bool:
        """Whether a text looks like this kind of log; never raises."""

    @abstractmethod
    def read(
        self, text: str, *, file: str, time_zone: tzinfo | None, at: datetime
    ) -> tuple[tuple[SignIn, ...], tuple[Problem, ...]]:
        """Read a log.

        Args:
            text: all of it.
            file: its name, for people.
            time_zone: of the clock that wrote it, for times without an offset; ``None`` when
                nobody declared it.
            at: when it was fetched, aware; it decides the year where the log has none.

        Returns:
            The sign-ins in time order, and what was not understood, in the order of its lines.

        Raises:
            InputError: nothing of it is of this kind.
        """


def address_in(text: str) -> str:
    """The address that a text is, without port, brackets and scope; empty if it is none.

    An IPv4 address in IPv6 clothes (``::ffff:192.0.2.1``) is the IPv4 address.
    """
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ip_address(bare.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(found)
