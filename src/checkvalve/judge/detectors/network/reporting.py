"""Findings of network detectors, and the words in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from checkvalve.findings import Certainty, Evidence, Finding, Subject
from checkvalve.judge.window import End, Window, moment
from checkvalve.records import Intent
from checkvalve.rules import ATTACK_ICS, Reference, Rule

#: Rows of a window that a finding shows.
MOST_EVIDENCE: Final = 5
_MOST_NAMES: Final = 4

#: The same for every detector: what is learnt is watched for.
WATCHING: Final = (
    Reference("IEC 62443-3-3", "SR 6.2", "Continuous monitoring"),
    Reference("NIST SP 800-82r3", "6.3.1", "Anomalies and Events"),
)

#: Intents from the mildest to the strongest.
_STRENGTH: Final = (
    Intent.OTHER,
    Intent.SESSION,
    Intent.DISCOVER,
    Intent.READ,
    Intent.WRITE,
    Intent.CONTROL,
    Intent.PROGRAM,
)
_UNITS: Final = (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3))


def technique(clause: str, title: str) -> Reference:
    """A technique of ATT&CK for ICS."""
    return Reference(ATTACK_ICS, clause, title)


def strongest(intents: Iterable[Intent]) -> Intent:
    """The intent that does most; ``OTHER`` when there is none."""
    return max(intents, key=_STRENGTH.index, default=Intent.OTHER)


def action_of(intent: Intent) -> str:
    """The word by which a change order sanctions it; empty for ``other``."""
    return "" if intent is Intent.OTHER else str(intent)


def subject_of(end: End) -> Subject:
    """An end as what a finding is about."""
    return Subject("asset" if end.declared else "address", end.name)


def called(end: End) -> str:
    """An end in a sentence: its id, or its address and zone where nothing is declared."""
    return end.name if end.declared else f"{end.name} (undeclared, in {end.zone})"


def listed(names: Iterable[str]) -> str:
    """``a, b and c``; only the first few of many."""
    known = list(dict.fromkeys(names))
    if len(known) > _MOST_NAMES + 1:
        return f"{', '.join(known[:_MOST_NAMES])} and {len(known) - _MOST_NAMES} more"
    if len(known) > 1:
        return f"{', '.join(known[:-1])} and {known[-1]}"
    return known[0] if known else "nothing"


def duration(nanoseconds: float) -> str:
    """``1.5 s``, ``2 min``: two digits that count."""
    seconds = nanoseconds / 1e9
    for unit, size in _UNITS:
        if seconds >= size:
            count = seconds / size
            return f"{count:.0f} {unit}" if count >= 9.95 else f"{count:.2g} {unit}"  # noqa: PLR2004
    return "under 1 ms"


def mode_words(mode: str | None) -> str:
    """`` in mode production``; empty when the mode is unknown."""
    return f" in mode {mode}" if mode else ""


def evidence_of(window: Window, rows: Sequence[Any], what: Sequence[str]) -> tuple[Evidence, ...]:
    """The first few rows as evidence, each with its words."""
    pairs = zip(rows[:MOST_EVIDENCE], what[:MOST_EVIDENCE], strict=True)
    return tuple(window.evidence(row, words) for row, words in pairs)


def finding(  # noqa: PLR0913  # a finding has many sides
    rule: Rule,
    window: Window,
    *,
    subject: Subject,
    cause: str,
    because: str,
    evidence: tuple[Evidence, ...],
    span: tuple[int, int],
    count: int = 1,
    source: End | None = None,
    target: End | None = None,
    others: Iterable[str] = (),
    intent: Intent = Intent.OTHER,
    zone: str = "",
) -> Finding:
    """A learnt finding of one window.

    Args:
        rule: what it means.
        window: where it was seen.
        subject: what it is about.
        cause: what makes it itself.
        because: one sentence.
        evidence: at least one item.
        span: first and last time, ns since 1970.
        count: how often it was seen.
        source: who acted.
        target: whom it reached, when it is one.
        others: names of all else that take part.
        intent: what was done.
        zone: the zone that suffers; the target's when left out.
    """
    ends = [end.name for end in (source, target) if end is not None]
    return Finding(
        rule=rule.id,
        site=window.site,
        subject=subject,
        cause=cause,
        at=moment(span[0]),
        last=moment(max(span)),
        count=count,
        certainty=Certainty.LEARNT,
        because=because,
        evidence=evidence,
        assets=tuple(dict.fromkeys((*ends, *others))),
        source=source.name if source is not None else "",
        target=target.name if target is not None else "",
        action=action_of(intent),
        zone=zone or (target.zone if target is not None else ""),
        process_mode=window.mode or "",
    )


def minutes(count: int) -> timedelta:
    """A time to respond."""
    return timedelta(minutes=count)
