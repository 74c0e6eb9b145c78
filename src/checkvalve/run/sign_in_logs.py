"""Logs of sign-ins: which reader takes each, and what it says."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from pathlib import Path

from checkvalve.errors import InputError, Problem
from checkvalve.observe.sign_ins import members, reader_for
from checkvalve.observe.sign_ins.base import SignIn
from checkvalve.run.rule_sets import read_text


def read_sign_ins(
    paths: Iterable[Path], *, time_zone: tzinfo | None, at: datetime
) -> tuple[tuple[SignIn, ...], tuple[Problem, ...]]:
    """Read logs of any kind that has a reader.

    Args:
        paths: the logs.
        time_zone: of the clocks that wrote them, for times without an offset.
        at: when they were fetched.

    Returns:
        All sign-ins in time order, and what was not understood, log by log.

    Raises:
        InputError: one is of no kind that is read.
        StorageError: one can't be read.
    """
    found: list[SignIn] = []
    problems: list[Problem] = []
    for path in paths:
        text = read_text(path)
        reader = reader_for(text)
        if reader is None:
            known = ", ".join(one.name for one in members())
            raise InputError(
                f"{path} is no log of sign-ins that is read", hint=f"those that are: {known}"
            )
        sign_ins, unread = reader.read(text, file=path.name, time_zone=time_zone, at=at)
        found += sign_ins
        problems += unread
    return tuple(sorted(found, key=lambda one: one.time)), tuple(problems)
