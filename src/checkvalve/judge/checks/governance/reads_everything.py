"""Approvals, grants and scopes that name everything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import ClassVar, Final

from checkvalve.findings import Answer, Evidence, Subject, Verdict
from checkvalve.judge.checks.base import Seen, StandingCheck, stands
from checkvalve.judge.checks.governance.approvals import named_in, names_everything, too_wide
from checkvalve.judge.checks.wording import some
from checkvalve.plant import Plant
from checkvalve.plant.access import Identity
from checkvalve.plant.data_sources import Approval
from checkvalve.plant.services import Flow, Service
from checkvalve.rules import JOINT_GUIDANCE, Reference, Rule

#: Tags that a change proposes by name.
_MOST: Final = 8
#: What parts the words of a scope or function.
_PARTS: Final = re.compile(r"[\s:/.]")


class ReadsEverything(StandingCheck):
    """What AI may read is named, tag by tag; a wildcard approves nothing.

    Why it matters: "just connect the historian" hands over recipes, set points and alarms that
    nobody thought of, and every tag that is added later.

    Known limits: a sign that stands for any name counts wherever it stands in a name, as it
    does in what approvals are compiled to; a tag whose own name has one must be approved
    under another. Scopes are looked at of identities that components use.

    Example: an approval of topic ``plant/#`` for an anomaly detector.

    References: Principles for the Secure Integration of AI in OT, principle 2; IEC 62443-3-3
    SR 2.1, SR 4.1; NIST SP 800-82r3, 6.2.1; ATT&CK mitigation M0801.
    """

    rule: ClassVar[Rule] = Rule(
        id="reads-everything",
        title="An approval, grant or scope that names everything",
        why='"Just connect the historian" hands over recipes, set points and alarms that nobody '
        "thought of, and every tag that is added later.",
        references=(
            Reference(JOINT_GUIDANCE, "Principle 2", "Consider AI use in the OT domain"),
            Reference("IEC 62443-3-3", "SR 2.1", "Authorization enforcement"),
            Reference("IEC 62443-3-3", "SR 4.1", "Information confidentiality"),
            Reference("NIST SP 800-82r3", "6.2.1", "Identity management and access control"),
            Reference("ATT&CK mitigations", "M0801", "Access Management"),
        ),
        cause="Listing what is needed was put off to after the pilot, or the supplier asked for "
        "the root folder.",
        consequence="The approval approves nothing here; where the source itself grants what it "
        "says, all of the source is read.",
        response="List the tags, topics or tables that the component needs, have that list "
        "approved, and narrow what the source grants to it.",
        time_to_respond=timedelta(days=14),
        harmless_if="a list of names in its place",
    )

    def verdicts(self, plant: Plant, seen: Seen, at: datetime) -> list[Verdict]:
        """See ``StandingCheck.verdicts``."""
        return [
            *(self._approval(plant, one, at) for one in plant.approvals.values()),
            *self._services(plant, at),
            *self._scopes(plant, at),
        ]

    def _approval(self, plant: Plant, approval: Approval, at: datetime) -> Verdict:
        subject, wide = Subject("approval", approval.id), too_wide(plant, approval)
        if not wide:
            because = f"approval '{approval.id}' names what {approval.consumer} may read"
            return Verdict(self.rule.id, subject, Answer.HOLDS, because)
        return self._broken(
            plant,
            subject,
            f"approval '{approval.id}' of {approval.source} for {approval.consumer} approves "
            f"nothing: {wide}",
            (*named_in(approval),),
            _listed(plant, approval),
            at,
        )

    def _services(self, plant: Plant, at: datetime) -> Iterator[Verdict]:
        """Grants and conduits whose services name everything by a sign."""
        parts: list[tuple[Subject, tuple[Service, ...]]] = [
            *((Subject("grant", one.id), one.services) for one in plant.grants.values()),
            *((Subject("conduit", one.id), one.flows) for one in plant.conduits.values()),
        ]
        for subject, services in parts:
            wide = [name for service in services for name in _words(service) if _is_sign(name)]
            if wide:
                because = f"{subject.kind} '{subject.id}' names '{wide[0]}' as what may be asked"
                fix = "name the application and the functions that are needed, one by one"
                yield self._broken(plant, subject, because, tuple(wide), fix, at)

    def _scopes(self, plant: Plant, at: datetime) -> Iterator[Verdict]:
        for identity in plant.identities.values():
            if identity.kind == "ai" or identity.used_by:
                yield from self._scope(plant, identity, at)

    def _scope(self, plant: Plant, identity: Identity, at: datetime) -> Iterator[Verdict]:
        wide = [name for name in identity.scopes if _is_sign(name)]
        subject = Subject("identity", identity.id)
        if wide:
            users = some(identity.used_by) or "AI"
            because = f"identity '{identity.id}' of {users} has scope '{wide[0]}'"
            fix = f"identities:\n  - {{id: {identity.id}, scopes: []}}  # what it needs, by name"
            yield self._broken(plant, subject, because, tuple(wide), fix, at)
        elif identity.scopes:
            because = f"identity '{identity.id}' names its scopes"
            yield Verdict(self.rule.id, subject, Answer.HOLDS, because)

    def _broken(  # a finding in its parts
        self,
        plant: Plant,
        subject: Subject,
        because: str,
        names: tuple[str, ...],
        fix: str,
        at: datetime,
    ) -> Verdict:
        return stands(
            self.rule,
            subject,
            Answer.BROKEN,
            because,
            plant=plant,
            at=at,
            cause="names everything",
            evidence=(
                Evidence(
                    f"the declaration of {subject}",
                    expected="names, one by one",
                    actual=some(names) or "no names",
                ),
                Evidence("a change that mends it", actual=fix),
            ),
        )


def _words(service: Service) -> tuple[str, ...]:
    application = () if service.application is None else (service.application,)
    return (*application, *service.functions) if isinstance(service, Flow) else application


def _is_sign(name: str) -> bool:
    """Whether a word has a glob, or a part of it is a sign for everything."""
    return "*" in name or any(part in ("#", "%") for part in _PARTS.split(name))


def _listed(plant: Plant, approval: Approval) -> str:
    """The approval with names in place of what it says, as YAML."""
    source = plant.data_sources[approval.source]
    lines = ["approvals:", f"  - id: {approval.id}"]
    for kind, names in (
        ("tags", source.tags),
        ("topics", source.topics),
        ("tables", source.tables),
    ):
        named = [name for name in names if not names_everything(name)][:_MOST]
        if named:
            listed = ", ".join(f'"{name}"' for name in named)
            lines.append(f"    {kind}: [{listed}]  # of these, what it needs")
    if len(lines) == 2:  # noqa: PLR2004  # the source lists nothing that could be proposed
        lines.append("    tags: []  # what it needs, by name")
    return "\n".join(lines)
