from __future__ import annotations

import pytest
from tests.judge.checks.access.gate import gate

from checkvalve.judge.checks.access.people import People, together


@pytest.mark.parametrize(
    "account", ["bkurz", "BKURZ", "PLANT\\bkurz", "bkurz@plant.example", " bkurz "]
)
def test_an_account_is_found_with_and_without_its_domain(account: str) -> None:
    assert [one.id for one in People(gate()).with_account(account)] == ["ben"]


def test_an_account_that_nobody_names_is_nobodys() -> None:
    for account in ("root", "", "bkurz2", "Ben Kurz"):
        assert People(gate()).with_account(account) == ()


def test_names_of_one_identity_are_one_person_and_unknown_names_are_themselves() -> None:
    people = People(gate())
    assert people.are_one("ben", "ben@mill.example")
    assert people.are_one("Eve", "eve")
    assert not people.are_one("ben", "anna")
    assert not people.are_one("Eve", "Ben Kurz")


def test_who_works_for_a_vendor() -> None:
    people = People(gate())
    assert people.of_vendor("Anna Berg") == {"acme"}
    assert people.of_vendor("Ben Kurz") == people.of_vendor("Eve") == frozenset()


def test_names_in_a_sentence() -> None:
    assert (together([]), together(["a"]), together(["a", "b", "c"])) == ("", "a", "a, b and c")
