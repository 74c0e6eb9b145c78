from __future__ import annotations

import pytest

from checkvalve.judge.detectors.network.reporting import action_of, duration, listed, strongest
from checkvalve.records import Intent


@pytest.mark.parametrize(
    ("nanoseconds", "words"),
    [
        (500, "under 1 ms"),
        (4.2e6, "4.2 ms"),
        (1.5e9, "1.5 s"),
        (30e9, "30 s"),
        (120e9, "2 min"),
        (3_600e9, "1 h"),
        (90_000e9, "1 d"),
    ],
)
def test_a_duration_has_two_digits_and_the_unit_that_fits(nanoseconds: float, words: str) -> None:
    assert duration(nanoseconds) == words


def test_a_list_names_the_first_few_each_once() -> None:
    assert listed([]) == "nothing"
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "a", "c"]) == "a, b and c"
    assert listed("abcdefgh") == "a, b, c, d and 4 more"


def test_the_strongest_intent_decides_what_was_done() -> None:
    assert strongest([Intent.READ, Intent.PROGRAM, Intent.WRITE]) is Intent.PROGRAM
    assert action_of(strongest([])) == ""
