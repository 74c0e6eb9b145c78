"""An act says who, when and why, and until when where it hides something."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.keep.making import AT, approval, later, mute, proposal

from checkvalve.errors import UsageError
from checkvalve.keep.acts import BaselineProposal, Deed, IncidentAct, act_id
from checkvalve.respond.triage.acts import ActKind


def act(deed: Deed, why: str = "") -> IncidentAct:
    until = later(9) if deed in (Deed.MUTE, Deed.LEARN) else None
    return IncidentAct(deed, "INC-1", ("0123456789abcdef",), "shift lead", why, AT, until)


def test_what_may_be_done_is_what_triage_understands() -> None:
    assert {deed.value for deed in Deed} == {kind.value for kind in ActKind}


@pytest.mark.parametrize("deed", [Deed.MUTE, Deed.LEARN])
def test_what_hides_something_needs_an_end_that_lies_ahead(deed: Deed) -> None:
    with pytest.raises(UsageError, match=f"a {deed} needs an end"):
        replace(act(deed, "a test"), until=None)
    with pytest.raises(UsageError, match="ends before it begins"):
        replace(act(deed, "a test"), until=AT)
    with pytest.raises(UsageError, match="time zone"):
        replace(act(deed, "a test"), until=later(9).replace(tzinfo=None))


@pytest.mark.parametrize("deed", Deed)
def test_closing_muting_and_learning_need_a_reason_and_the_others_do_not(deed: Deed) -> None:
    if deed in (Deed.ACKNOWLEDGE, Deed.CONTAIN, Deed.REOPEN):
        assert act(deed).entry().kind == f"incident {deed}"
        return
    with pytest.raises(UsageError, match=f"a {deed} needs a reason"):
        act(deed)


def test_an_act_needs_a_name_a_finding_a_zoned_time_and_text() -> None:
    with pytest.raises(UsageError, match="needs a name"):
        replace(mute(), who=" ")
    with pytest.raises(UsageError, match="at least one finding"):
        replace(mute(), findings=())
    with pytest.raises(UsageError, match="time zone"):
        replace(mute(), at=AT.replace(tzinfo=None))
    with pytest.raises(UsageError, match="UTF-8"):
        BaselineProposal("north", "{}", "who\udc80", "why", AT)


def test_an_act_is_known_by_all_that_it_says() -> None:
    acts = [mute(), mute(second=1), mute("b"), replace(mute(), who="b"), replace(mute(), why="b")]
    ids = {act_id(each) for each in acts}
    ids |= {act_id(proposal()), act_id(approval("f" * 64))}
    assert len(ids) == len(acts) + 2
    assert act_id(mute()) == act_id(mute())
