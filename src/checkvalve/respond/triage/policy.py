"""The default table's policy, short enough to be read aloud; ``table.json`` is made from it.

Harm joins the two impacts into four levels as SSVC's Human Impact 2.0.2 does, but for one
cell: an ordinary machine, rated 2 for both, is medium here and not low. The policy says, for
each certainty and stage, what each level of harm deserves while nobody sanctioned it; then
sanction is taken off. Its lines:

* Posture is never above Track*: nobody is called for how something stands.
* One detector alone is never above Attend: a learnt deviation is a question. A check, or a
  second producer, makes it Act.
* Process manipulation that a check proves is Act from medium harm on.
* A change that covers all of it takes one class off; one that covers a part turns Attend into
  Track* and nothing else, so that Act needs the whole answer.

References:
    CERT/CC, SSVC, decision table Human Impact 2.0.2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from checkvalve.respond.triage.points import (
    SCALES,
    Certainty,
    Outcome,
    Production,
    Row,
    Safety,
    Sanctioned,
    Scale,
    Stage,
    rows,
)

#: A namespace that is not registered with SSVC begins with ``x_``.
NAMESPACE: Final = "x_checkvalve"
VERSION: Final = "1.0.0"
TABLE_KEY: Final = "DT_INCIDENT"

#: Point (and ``outcome``) to its key in the table's JSON form.
KEYS: Final[dict[str, str]] = {
    "certainty": "CERTAINTY",
    "stage": "STAGE",
    "safety": "SAFETY",
    "production": "PRODUCTION",
    "sanctioned": "SANCTIONED",
    "outcome": "OUTCOME",
}

#: Every scale that a table describes: the points and what they decide.
DESCRIBED: Final[dict[str, type[Scale]]] = {**SCALES, "outcome": Outcome}

_T, _S, _A, _X = Outcome.TRACK, Outcome.TRACK_STAR, Outcome.ATTEND, Outcome.ACT

_UNSANCTIONED: Final = {
    # harm:                                      low medium high very high
    (Certainty.SINGLE, Stage.POSTURE): (_T, _T, _T, _S),
    (Certainty.SINGLE, Stage.ACCESS): (_T, _T, _S, _S),
    (Certainty.SINGLE, Stage.SPREAD): (_T, _T, _S, _S),
    (Certainty.SINGLE, Stage.ENGINEERING_CHANGE): (_T, _S, _A, _A),
    (Certainty.SINGLE, Stage.PROCESS_MANIPULATION): (_S, _A, _A, _A),
    (Certainty.CORROBORATED, Stage.POSTURE): (_T, _T, _S, _S),
    (Certainty.CORROBORATED, Stage.ACCESS): (_T, _S, _A, _A),
    (Certainty.CORROBORATED, Stage.SPREAD): (_T, _S, _A, _A),
    (Certainty.CORROBORATED, Stage.ENGINEERING_CHANGE): (_S, _A, _A, _X),
    (Certainty.CORROBORATED, Stage.PROCESS_MANIPULATION): (_S, _A, _X, _X),
    (Certainty.PROOF, Stage.POSTURE): (_T, _T, _S, _S),
    (Certainty.PROOF, Stage.ACCESS): (_S, _A, _A, _A),
    (Certainty.PROOF, Stage.SPREAD): (_S, _A, _A, _X),
    (Certainty.PROOF, Stage.ENGINEERING_CHANGE): (_A, _A, _X, _X),
    (Certainty.PROOF, Stage.PROCESS_MANIPULATION): (_A, _X, _X, _X),
}


class Harm(IntEnum):
    """Safety and production impact joined (SSVC, Human Impact 2.0.2, but for one cell)."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2
    VERY_HIGH = 3


def harm(safety: Safety, production: Production) -> Harm:
    """The level that two impacts make together."""
    if safety is Safety.CATASTROPHIC or production is Production.MISSION_FAILURE:
        return Harm.VERY_HIGH
    if safety is Safety.CRITICAL:
        return Harm.MEDIUM if production is Production.DEGRADED else Harm.HIGH
    ordinary = safety is Safety.MARGINAL and production is Production.SUPPORT_CRIPPLED
    return Harm.MEDIUM if ordinary or production is Production.FUNCTION_FAILURE else Harm.LOW


def decide(row: Row) -> Outcome:
    """What the policy says of one combination."""
    level = harm(row.safety, row.production)
    plain = _UNSANCTIONED[row.certainty, row.stage][level]
    if row.sanctioned is Sanctioned.YES:
        return Outcome.ranked(max(plain - 1, 0))
    if row.sanctioned is Sanctioned.PARTLY and plain is Outcome.ATTEND:
        return Outcome.TRACK_STAR
    return plain


def default_outcomes() -> dict[Row, Outcome]:
    """The outcome of each of the 720 combinations."""
    return {row: decide(row) for row in rows()}


def versioned(point: str) -> str:
    """A point's ``namespace:key:version``."""
    return f"{NAMESPACE}:{KEYS[point]}:{VERSION}"


def rendered(outcomes: Mapping[Row, Outcome]) -> str:
    """A table in SSVC's JSON form, one line a combination, so that a difference can be read."""
    head = {
        "namespace": NAMESPACE,
        "key": TABLE_KEY,
        "version": VERSION,
        "name": "Incident attention",
        "definition": "How much attention an incident in an industrial plant deserves.",
        "schemaVersion": "2.0.0",
        "decision_points": {
            versioned(point): _described(point, scale) for point, scale in DESCRIBED.items()
        },
        "outcome": versioned("outcome"),
    }
    lines = ",\n".join("    " + json.dumps(_cell(row, outcomes[row])) for row in rows())
    return f'{json.dumps(head, indent=2)[:-2]},\n  "mapping": [\n{lines}\n  ]\n}}\n'


def _cell(row: Row, outcome: Outcome) -> dict[str, str]:
    values: dict[str, Scale] = {**row._asdict(), "outcome": outcome}
    return {versioned(point): value.key for point, value in values.items()}


def _described(point: str, scale: type[Scale]) -> dict[str, object]:
    return {
        "namespace": NAMESPACE,
        "key": KEYS[point],
        "version": VERSION,
        "name": point.capitalize(),
        "definition": (scale.__doc__ or "").strip(),
        "schemaVersion": "2.0.0",
        "values": [
            {"key": value.key, "name": value.word.capitalize(), "definition": value.definition}
            for value in scale
        ],
    }
