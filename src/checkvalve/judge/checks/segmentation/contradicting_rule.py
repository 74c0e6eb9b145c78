"""Lines that deny, and lines above them that already accepted a part of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from checkvalve.findings import Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck
from checkvalve.judge.checks.passing.line_verdicts import line_verdicts
from checkvalve.plant import Plant
from checkvalve.rules import Reference, Rule


class ContradictingRule(StandingCheck):
    """What a line denies must not be accepted in part by a wider line above it.

    Why it matters: the deny reads as a promise about a zone, and it does not hold: a line
    above, which is more than an exception to it, lets a part pass.

    Known limits: an accept that is wholly inside the deny is its exception, and fine; so is an
    accept of established sessions. Which part passes is shown by *undeclared-permission*.

    Example: the office may open the web anywhere; two lines further down, everything into the
    cell is denied, and the cell's web servers are open to the office.

    References: IEC 62443-3-3 SR 7.6, SR 5.2; NIST SP 800-82r3, 5.2.3.1; E. Al-Shaer and H.
    Hamed, *Discovery of Policy Anomalies in Distributed Firewalls*, INFOCOM 2004.
    """

    rule: ClassVar[Rule] = Rule(
        id="contradicting-rule",
        title="A deny that a line above undoes in part",
        why="The deny reads as a promise about a zone, and it does not hold: a line above, which "
        "is more than an exception to it, lets a part pass.",
        references=(
            Reference("IEC 62443-3-3", "SR 7.6", "Network and security configuration settings"),
            Reference("IEC 62443-3-3", "SR 5.2", "Zone boundary protection"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference("ATT&CK mitigations", "M0937", "Filter Network Traffic"),
        ),
        cause="A general line for one purpose above a deny for another.",
        consequence="What people believe to be closed is open in part.",
        response="Move the deny above the line that undoes it, or narrow that line.",
        time_to_respond=timedelta(days=30),
        harmless_if="an accept that is narrowed to an exception inside the deny",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        return line_verdicts(
            self.rule,
            plant,
            seen,
            at,
            wrong=lambda clean: clean.undone,
            sentence="denies what is accepted in part by",
            above="a line above that accepts a part of it",
            fine="no deny is undone",
            mend="move the deny above those lines",
        )
