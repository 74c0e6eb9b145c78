from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from checkvalve.judge.detectors.network.keyed import Keyed, Known, texts_state

COLUMNS = (np.add, np.minimum, np.maximum)
observations = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "skip"]), st.integers(-100, 100)), max_size=30
)


def _keyed() -> Keyed[str]:
    return Keyed(lambda word: None if word == "skip" else word.upper(), COLUMNS)


def _teach(keyed: Keyed[str], seen: list[tuple[str, int]]) -> None:
    things = [word for word, _ in seen]
    values = np.array([[value] * 3 for _, value in seen], np.int64).reshape(-1, 3)
    keyed.learn(things, np.arange(len(things)), values)


@given(observations)
def test_rows_are_sums_minima_and_maxima_by_key(seen: list[tuple[str, int]]) -> None:
    keyed = _keyed()
    _teach(keyed, seen)
    by_key: dict[str, list[int]] = {}
    for word, value in seen:
        if word != "skip":
            by_key.setdefault(word.upper(), []).append(value)
    assert keyed.state() == {
        key: [sum(values), min(values), max(values)] for key, values in sorted(by_key.items())
    }


@given(observations, observations)
def test_merged_halves_equal_the_whole(
    first: list[tuple[str, int]], second: list[tuple[str, int]]
) -> None:
    whole, one, other = _keyed(), _keyed(), _keyed()
    _teach(whole, first + second)
    _teach(one, first)
    _teach(other, second)
    one.merge(other)
    assert one.state() == whole.state()


def test_a_thing_becomes_known_when_another_of_its_key_is_learnt() -> None:
    keyed: Keyed[str] = Keyed(lambda word: word.casefold(), (np.add,))
    things = ["Pump", "PUMP", "fan"]
    assert keyed.rows(things).tolist() == [-1, -1, -1]
    keyed.learn(things, np.array([0]), np.array([[5]]))
    assert keyed.rows(things).tolist() == [0, 0, -1]
    things.append("pump")
    assert keyed.rows(things).tolist() == [0, 0, -1, 0]


def test_equal_keys_have_equal_numbers_learnt_or_not() -> None:
    keyed: Keyed[str] = Keyed(lambda word: word.casefold(), (np.add,))
    assert keyed.numbers(["Pump", "fan", "PUMP"]).tolist() == [0, 1, 0]
    assert keyed.numbers(["fan"]).tolist() == [0]


def test_many_keys_find_room() -> None:
    keyed: Keyed[int] = Keyed(str, (np.add,))
    things = list(range(1_000))
    keyed.learn(things, np.arange(1_000), np.ones((1_000, 1), np.int64))
    assert len(keyed) == 1_000
    assert keyed["999"].tolist() == [1]


def test_texts_are_known_once_taught_by_either_of_two_that_share_them() -> None:
    kept: set[str] = set()
    upper: Known[str] = Known(lambda word: (word.upper(),), kept)
    other: Known[str] = Known(lambda word: (word.upper(), "more"), kept)
    words = ["a", "b"]
    places = np.arange(2)
    assert upper.unknown(words, places).tolist() == [True, True]
    other.learn(words, places[:1])
    assert upper.unknown(words, places).tolist() == [False, True]
    assert texts_state(kept) == {"A": 1, "more": 1}
