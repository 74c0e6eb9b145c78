"""The one interface of a check: the plant and what was seen, to verdicts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import ClassVar

import numpy as np

from checkvalve.findings import Answer, Certainty, Evidence, Finding, Subject, Verdict
from checkvalve.judge.checks.views import Traffic
from checkvalve.judge.observed import Observed
from checkvalve.judge.segmentation.network import Network
from checkvalve.judge.window import Breach, End, Window, moment
from checkvalve.observe.firewalls.base import Coverage, Ref
from checkvalve.observe.sign_ins.base import SignIn
from checkvalve.plant import Plant
from checkvalve.rules import Rule


@dataclass(frozen=True)
class Seen:
    """Tables that checks look at. What is absent makes the answer *cannot tell*.

    Attributes:
        window: exchanges, flows and commands of a site.
        network: zones, firewalls and what they permit.
        coverage: firewall id to how much of its rule set was read.
        observed: what traffic was recorded over days.
        sign_ins: who came in, from jump hosts' and VPNs' logs.
    """

    window: Window | None = None
    network: Network | None = None
    coverage: Mapping[str, Coverage] = field(default_factory=dict)
    observed: Observed | None = None
    sign_ins: tuple[SignIn, ...] | None = None

    @cached_property
    def traffic(self) -> Traffic | None:
        """The window's paths and edges beside each other."""
        return None if self.window is None else Traffic(self.window)


class Check(ABC):
    """Holds what was seen against what is declared. Stateless.

    Attributes:
        rule: what its findings mean.
    """

    rule: ClassVar[Rule]

    @abstractmethod
    def check(self, plant: Plant, seen: Seen, at: datetime) -> list[tuple[Verdict, Breach]]:
        """A verdict for each subject it looked at, with what of the window it names.

        Args:
            plant: what is declared.
            seen: what was seen.
            at: now; what has ended by then does not hold any more.
        """


class StandingCheck(Check):
    """Holds what stands for days against what is declared: rule sets, grants, logs, design.

    Its rule names no attack technique unless somebody acted: then it is posture, which triage
    joins by owner and never pages anybody for.
    """

    def check(self, plant: Plant, seen: Seen, at: datetime) -> list[tuple[Verdict, Breach]]:
        """See ``Check.check``; it names nothing of a window."""
        return [(verdict, Breach()) for verdict in self.verdicts(plant, seen, at)]

    @abstractmethod
    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """A verdict for each subject it looked at; see ``Check.check``."""


def stands(  # noqa: PLR0913  # what a finding of posture says, each part once
    rule: Rule,
    subject: Subject,
    answer: Answer,
    because: str,
    *,
    plant: Plant,
    at: datetime,
    cause: str = "",
    evidence: tuple[Evidence, ...] = (),
    assets: tuple[str, ...] = (),
    identities: tuple[str, ...] = (),
    zone: str = "",
    site: str = "",
) -> Verdict:
    """A verdict about what stands, with its finding unless it holds.

    Args:
        rule: the check's rule.
        subject: what the verdict is about.
        answer: holds, broken or cannot tell.
        because: one sentence.
        plant: tells the site.
        at: the instant of the audit.
        cause: what makes the finding itself; stable: no counts, times or line numbers.
        evidence: what to look at; empty: the plant's declaration itself.
        assets: what takes part.
        identities: people or accounts that take part.
        zone: the zone that suffers.
        site: its site; empty: that of the zone, else the plant's first.
    """
    if answer is Answer.HOLDS:
        return Verdict(rule.id, subject, answer, because)
    of_zone = plant.site_of(zone) if zone else None
    place = site or (of_zone.id if of_zone is not None else next(iter(plant.sites), ""))
    finding = Finding(
        rule=rule.id,
        site=place,
        subject=subject,
        cause=cause or str(answer),
        at=at,
        certainty=Certainty.PROOF,
        because=because,
        evidence=evidence or (Evidence(f"what the plant declares of {subject}"),),
        assets=assets,
        identities=identities,
        zone=zone,
    )
    return Verdict(rule.id, subject, answer, because, finding)


def at_line(what: str, ref: Ref, *, expected: str = "") -> Evidence:
    """Evidence that points at a line of a rule set."""
    return Evidence(what=what, expected=expected, actual=ref.text, file=ref.file, line=ref.line)


def untold(rule: Rule) -> list[tuple[Verdict, Breach]]:
    """The answer of a check of traffic when no traffic was observed."""
    nothing = Subject("plant", "traffic")
    because = "no traffic was observed"
    return [(Verdict(rule.id, nothing, Answer.CANNOT_TELL, because), Breach())]


def holds(rule: Rule, subject: Subject, because: str) -> tuple[Verdict, Breach]:
    """The answer for a subject with which nothing is wrong."""
    return Verdict(rule.id, subject, Answer.HOLDS, because), Breach()


def broken(  # noqa: PLR0913  # what a finding of traffic says, each part once
    rule: Rule,
    window: Window,
    row: np.void,
    *,
    subject: Subject,
    cause: str,
    because: str,
    evidence: Evidence,
    action: str,
    source: End,
    destination: End | None,
    identities: tuple[str, ...] = (),
    answer: Answer = Answer.BROKEN,
    tried: tuple[str, ...] = (),
    last: int = 0,
) -> Verdict:
    """A verdict with its finding, about traffic from one end to another.

    Args:
        rule: the check's rule.
        window: where it was seen.
        row: the row of the window that it is about; it tells first and last time.
        subject: what the verdict is about.
        cause: what makes the finding itself.
        because: one sentence.
        evidence: what to look at.
        action: the intent; empty when nothing was asked.
        source: who acted.
        destination: whom it reached; ``None`` where it is about the source alone.
        identities: people or accounts that take part.
        answer: broken, or cannot tell where that matters.
        tried: all that the source tried to reach, where that is more than the destination.
        last: when it was last seen, ns since 1970, if the row does not tell.
    """
    single = "time" in (row.dtype.names or ())
    begin, end = (int(row[name]) for name in (("time", "time") if single else ("first", "last")))
    reached = () if destination is None else (destination.name,)
    finding = Finding(
        rule=rule.id,
        site=window.site,
        subject=subject,
        cause=cause,
        at=moment(begin),
        last=moment(max(begin, end, last)),
        certainty=Certainty.PROOF,
        because=because,
        evidence=(evidence,),
        assets=(source.name, *(tried or reached)),
        source=source.name,
        target=reached[0] if reached and len(tried) <= 1 else "",
        identities=identities,
        action=action,
        zone=(destination or source).zone,
        process_mode=window.mode or "",
    )
    return Verdict(rule.id, subject, answer, because, finding)
