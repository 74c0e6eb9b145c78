"""One cause, seen again: how two sightings of a finding become one finding.

The rule is a sum. In whatever order and grouping sightings are merged, the result is the
same, so that a run cut in two remembers what one run would have.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from checkvalve.findings import Evidence, Finding

#: How many items of evidence are kept from each end of time once a finding was seen again.
EVIDENCE_KEPT = 4


def gathered(findings: Iterable[Finding]) -> dict[str, Finding]:
    """Merges the sightings of each cause.

    Returns:
        One finding for each id, in order of first appearance.
    """
    by_id: dict[str, Finding] = {}
    for finding in findings:
        known = by_id.get(finding.id)
        by_id[finding.id] = finding if known is None else merged(known, finding)
    return by_id


def merged(one: Finding, other: Finding) -> Finding:
    """Merges two sightings of the same cause.

    Counts add up; the first and the last time are those of both; the words are those of the
    later sighting; of the evidence, the first and the last items in time are kept.

    Raises:
        ValueError: the two are not the same finding.
    """
    if one.id != other.id:
        raise ValueError(f"finding {other.id} is not finding {one.id}")
    first, last = min(one.at, other.at), max(one.until, other.until)
    return replace(
        max(one, other, key=_words),
        at=first,
        last=None if last == first else last,
        count=one.count + other.count,
        evidence=_ends(one.evidence + other.evidence),
        assets=_union(one.assets, other.assets),
        identities=_union(one.identities, other.identities),
    )


def _words(finding: Finding) -> tuple[object, ...]:
    """Orders sightings by time and, where times are equal, by what they say."""
    return (
        finding.until,
        finding.because,
        finding.source,
        finding.target,
        finding.action,
        finding.zone,
        finding.process_mode,
        finding.certainty,
    )


def _ends(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    items = sorted(set(evidence), key=_place)
    if len(items) <= 2 * EVIDENCE_KEPT:
        return tuple(items)
    return (*items[:EVIDENCE_KEPT], *items[-EVIDENCE_KEPT:])


def _place(item: Evidence) -> tuple[datetime, str, int, str, str, str]:
    at = item.at or datetime.min.replace(tzinfo=UTC)
    return at, item.capture, item.packet, item.what, item.expected, item.actual


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return one if one == other else tuple(sorted({*one, *other}))
