"""Which column of an export means what: a table of the headings that products use.

Headings are compared in lower case, with every run of other characters than letters and digits
as one blank: ``Client_IP``, ``client-ip`` and ``CLIENT IP`` are one. Where several columns of a
file mean the same, the one whose heading stands first in the table counts.

Known limits: headings in English and German. An export with others is told by its first line:
rename the headings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

#: Headings by meaning, the most specific first.
SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "time": (
        *("sign in time", "login time", "logon time", "connect time", "connected at"),
        *("session start", "start time", "started at", "started", "start", "timestamp"),
        *("date time", "datetime", "date and time", "event time", "time generated", "created at"),
        *("time stamp", "created", "beginn", "anmeldezeit", "zeitstempel", "time", "zeit"),
        "uhrzeit",
    ),
    "date": ("date", "day", "datum"),
    "ended": (
        *("sign out time", "logout time", "logoff time", "disconnect time", "disconnected at"),
        *("session end", "end time", "ended at", "ended", "end", "closed at", "closed", "ende"),
        "abmeldezeit",
    ),
    "account": (
        *("account", "account name", "user name", "username", "user principal name", "upn"),
        *("sam account name", "login name", "logon name", "user", "user id", "userid", "login"),
        *("identity", "caller", "vendor user", "benutzername", "benutzer", "konto"),
    ),
    "source": (
        *("source ip", "source address", "src ip", "src address", "srcip", "client ip"),
        *("client address", "remote ip", "remote address", "caller ip", "public ip", "real ip"),
        *("peer address", "peer ip", "ip address", "ip", "source", "src", "from", "remote host"),
        *("client", "quell ip", "quelle"),
    ),
    "target": (
        *("target", "target host", "target asset", "target name", "destination host"),
        *("destination", "destination ip", "dest", "dst", "dst ip", "dstip", "asset", "server"),
        *("resource", "device", "hostname", "host", "computer", "machine", "to", "ziel"),
    ),
    "service": (
        *("service", "protocol", "access method", "connection type", "application", "app"),
        *("dienst", "protokoll"),
    ),
    "outcome": (
        *("outcome", "result", "login result", "status", "success", "succeeded", "action"),
        *("event", "event type", "state", "ergebnis"),
    ),
    "mfa": (
        *("mfa", "mfa result", "mfa status", "second factor", "2fa", "two factor"),
        *("multi factor", "multifactor", "mfa used", "authentication requirement"),
        "zweiter faktor",
    ),
    "method": (
        *("auth method", "authentication method", "login method", "method", "auth type"),
        *("authentication", "logon type", "auth", "anmeldeart"),
    ),
    "session": ("session id", "sessionid", "session", "connection id", "sitzung", "sitzungs id"),
}
#: Without these a row says nothing.
_NEEDED: Final = ("time", "account")
_BETWEEN: Final = re.compile(r"[^0-9a-zäöüß]+")


def columns_of(heading: Sequence[str]) -> dict[str, int]:
    """The place of each meaning in a header; empty when it is no header of sign-ins.

    Args:
        heading: the cells of a line.
    """
    names = [_BETWEEN.sub(" ", cell.casefold()).strip() for cell in heading]
    found = {}
    for meaning, synonyms in SYNONYMS.items():
        place = next((names.index(one) for one in synonyms if one in names), None)
        if place is not None:
            found[meaning] = place
    if "time" not in found and "date" in found:
        found["time"] = found.pop("date")
    return found if all(one in found for one in _NEEDED) else {}
