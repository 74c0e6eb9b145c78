"""What every export owes."""

from __future__ import annotations

import pytest
from hypothesis import given
from tests.respond.exports.verdicts import ALL, AT, REASONS, RULES, verdicts

from checkvalve.findings import Verdict
from checkvalve.respond.exports import export_named, members
from checkvalve.respond.exports.base import Export, shown

every_export = pytest.mark.parametrize("export", members(), ids=lambda one: one.name)


@every_export
def test_it_is_found_by_its_name(export: Export) -> None:
    assert isinstance(export_named(export.name.upper()), type(export))
    assert export_named("nothing") is None


@every_export
def test_equal_verdicts_at_an_equal_time_give_equal_text(export: Export) -> None:
    first, again = (export.write(ALL, RULES, at=AT, waived=REASONS) for _ in range(2))
    assert first == again


@every_export
def test_every_verdict_stands_there_with_its_subject_and_its_sentence(export: Export) -> None:
    text = export.write(ALL, RULES, at=AT, waived=REASONS)
    for one in ALL:
        assert one.subject.id in text
        assert one.because in text
        assert one.rule in text


@every_export
def test_why_it_was_waived_stands_there_for_each_that_was(export: Export) -> None:
    text = export.write(ALL, RULES, at=AT, waived=REASONS)
    assert text.count("accepted by B. Boss until May") == len(REASONS)


@every_export
def test_no_verdicts_are_an_export_too(export: Export) -> None:
    assert isinstance(export.write((), RULES, at=AT, waived={}), str)


@every_export
@given(made=verdicts())
def test_whatever_a_stranger_named_prints_and_can_be_encoded(
    export: Export, made: tuple[list[Verdict], dict[str, str]]
) -> None:
    some, waived = made
    text = export.write(some, RULES, at=AT, waived=waived)
    text.encode()
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    for one in some:
        assert one.because == shown(one.because) or one.because not in text
