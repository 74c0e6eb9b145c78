"""Checks of what stands that find, that can't tell, that hold and that crash."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from checkvalve.findings import Answer, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, at_line, stands
from checkvalve.observe.firewalls.base import Ref
from checkvalve.plant import Plant
from checkvalve.rules import Reference, Rule
from checkvalve.testing.segmentation import plant_of

CELL = """
    sites:
      - {id: north}
    owners:
      - {id: network, team: Networks}
    zones:
      - {id: office, level: 4, cidrs: [10.9.0.0/24], owner: network}
      - {id: cell, level: 1, cidrs: [10.1.0.0/24], owner: network}
    assets:
      - {id: plc, zone: cell, ips: [10.1.0.5], safety: 4, production: 4, owner: network}
    conduits:
      - id: view
        from: office
        to: cell
        flows: [{proto: tcp, dst_ports: [502]}]
    firewalls:
      - {id: fw, vendor: nftables, config: fw.nft, interfaces: {lan: office, plc: cell}}
"""


def cell() -> Plant:
    """Two zones, a firewall between them, and a controller that people's lives depend on."""
    return plant_of(CELL)


RULE = Rule(
    id="any-any",
    title="A rule for the tests",
    why="Tests want one.",
    references=(Reference("IEC 62443-3-3", "SR 5.1", "Network segmentation"),),
    cause="A test.",
    consequence="None.",
    response="None.",
    time_to_respond=timedelta(days=30),
)
LINE = Ref("fw.nft", 3, "accept")


class AnyAny(StandingCheck):
    """One of each answer."""

    rule: ClassVar[Rule] = RULE

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        said = {"plant": plant, "at": at, "zone": "cell", "assets": ("plc",)}
        line = (at_line("the line that decides", LINE),)
        return [
            stands(
                RULE, Subject("zone", "office"), Answer.HOLDS, "all is well", plant=plant, at=at
            ),
            stands(
                RULE,
                Subject("conduit", "view"),
                Answer.BROKEN,
                "everybody reaches plc",
                cause="any",
                evidence=line,
                **said,  # type: ignore[arg-type]  # fields by name
            ),
            stands(
                RULE,
                Subject("firewall", "fw"),
                Answer.CANNOT_TELL,
                "a line is not understood",
                **said,  # type: ignore[arg-type]  # fields by name
            ),
        ]


class Falls(AnyAny):
    """Crashes."""

    rule: ClassVar[Rule] = replace(RULE, id="falls")

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        raise ZeroDivisionError("on a Monday")
