"""What every check owes, as code.

Each law takes a check's class, a plant and windows, and raises ``AssertionError`` where it
is broken. ``answers`` asks a check as a run does.

Example:
    ::

        def test_my_check_tells_whom_it_is_about():
            subjects_resolve(MyCheck, plant, windows)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from checkvalve.findings import Answer, Certainty, Finding, Subject, Verdict
from checkvalve.judge.checks.base import Check, Seen
from checkvalve.judge.window import Breach, Window, moment
from checkvalve.plant import COMPUTED_ZONES, Plant

#: Plurals of the kinds that a verdict may be about.
_KINDS = {
    "asset": "assets",
    "component": "components",
    "conduit": "conduits",
    "grant": "grants",
    "zone": "zones",
}


def answers(kind: type[Check], plant: Plant, window: Window) -> list[tuple[Verdict, Breach]]:
    """What a check says of a window at its end."""
    return kind().check(plant, Seen(window), moment(window.end))


def found(kind: type[Check], plant: Plant, window: Window) -> list[Finding]:
    """The findings of a check in a window."""
    return [v.finding for v, _ in answers(kind, plant, window) if v.finding is not None]


def absent_table_is_no_compliance(kind: type[Check], plant: Plant, window: Window) -> None:
    """Where nothing was observed, the answer is *cannot tell*, and never *holds*."""
    verdicts = [verdict for verdict, _ in kind().check(plant, Seen(), moment(window.end))]
    assert verdicts, f"{kind.rule.id} says nothing where it can't tell"
    for verdict in verdicts:
        assert verdict.answer is Answer.CANNOT_TELL, f"{verdict} without anything observed"


def asking_changes_nothing(kind: type[Check], plant: Plant, windows: Iterable[Window]) -> None:
    """The same input gives the same answers, whatever was asked before."""
    asked = kind()
    kept = list(windows)
    first = [asked.check(plant, Seen(one), moment(one.end)) for one in kept]
    again = [asked.check(plant, Seen(one), moment(one.end)) for one in reversed(kept)]
    fresh = [answers(kind, plant, one) for one in kept]
    assert first == again[::-1] == fresh, f"{kind.rule.id} remembers"


def subjects_resolve(kind: type[Check], plant: Plant, windows: Iterable[Window]) -> None:
    """Each verdict is about something of the plant, or about an address."""
    for window in windows:
        for verdict, _ in answers(kind, plant, window):
            assert _resolves(plant, verdict.subject), f"{verdict.subject} leads nowhere"


def findings_are_whole(kind: type[Check], plant: Plant, windows: Iterable[Window]) -> None:
    """What is broken has a finding that a person can look up and triage can place."""
    for window in windows:
        for verdict, breach in answers(kind, plant, window):
            assert verdict.rule == kind.rule.id
            assert verdict.because
            finding = verdict.finding
            assert (verdict.answer is Answer.HOLDS) <= (finding is None)
            assert (verdict.answer is Answer.BROKEN) <= (finding is not None)
            if finding is None:
                continue
            assert finding.certainty is Certainty.PROOF
            assert finding.evidence, f"{finding.because}: and nothing to look at"
            assert finding.evidence[0].packet > 0
            assert finding.at <= finding.until <= moment(window.end)
            assert set(finding.assets) >= {finding.source, finding.target} - {""}
            assert breach.edges <= set(window.groups["edge"].tolist())
            assert breach.paths <= set(window.flows["path"].tolist())


def cause_outlives_the_hour(
    kind: type[Check], plant: Plant, one: Sequence[Window], other: Sequence[Window]
) -> None:
    """The same traffic at another time is the same finding.

    Args:
        kind: the check.
        plant: what is declared.
        one: windows.
        other: windows of the same traffic, in the same modes, at another time.
    """
    ids = [
        {f.id for window in windows for f in found(kind, plant, window)} for windows in (one, other)
    ]
    assert ids[0] == ids[1], f"a cause of {kind.rule.id} changes with time"


def rule_can_be_acted_on(kind: type[Check]) -> None:
    """Its file, class and rule bear one name, and the rule says what to do."""
    rule = kind.rule
    module = kind.__module__.rsplit(".", 1)[-1]
    assert rule.id == module.replace("_", "-")
    assert kind.__name__ == "".join(word.capitalize() for word in module.split("_"))
    assert rule.techniques(), f"{rule.id} names no technique, so its stage is not known"
    for text in (rule.title, rule.why, rule.cause, rule.consequence, rule.response):
        assert text
    assert rule.harmless_if
    assert rule.time_to_respond.total_seconds() > 0
    page = kind.__doc__ or ""
    for section in ("Why it matters:", "Known limits:", "Example:", "References:"):
        assert section in page, f"{kind.__name__} has no '{section}'"


def _resolves(plant: Plant, subject: Subject) -> bool:
    if subject.kind == "plant":
        return True
    if subject.kind == "address":
        return str(ip_address(subject.id)) == subject.id
    if subject.kind == "zone" and subject.id in COMPUTED_ZONES:
        return True
    return subject.id in getattr(plant, _KINDS[subject.kind])
