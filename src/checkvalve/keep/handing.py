"""How a command hands in what a person decided, whether or not a process owns the store."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from checkvalve.keep.acts import Act
from checkvalve.keep.inbox import Inbox
from checkvalve.keep.keeper import INBOX, Keeper
from checkvalve.keep.lock import HeldError


def hand_in(folder: Path, act: Act, *, command: str, at: datetime, url: str = "") -> bool:
    """Hands in what a person decided, whether or not a process owns the folder.

    Returns:
        True when the store has it; False when it waits in the owner's inbox.

    Raises:
        UsageError: it approves a baseline that nobody proposed.
        StorageError: something can't be written.
    """
    try:
        with Keeper.open(folder, command=command, at=at, url=url) as keeper:
            keeper.act(act)
    except HeldError:
        Inbox(folder / INBOX).drop(act)
    else:
        return True
    try:  # the owner may have gone between the two
        Keeper.open(folder, command=command, at=at, url=url).close()
    except HeldError:
        return False
    return True
