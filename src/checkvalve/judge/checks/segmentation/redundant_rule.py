"""Lines of rule sets that never decide, because lines above them do the same."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from checkvalve.findings import Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck
from checkvalve.judge.checks.passing.line_verdicts import line_verdicts
from checkvalve.plant import Plant
from checkvalve.rules import Reference, Rule


class RedundantRule(StandingCheck):
    """A line must decide something that lines above it do not decide the same way already.

    Why it matters: it hides what counts. When somebody closes the line above, this one opens
    the way again, and nobody expects it.

    Known limits: as those of *shadowed-rule*. A line is held against those above it alone: one
    above that is contained in a line below it is taken for an exception, and not found.

    Example: a host's accept stands below the accept for its network; when the network is closed,
    the host is still let in.

    References: IEC 62443-3-3 SR 7.6, SR 5.2; NIST SP 800-82r3, 5.2.3.1; E. Al-Shaer and H.
    Hamed, *Discovery of Policy Anomalies in Distributed Firewalls*, INFOCOM 2004.
    """

    rule: ClassVar[Rule] = Rule(
        id="redundant-rule",
        title="A line that says again what lines above it say",
        why="It hides what counts; when somebody removes the line above, this one opens the way "
        "again, and nobody expects it.",
        references=(
            Reference("IEC 62443-3-3", "SR 7.6", "Network and security configuration settings"),
            Reference("IEC 62443-3-3", "SR 5.2", "Zone boundary protection"),
            Reference("NIST SP 800-82r3", "5.2.3.1", "Network architecture"),
            Reference("ATT&CK mitigations", "M0937", "Filter Network Traffic"),
        ),
        cause="A line that was added without a look at those that were there, or a merge of rule "
        "sets.",
        consequence="Removing the line above does not close what it seems to close.",
        response="Remove the line, or the one above it if that was too wide.",
        time_to_respond=timedelta(days=30),
        harmless_if="a line that is kept on purpose, and says so in a waiver",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        return line_verdicts(
            self.rule,
            plant,
            seen,
            at,
            wrong=lambda clean: clean.redundant,
            sentence="never decides, and says the same as",
            above="a line above that does the same",
            fine="no line is redundant",
            mend="remove the line",
        )
