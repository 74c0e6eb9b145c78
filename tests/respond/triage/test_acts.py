"""What people do with an incident, and what it makes of each finding."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.respond.triage.seen import finding, minutes

from checkvalve.errors import UsageError
from checkvalve.findings import Finding
from checkvalve.respond.triage.acts import Act, ActKind, Standing, State, standing_of

SEEN = finding("new-writer", "HMI-3", "PLC-7", last=minutes(5))
PROVEN = finding("undeclared-conduit", "HMI-3", "PLC-7", last=minutes(5), proof=True)
NEEDS_END = (ActKind.MUTE, ActKind.LEARN)


def act(kind: ActKind, at: float, until: float | None = None) -> Act:
    if until is None and kind in NEEDS_END:
        until = at + 60
    end = None if until is None else minutes(until)
    return Act(kind, "inc-1", (SEEN.id,), "anna", "because", minutes(at), end)


def after(*acts: Act, one: Finding = SEEN, at: float = 30) -> Standing:
    return standing_of(one, acts, minutes(at))


def test_without_acts_it_is_open() -> None:
    assert after() == Standing()


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        ((ActKind.ACKNOWLEDGE,), State.ACKNOWLEDGED),
        ((ActKind.CONTAIN,), State.CONTAINED),
        ((ActKind.CLOSE,), State.CLOSED),
        ((ActKind.LEARN,), State.CLOSED),
        ((ActKind.MUTE,), State.OPEN),
        ((ActKind.CONTAIN, ActKind.ACKNOWLEDGE), State.CONTAINED),
        ((ActKind.CLOSE, ActKind.REOPEN), State.OPEN),
        ((ActKind.CLOSE, ActKind.ACKNOWLEDGE), State.ACKNOWLEDGED),
        ((ActKind.CLOSE, ActKind.MUTE), State.CLOSED),
    ],
)
def test_the_last_act_decides(kinds: tuple[ActKind, ...], state: State) -> None:
    assert after(*(act(kind, 10 + place) for place, kind in enumerate(kinds))).state is state


def test_an_act_yet_to_come_does_not_count() -> None:
    assert after(act(ActKind.CLOSE, 40)).state is State.OPEN


def test_what_is_seen_again_after_closing_is_open_and_says_since_when() -> None:
    found = after(act(ActKind.CLOSE, 3))
    assert (found.state, found.returned) == (State.OPEN, minutes(3))


def test_what_was_learnt_stays_quiet_until_its_end() -> None:
    assert after(act(ActKind.LEARN, 3)).state is State.CLOSED
    expired = after(act(ActKind.LEARN, 1, until=4))
    assert (expired.state, expired.returned) == (State.OPEN, minutes(1))


def test_what_a_check_proves_is_never_learnt() -> None:
    assert after(act(ActKind.LEARN, 10), one=PROVEN).state is State.OPEN
    closed_then_taught = after(act(ActKind.CLOSE, 3), act(ActKind.LEARN, 4), one=PROVEN)
    assert closed_then_taught.returned == minutes(3)


def test_a_mute_hides_until_its_end() -> None:
    muted = act(ActKind.MUTE, 10, until=20)
    assert after(muted, at=15).muted_until == minutes(20)
    assert after(muted, at=20).muted_until is None


@pytest.mark.parametrize(
    ("kind", "who", "why", "until", "complaint"),
    [
        (ActKind.ACKNOWLEDGE, " ", "", None, "acknowledge needs a name"),
        (ActKind.CLOSE, "anna", "", None, "close needs a reason"),
        (ActKind.MUTE, "anna", "", minutes(60), "mute needs a reason"),
        (ActKind.MUTE, "anna", "noise", None, "mute needs an end"),
        (ActKind.LEARN, "anna", "normal", None, "learn needs an end"),
        (ActKind.LEARN, "anna", "normal", minutes(-1), "learn would end before it begins"),
    ],
)
def test_an_act_without_its_parts_is_refused(
    kind: ActKind, who: str, why: str, until: datetime | None, complaint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        Act(kind, "inc-1", (SEEN.id,), who, why, minutes(0), until)
    assert caught.value.sentence == complaint
    assert caught.value.hint


def test_an_acknowledgement_needs_no_reason() -> None:
    assert Act(ActKind.ACKNOWLEDGE, "inc-1", (SEEN.id,), "anna", "", minutes(0)).why == ""
