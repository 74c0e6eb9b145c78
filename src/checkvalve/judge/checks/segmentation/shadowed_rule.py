"""Lines of rule sets that never decide, because lines above them do something else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from checkvalve.findings import Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck
from checkvalve.judge.checks.passing.line_verdicts import line_verdicts
from checkvalve.plant import Plant
from checkvalve.rules import Reference, Rule


class ShadowedRule(StandingCheck):
    """Every line must decide something: none above may take all of it and do otherwise.

    Why it matters: somebody wrote the line and believes that it counts. What it was to close
    stays open, or what it was to open stays closed.

    Known limits: see ``judge.segmentation.hygiene``: exact for chains of accepts and denies; where
    chains call each other, or conditions on interfaces, states, times or rates differ, a dead
    line may be missed, and a living one is never called dead.

    Example: a deny for the old engineering station stands below the accept for its whole
    network.

    References: IEC 62443-3-3 SR 7.6, SR 5.2; NIST SP 800-82r3, 5.2.3.1; E. Al-Shaer and H.
    Hamed, *Discovery of Policy Anomalies in Distributed Firewalls*, INFOCOM 2004.
    """

    rule: ClassVar[Rule] = Rule(
        id="shadowed-rule",
        title="A line that lines above it make void",
        why="Somebody wrote the line and believes that it counts: what it was to close stays open, "
        "or what it was to open stays closed.",
        references=(
            Reference("IEC 62443-3-3", "SR 7.6", "Network and security configuration settings"),
            Reference("IEC 62443-3-3", "SR 5.2", "Zone boundary protection"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference("ATT&CK mitigations", "M0937", "Filter Network Traffic"),
        ),
        cause="A line that was appended at the end, or one above it that was widened later.",
        consequence="The rule set does not do what whoever reads it believes.",
        response="Decide which of the lines is meant; move or remove the other.",
        time_to_respond=timedelta(days=30),
        harmless_if="a line of the same text in no chain, or above the others",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        return line_verdicts(
            self.rule,
            plant,
            seen,
            at,
            wrong=lambda clean: clean.shadowed,
            sentence="never decides, and something else is done with what it matches by",
            above="a line above that takes it away",
            fine="no line is shadowed",
            mend="move the line above those that take it away, or remove it",
        )
