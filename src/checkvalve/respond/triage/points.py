"""The five points of the decision, each an ordered scale, and the four outcomes.

A higher member never deserves less attention than a lower one, all else equal; the table's
laws say so (``laws.py``). Keys and words are what people read and write in files.

References:
    CERT/CC, Stakeholder-Specific Vulnerability Categorization (SSVC): the form, and the keys
    of safety impact (Safety Impact 2.0.1) and production impact (Mission Impact 2.0.0).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from itertools import product
from typing import Final, NamedTuple, Self


class Scale(IntEnum):
    """An ordered choice; each member has a key, a word and a definition.

    Attributes:
        key: what stands in a table's row.
        word: what stands in a sentence.
        definition: when it applies.
    """

    key: str
    word: str
    definition: str

    def __new__(cls, rank: int, key: str, word: str, definition: str) -> Self:
        """Make a member that compares by its rank."""
        member = int.__new__(cls, rank)
        member._value_ = rank
        member.key = key
        member.word = word
        member.definition = definition
        return member

    def __str__(self) -> str:
        return self.word

    @classmethod
    def ranked(cls, rank: int) -> Self:
        """The member of a rank, counted from 0, the mildest."""
        return tuple(cls)[rank]


class Certainty(Scale):
    """How well it is known; wider than a finding's own certainty, which knows no company."""

    SINGLE = 0, "S", "single", "One detector learnt it, and nothing else confirms it."
    CORROBORATED = 1, "C", "corroborated", "Two independent producers say so."
    PROOF = 2, "P", "proof", "A check proves it from what is declared and what was seen."


class Stage(Scale):
    """How far an attacker would have come, in ATT&CK for ICS."""

    POSTURE = 0, "P", "posture", "No attack step was seen; something stands as it should not."
    ACCESS = 1, "A", "access", "Someone got in, or a way in is in use."
    SPREAD = 2, "S", "spread", "Hosts are looked for, reached or read."
    ENGINEERING_CHANGE = (
        3,
        "E",
        "engineering change",
        "A controller's program, firmware, credentials or mode is changed.",
    )
    PROCESS_MANIPULATION = (
        4,
        "M",
        "process manipulation",
        "The process is commanded, or view, control, alarms or protection are taken away.",
    )


class Safety(Scale):
    """What the worst reachable asset can do to people."""

    NEGLIGIBLE = 0, "N", "negligible", "The asset is rated 0 or 1 for safety."
    MARGINAL = 1, "M", "marginal", "The asset is rated 2 for safety."
    CRITICAL = 2, "R", "critical", "The asset is rated 3 for safety."
    CATASTROPHIC = 3, "C", "catastrophic", "The asset is rated 4 for safety, or not rated."


class Production(Scale):
    """What the worst reachable asset can do to production (MEF: mission essential function)."""

    DEGRADED = 0, "D", "degraded", "The asset is rated 0 or 1 for production."
    SUPPORT_CRIPPLED = 1, "MSC", "support crippled", "The asset is rated 2 for production."
    FUNCTION_FAILURE = 2, "MEF", "function failure", "The asset is rated 3 for production."
    MISSION_FAILURE = (
        3,
        "MF",
        "mission failure",
        "The asset is rated 4 for production, or not rated.",
    )


class Sanctioned(Scale):
    """Whether an open change covers it; the better covered, the lower."""

    YES = 0, "Y", "yes", "People, assets, action and time match one open change."
    PARTLY = 1, "P", "partly", "One open change covers a part, and contradicts nothing."
    NO = 2, "N", "no", "No open change covers it."


class Outcome(Scale):
    """How much attention it deserves."""

    TRACK = 0, "T", "Track", "Kept and counted; nobody is called."
    TRACK_STAR = 1, "T*", "Track*", "Looked at with the next review; watched for more."
    ATTEND = 2, "AT", "Attend", "Looked at within the shift."
    ACT = 3, "AC", "Act", "Someone is called now."


class Row(NamedTuple):
    """One combination of the five points."""

    certainty: Certainty
    stage: Stage
    safety: Safety
    production: Production
    sanctioned: Sanctioned

    def having(self, point: str, value: Scale) -> Row:
        """The row with one point changed."""
        return Row._make({**self._asdict(), point: value}.values())

    def __str__(self) -> str:
        return (
            f"{self.certainty}, {self.stage}, safety {self.safety.key}, "
            f"production {self.production.key}, sanctioned {self.sanctioned}"
        )


@dataclass(frozen=True, slots=True)
class Grounds:
    """Where a point's value comes from.

    Attributes:
        because: in words.
        as_of: how old that is; ``None`` when it has no age.
    """

    because: str
    as_of: datetime | None = None


#: Name of a point to its scale, in the order of a row.
SCALES: Final[dict[str, type[Scale]]] = {
    "certainty": Certainty,
    "stage": Stage,
    "safety": Safety,
    "production": Production,
    "sanctioned": Sanctioned,
}


def rows() -> Iterator[Row]:
    """All 720 combinations, from the mildest to the worst, certainty varying slowest."""
    for combination in product(Certainty, Stage, Safety, Production, Sanctioned):
        yield Row._make(combination)
