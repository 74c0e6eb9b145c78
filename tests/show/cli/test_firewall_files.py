"""What is said of firewalls' files, and how another file is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkvalve.errors import UsageError
from checkvalve.observe.firewalls.base import Coverage, Problem, Ref
from checkvalve.run.rule_sets import RuleSets
from checkvalve.show.cli.firewall_files import coverage_json, coverage_lines, other_files
from checkvalve.testing.segmentation import plant_of, rule_set_of

PLANT = plant_of("""
    zones:
      - {id: cell}
    firewalls:
      - {id: fw, vendor: asa}
      - {id: mute, vendor: asa}
""")


def sets(missed: int) -> RuleSets:
    problems = tuple(
        Problem(Ref("fw.cfg", line, f"odd {line}"), "a word is not known") for line in range(missed)
    )
    coverage = Coverage(10, 8 - missed, 2, problems)
    return RuleSets({"fw": rule_set_of("deny any any any", file="fw.cfg")}, {"fw": coverage})


def test_another_file_is_named_by_its_firewall() -> None:
    assert other_files(["fw=a=b.cfg", "x=y"]) == {"fw": Path("a=b.cfg"), "x": Path("y")}
    assert other_files(None) == {}
    with pytest.raises(UsageError):
        other_files(["fw"])


def test_what_was_read_is_one_line_a_firewall() -> None:
    said = list(coverage_lines(PLANT, sets(0)))
    assert said[0] == "fw.cfg: all 10 lines understood"
    assert said[1].startswith("mute: no rule set")
    assert list(coverage_lines(PLANT, sets(0), {"fw"})) == said[:1]


def test_only_the_first_lines_that_were_not_understood_are_shown() -> None:
    said = next(coverage_lines(PLANT, sets(5)))
    assert said.startswith("fw.cfg: 5 of 10 lines understood, 5 not: line 0 (a word is not known);")
    assert said.endswith("; and 2 more")
    assert len(coverage_json(sets(5))["fw"]["missed"]) == 5
