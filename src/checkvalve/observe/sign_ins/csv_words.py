"""The words in which exports say what came of a sign-in, and whether a second factor was given."""

from __future__ import annotations

from typing import Final, Literal

from checkvalve.observe.sign_ins.base import Outcome

_LET_IN: Final = frozenset(
    (
        *("success", "successful", "succeeded", "ok", "accepted", "allowed", "allow", "granted"),
        *("true", "yes", "pass", "passed", "connected", "connect", "login", "logon", "logged in"),
        *("sign in", "login success", "login successful", "session opened", "opened", "started"),
        *("active", "authenticated", "erfolgreich", "ja"),
    )
)
_REFUSED: Final = frozenset(
    (
        *("failure", "failed", "fail", "denied", "deny", "rejected", "refused", "blocked", "error"),
        *("false", "no", "invalid", "login failed", "login failure", "locked", "locked out"),
        *("fehlgeschlagen", "abgelehnt", "nein"),
    )
)
_OVER: Final = frozenset(
    (
        *("logout", "logoff", "logged out", "log out", "sign out", "disconnect", "disconnected"),
        *("closed", "session closed", "ended", "terminated", "timeout", "expired", "abgemeldet"),
    )
)
_GIVEN: Final = frozenset(
    (
        *("yes", "true", "1", "y", "passed", "pass", "success", "successful", "succeeded", "ok"),
        *("approved", "approve", "accepted", "satisfied", "used", "mfa", "ja"),
        *("multi factor authentication", "multifactorauthentication"),
    )
)
_NOT_GIVEN: Final = frozenset(
    (
        *("no", "false", "0", "n", "none", "not used", "not required", "disabled", "skipped"),
        *("bypassed", "failed", "denied", "nein", "keine"),
        *("single factor authentication", "singlefactorauthentication"),
    )
)
#: What stands in a cell where nothing is known.
NOTHING: Final = frozenset(("", "-", "--", "n/a", "na", "null", "unknown", "unbekannt"))


def _plain(cell: str) -> str:
    return " ".join(cell.casefold().replace("_", " ").replace("-", " ").split())


def outcome_of(cell: str) -> Outcome | Literal["over"] | None:
    """What came of it, ``over`` for the end of a session; ``None`` for an unknown word.

    A number is no word: 0 is success in one product and failure in the next.
    """
    said = _plain(cell)
    if said in _LET_IN:
        return "success"
    if said in _REFUSED:
        return "failure"
    return "over" if said in _OVER else None


def factor_of(cell: str) -> bool | Literal["unclear"] | None:
    """Whether a second factor was given; ``None`` where the cell says nothing."""
    if cell.casefold() in NOTHING:
        return None
    said = _plain(cell)
    if said in _GIVEN:
        return True
    return False if said in _NOT_GIVEN else "unclear"
