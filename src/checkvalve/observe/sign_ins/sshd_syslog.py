"""OpenSSH's server in syslog or the journal: sign-ins over SSH.

Reads ``auth.log``, ``secure`` and ``journalctl -u ssh`` of OpenSSH 6.6 to 10 (``syslog_lines``
says in which forms, ``sshd_messages`` which messages). A session ends with the first message that
says so: the peer's leaving, or PAM's closing.

**Second factors.** A log says little of them. *Given*: a PAM module for codes or pushes
(``pam_google_authenticator``, ``pam_duo``) accepted the account on this host within two minutes
before, or the server asked for a key and for something else (``Partial publickey``, then
another). *Not given*: a key alone opened the session, and the server logged every method
(``LogLevel VERBOSE``, known by ``Connection from``). All else is unknown: at the level ``INFO``
the server does not log partial success, and a password may stand for anything behind PAM; a key
on a token (``-SK``) may have asked for a PIN.

Known limits:
    - Whether a module for codes asked for a password too is not logged.
    - ``login_duo`` as a forced command, which asks after the sign-in, is not seen.
    - A session whose beginning stands in an older file is not told; a host that went down ends
      none of its sessions.
    - Other SSH servers (Dropbear, Tectia, Windows event logs) are not read.
    - A refused key is a failure here, and clients try several: they are not guesses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import ClassVar, Final

from checkvalve.errors import Problem
from checkvalve.observe.sign_ins.base import SignIn, SignInReader, address_in
from checkvalve.observe.sign_ins.sshd_messages import (
    Connected,
    Left,
    LetIn,
    Message,
    Refused,
    SecondFactor,
    read_message,
)
from checkvalve.observe.sign_ins.syslog_lines import Entry, read_entries

_SSHD: Final = re.compile(
    r"^(?:<\d{1,3}>)?(?:1 )?(?:\d{4}-\d\d-\d\d[T ]\S+|[A-Z][a-z]{2} {1,2}\d{1,2} [\d:]{8}) "
    r"\S+ sshd(?:-session|-auth)?(?:\([\w-]+\))?[\[: ]",
    re.MULTILINE,
)
#: How long a code that was accepted waits for the sign-in that it belongs to.
_CODE_LASTS: Final = timedelta(minutes=2)
#: PAM's own word for a refusal comes this long before the server's.
_PAM_BEFORE: Final = timedelta(seconds=5)
#: A line that counts more refusals than a server allows is not believed beyond this.
_MOST_REPEATED: Final = 100
_KNOWN_THINGS: Final = ("password", "keyboard-interactive")


class SshdSyslog(SignInReader):
    """OpenSSH's server, as syslog or the journal has it."""

    name: ClassVar[str] = "sshd"

    def recognises(self, text: str) -> bool:
        """See ``SignInReader.recognises``."""
        return _SSHD.search(text) is not None

    def read(
        self, text: str, *, file: str, time_zone: tzinfo | None, at: datetime
    ) -> tuple[tuple[SignIn, ...], tuple[Problem, ...]]:
        """See ``SignInReader.read``."""
        entries, problems = read_entries(text, file=file, time_zone=time_zone, at=at)
        found = _Sessions(file)
        found.follow(entries)
        problems = sorted((*problems, *found.problems), key=lambda one: one.line)
        return tuple(sorted(found.sign_ins, key=lambda one: one.time)), tuple(problems)


class _Sessions:
    """Follows sign-ins and their sessions through the messages of one log."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.sign_ins: list[SignIn] = []
        self.problems: list[Problem] = []
        self._by_process: dict[tuple[str, str], int] = {}
        self._by_peer: dict[tuple[str, str, str], int] = {}
        self._partial: dict[tuple[str, str, str, str], list[str]] = {}
        self._codes: dict[tuple[str, str], datetime] = {}
        self._told_whole: set[tuple[str, str, str]] = set()
        self._pam_refused: dict[tuple[str, str, str], int] = {}

    def follow(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            message = read_message(entry.program, entry.message)
            if message == "strange":
                self._complain(entry, "this message about a sign-in is not understood")
            elif message is not None:
                self._take(entry, message)

    def _take(self, entry: Entry, message: Message) -> None:
        match message:
            case Connected():
                self._told_whole.add((entry.host, message.source, message.port))
            case SecondFactor():
                self._codes[entry.host, message.account] = entry.time
            case LetIn(whole=False):
                methods = self._partial.setdefault(_who(entry, message), [])
                methods.append(message.method)
            case LetIn():
                self._open(entry, message)
            case Refused():
                self._refuse(entry, message)
            case Left():
                self._end(entry, message)

    def _open(self, entry: Entry, message: LetIn) -> None:
        before = self._partial.pop(_who(entry, message), [])
        one = SignIn(
            time=entry.time,
            account=message.account,
            source=address_in(message.source),
            target=entry.host,
            service="ssh",
            outcome="success",
            mfa=self._second_factor(entry, message, before),
            method=",".join((*before, message.method)),
            session=entry.pid,
            ended=None,
            line=entry.line,
            file=self._file,
        )
        peer = (entry.host, message.source, message.port)
        self._by_peer[peer] = self._by_process[entry.host, entry.pid] = len(self.sign_ins)
        self._told_whole.discard(peer)
        self.sign_ins.append(one)

    def _second_factor(self, entry: Entry, message: LetIn, before: list[str]) -> bool | None:
        code = self._codes.pop((entry.host, message.account), None)
        if code is not None and timedelta(0) <= entry.time - code <= _CODE_LASTS:
            return True
        methods = {*before, message.method}
        if "publickey" in methods and any(one.startswith(_KNOWN_THINGS) for one in methods):
            return True
        whole = (entry.host, message.source, message.port) in self._told_whole
        alone = methods == {"publickey"} and "-SK " not in f"{message.key} "
        return False if whole and alone else None

    def _refuse(self, entry: Entry, message: Refused) -> None:
        who = (entry.host, entry.pid, message.account)
        said_by_pam = self._pam_refused.pop(who, None)
        if said_by_pam is not None and message.port and message.method.startswith("keyboard"):
            said = self.sign_ins[said_by_pam]
            if entry.time - said.time <= _PAM_BEFORE and entry.times == 1:
                return
        if entry.times > _MOST_REPEATED:
            sentence = f"refused {entry.times} times in one line: {_MOST_REPEATED} are counted"
            self._complain(entry, sentence)
        if not message.port:
            self._pam_refused[who] = len(self.sign_ins)
        one = SignIn(
            time=entry.time,
            account=message.account,
            source=address_in(message.source),
            target=entry.host,
            service="ssh",
            outcome="failure",
            mfa=None,
            method=message.method,
            session=entry.pid,
            ended=None,
            line=entry.line,
            file=self._file,
        )
        self.sign_ins.extend([one] * min(entry.times, _MOST_REPEATED))

    def _end(self, entry: Entry, message: Left) -> None:
        if message.port:
            place = self._by_peer.pop((entry.host, message.source, message.port), None)
        else:
            place = self._by_process.pop((entry.host, entry.pid), None)
        if place is not None and self.sign_ins[place].ended is None:
            ended = max(entry.time, self.sign_ins[place].time)
            self.sign_ins[place] = replace(self.sign_ins[place], ended=ended)

    def _complain(self, entry: Entry, sentence: str) -> None:
        self.problems.append(Problem(self._file, entry.line, "", sentence))


def _who(entry: Entry, message: LetIn) -> tuple[str, str, str, str]:
    return entry.host, message.source, message.port, message.account
