"""What OpenSSH's server and the PAM modules behind it say of a sign-in, one message a shape.

After OpenSSH 9.9 (``auth.c``, ``packet.c``, ``session.c``, ``sshd.c``) and the modules' own
sources. Names that a stranger chose stand in some messages; the server escapes what does not
print, but not words. A failure's peer is therefore the *last* one that stands there, and messages
from before the sign-in (``[preauth]``) end no session.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

#: Since 9.8 a session has its own program, since 10.0 authentication too.
PROGRAMS: Final = ("sshd", "sshd-session", "sshd-auth")

#: A key was found in a file, which lets nobody in yet.
_ABOUT_KEYS: Final = ("Accepted key ", "Accepted certificate ")
_BEFORE: Final = "[preauth]"
_PEER: Final = r"from (\S+) port (\d+)"
#: The account exists: nobody from outside chose its name. What follows may quote a certificate.
_LET_IN: Final = re.compile(rf"(Accepted|Partial) (\S+) for (\S+|.+?) {_PEER}(?: ssh2?)?(?::(.*))?")
_FAILED: Final = re.compile(
    rf"Failed (\S+) for ((?:invalid|illegal) user )?(.*) {_PEER}(?: ssh2?)?(?:: .*)?"
)
_PAM_FAILED: Final = re.compile(
    r"error: PAM: .+? for (?:(?:invalid|illegal) user )?(.*) from (\S+)(?: via \S+)?"
)
_CONNECTION: Final = re.compile(rf"Connection {_PEER} on .*")
_PEER_LEFT: Final = re.compile(
    r"(?:Received disconnect from|Disconnected from|Connection (?:closed|reset) by"
    r"|Timeout, client not responding from) (?:user \S+ )?(\S+) port (\d+)\b.*"
)
_CLOSED: Final = re.compile(r"pam_\w+\(sshd?:session\): session closed for user .*")
_CODE: Final = re.compile(r"Accepted google_authenticator for (\S+)")
_DUO: Final = re.compile(r"Successful Duo login for '?([^\s']+)'?(?: from \S+)?")


@dataclass(frozen=True, slots=True)
class LetIn:
    """A method proved the account: alone, or as one of several that are asked for.

    Attributes:
        whole: it was the last that was asked for.
        key: kind and fingerprint of a key, as the server writes them.
    """

    account: str
    source: str
    port: str
    method: str
    whole: bool
    key: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A method did not prove the account. PAM's own message names no port."""

    account: str
    source: str
    port: str
    method: str


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """A PAM module accepted a second factor."""

    account: str


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection came in. The server says it only where it says every method too."""

    source: str
    port: str


@dataclass(frozen=True, slots=True)
class Left:
    """A connection is over; without a peer it is this process's session."""

    source: str = ""
    port: str = ""


Message = LetIn | Refused | SecondFactor | Connected | Left
#: What matters and has another shape than expected.
Strange = Literal["strange"]


def read_message(program: str, message: str) -> Message | Strange | None:
    """What a message says; ``None`` when it is about no sign-in.

    Args:
        program: who said it.
        message: what it said.
    """
    server, _, module = program.partition("(")
    if server not in PROGRAMS:
        return None
    if factor := _CODE.fullmatch(message) or _DUO.fullmatch(message):
        return SecondFactor(factor[1])
    return None if module else _of_server(message)


def _of_server(message: str) -> Message | Strange | None:
    said = message.removesuffix(_BEFORE).rstrip()
    match said.partition(" ")[0]:
        case "Accepted" | "Partial":
            return _let_in(said)
        case "Failed":
            return _failed(said)
        case "error:":
            return _pam_failed(said)
        case _:
            return _connection(said, over=not message.endswith(_BEFORE))


def _let_in(said: str) -> LetIn | Strange | None:
    if said.startswith(_ABOUT_KEYS):
        return None
    found = _LET_IN.fullmatch(said)
    if found is None:
        return "strange"
    word, method, account, source, port, key = found.groups(default="")
    return LetIn(account, source, port, method, word == "Accepted", key.strip())


def _failed(said: str) -> Refused | Strange | None:
    found = _FAILED.fullmatch(said)
    if found is None:
        return None if said.startswith("Failed to ") else "strange"
    method, _, account, source, port = found.groups(default="")
    # A client asks with the method "none" for the methods that there are.
    return None if method == "none" else Refused(account, source, port, method)


def _pam_failed(said: str) -> Refused | None:
    found = _PAM_FAILED.fullmatch(said)
    return None if found is None else Refused(found[1], found[2], "", "keyboard-interactive/pam")


def _connection(said: str, *, over: bool) -> Connected | Left | None:
    if begun := _CONNECTION.fullmatch(said):
        return Connected(begun[1], begun[2])
    if not over:
        return None
    if gone := _PEER_LEFT.fullmatch(said):
        return Left(gone[1], gone[2])
    return Left() if _CLOSED.fullmatch(said) else None
