from __future__ import annotations

import pytest
from tests.judge.checks.access.gate import PLANT, gate, only, said, verdicts
from tests.judge.checks.access.signing import anna, later

from checkvalve.findings import Answer, Subject
from checkvalve.judge.checks.access.shared_account import SharedAccount
from checkvalve.plant import Plant
from checkvalve.testing.segmentation import plant_of


def with_identity(fields: str, more: str = "") -> Plant:
    """The plant with one identity more."""
    anchor = "    firewalls:"
    return plant_of(PLANT.replace(anchor, f"      - {{{fields}}}\n{anchor}") + more)


def test_one_account_each_holds() -> None:
    assert said(SharedAccount, gate(), sign_ins=()) == {Answer.HOLDS}


def test_an_account_that_two_identities_name_is_found() -> None:
    plant = with_identity("id: eve, kind: operator, accounts: [BKurz]")
    finding = only(SharedAccount, plant, sign_ins=())
    assert finding.subject == Subject("identity", "ben")
    assert finding.because == "account 'bkurz' is named by ben and eve"
    assert finding.identities == ("ben", "eve")


def test_an_ai_identity_that_two_components_use_is_found() -> None:
    components = "    components: [{id: a, kind: model}, {id: b, kind: model}]\n"
    plant = with_identity("id: key, kind: ai, used_by: [a, b]", components)
    assert only(SharedAccount, plant, sign_ins=()).because == "identity 'key' is used by a and b"
    single = with_identity(
        "id: key, kind: ai, name: models of press and oven, used_by: [a]", components
    )
    assert said(SharedAccount, single, sign_ins=()) == {Answer.HOLDS}


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("Anna Berg / Ben Kurz", Answer.BROKEN),
        ("Anna and Ben", Answer.BROKEN),
        ("Berg, Anna", Answer.HOLDS),
        ("Andy Sanders", Answer.HOLDS),
    ],
)
def test_an_identity_with_several_people_in_its_name_is_found(name: str, answer: Answer) -> None:
    plant = with_identity(f"id: shift, kind: operator, name: '{name}'")
    assert answer in said(SharedAccount, plant, sign_ins=())
    assert (Answer.BROKEN in said(SharedAccount, plant, sign_ins=())) == (answer is Answer.BROKEN)


def test_a_company_is_not_several_people_but_a_list_of_its_people_is() -> None:
    company = with_identity("id: berg, kind: vendor, name: Berg & Sons")
    assert said(SharedAccount, company, sign_ins=()) == {Answer.HOLDS}
    people = with_identity("id: berg, kind: vendor, name: Eva Berg / Tom Berg")
    assert only(SharedAccount, people, sign_ins=()).identities == ("berg",)


def test_sessions_at_two_places_at_once_are_found() -> None:
    other = anna(source="10.9.0.4", time=later(0.5), ended=later(2), line=20)
    finding = only(SharedAccount, gate(), sign_ins=(anna(), other))
    assert finding.subject == Subject("identity", "anna")
    assert "from 10.9.0.3 and from 10.9.0.4 at once, on 2026-03-02 12:30 UTC" in finding.because
    assert [one.line for one in finding.evidence[:2]] == [12, 20]


def test_one_after_the_other_or_from_one_place_holds() -> None:
    after = anna(source="10.9.0.4", time=later(1.5), ended=later(2))
    same = anna(time=later(0.5), ended=later(2))
    moved = anna(source="10.9.0.4", time=later(0.99), ended=later(2))
    six = anna(source="2001:db8:9::4", time=later(0.5), ended=later(2))
    unended = anna(source="10.9.0.4", time=later(0.5), ended=None)
    for other in (after, same, moved, six, unended):
        assert said(SharedAccount, gate(), sign_ins=(anna(), other)) == {Answer.HOLDS}


def test_on_from_the_machine_that_was_signed_in_to_is_the_same_user() -> None:
    first = anna(target="jump")
    onward = anna(source="10.3.0.7", time=later(0.5), ended=later(0.9))
    assert said(SharedAccount, gate(), sign_ins=(first, onward)) == {Answer.HOLDS}


def test_an_account_that_is_not_declared_is_found_too() -> None:
    pair = (
        anna(account="admin"),
        anna(account="ADMIN", source="10.9.0.4", time=later(0.5), ended=later(2)),
    )
    assert only(SharedAccount, gate(), sign_ins=pair).subject == Subject("address", "10.9.0.3")


def test_without_a_log_it_can_not_be_told_and_the_declared_is_found_all_the_same() -> None:
    (verdict,) = verdicts(SharedAccount, gate())
    assert verdict.answer is Answer.CANNOT_TELL
    plant = with_identity("id: eve, kind: operator, accounts: [bkurz]")
    assert said(SharedAccount, plant) == {Answer.BROKEN, Answer.CANNOT_TELL}
