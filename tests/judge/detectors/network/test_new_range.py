from __future__ import annotations

from tests.judge.detectors.network.hours import Mill, one

from checkvalve.judge.detectors.network.new_range import NewRange

WRITE = "Write Multiple Registers"


def _says(
    mill: Mill, first: int, last: int, *, function: str = "Read Coils", count: int = 30
) -> None:
    mill.builder.exchange(
        "hmi-1",
        "plc-1a",
        at=mill.at,
        function=function,
        space="coil" if "Coil" in function else "holding register",
        first=first,
        last=last,
        count=count,
    )


def _taught(mill: Mill, *ranges: tuple[int, int], function: str = "Read Coils") -> NewRange:
    detector = NewRange(mill.plant)
    for first, last in ranges:
        mill.begin()
        _says(mill, first, last, function=function)
        detector.learn(mill.over())
    return detector


def test_addresses_outside_are_reported_with_the_usual_ones() -> None:
    mill = Mill()
    detector = _taught(mill, (50, 51), function=WRITE)
    mill.begin()
    _says(mill, 200, 207, function=WRITE, count=1)
    found = one(detector.judge(mill.over()))
    assert "for holding register 200 to 207" in found.because
    assert "before it used holding register 50 to 51" in found.because
    assert (found.action, found.target) == ("write", "plc-1a")


def test_addresses_inside_are_not_reported() -> None:
    mill = Mill()
    detector = _taught(mill, (50, 80))
    mill.begin()
    _says(mill, 60, 70)
    assert not detector.judge(mill.over())


def test_a_read_range_that_grew_while_learning_may_grow_as_far_again() -> None:
    mill = Mill()
    detector = _taught(mill, (0, 100), (0, 110), (0, 120))
    for last, expected in ((140, 0), (141, 1)):
        mill.begin()
        _says(mill, 0, last)
        assert len(detector.judge(mill.over())) == expected


def test_a_written_range_has_no_play() -> None:
    mill = Mill()
    detector = _taught(mill, (0, 100), (0, 120), function=WRITE)
    mill.begin()
    _says(mill, 0, 121, function=WRITE)
    assert len(detector.judge(mill.over())) == 1


def test_what_was_seen_too_seldom_is_not_judged() -> None:
    mill = Mill()
    detector = NewRange(mill.plant)
    mill.begin()
    _says(mill, 0, 10, count=19)
    detector.learn(mill.over())
    mill.begin()
    _says(mill, 500, 600)
    assert not detector.judge(mill.over())


def test_a_new_function_has_no_new_range() -> None:
    mill = Mill()
    detector = _taught(mill, (0, 10))
    mill.begin()
    _says(mill, 500, 600, function=WRITE)
    assert not detector.judge(mill.over())


def _symbols(mill: Mill, *names: str, count: int = 50) -> None:
    mill.begin()
    for name in names:
        mill.builder.exchange(
            "hmi-1", "plc-1a", at=mill.at, protocol="enip", function="Read Tag", space=name,
            count=count,
        )  # fmt: skip


def test_a_new_symbol_is_reported_when_their_number_had_settled() -> None:
    mill = Mill()
    detector = NewRange(mill.plant)
    _symbols(mill, "Speed", "Level")
    detector.learn(mill.over())
    _symbols(mill, "Recipe.Secret")
    assert "before it used no Recipe.Secret" in one(detector.judge(mill.over())).because


def test_a_new_symbol_says_nothing_while_new_ones_keep_coming() -> None:
    mill = Mill()
    detector = NewRange(mill.plant)
    _symbols(mill, *(f"Tag{k}" for k in range(40)), count=1)
    detector.learn(mill.over())
    _symbols(mill, "Tag99")
    assert not detector.judge(mill.over())


def test_another_run_has_other_places() -> None:
    mill = Mill()
    detector = _taught(mill, (0, 10))
    other = Mill(mill.plant)
    other.begin()
    other.builder.exchange("hmi-2", "plc-2a", at=0, function="Read Coils", space="other", first=1)
    _says(other, 0, 10)
    assert not detector.judge(other.over())
