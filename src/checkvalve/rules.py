"""Rules: what a finding means, declared beside the code that finds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a rule comes from.

    Attributes:
        source: ``ATT&CK for ICS``, ``IEC 62443-3-3``, ``NIST SP 800-82r3``, ...
        clause: the technique, requirement or section, such as ``T0855`` or ``SR 5.1``.
        title: its name in that source.
    """

    source: str
    clause: str
    title: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.source, self.clause, self.title) if part)


ATTACK_ICS = "ATT&CK for ICS"
JOINT_GUIDANCE = "Principles for the Secure Integration of AI in OT"


@dataclass(frozen=True, slots=True)
class Rule:
    """The declaration behind a finding.

    The four fields from ``cause`` on are those that ISA-18.2-2016, clause 6.2, asks of every
    alarm: without a response and a time to respond it is not an alarm but noise.

    Attributes:
        id: kebab case, equal to the file's name and the class's name.
        title: a short noun phrase.
        why: why it matters, one or two sentences.
        references: at least one; ATT&CK for ICS technique ids decide the attack stage.
        cause: what usually lies behind it.
        consequence: what happens if nobody acts.
        response: what a person does first.
        time_to_respond: by when.
    """

    id: str
    title: str
    why: str
    references: tuple[Reference, ...]
    cause: str
    consequence: str
    response: str
    time_to_respond: timedelta
    harmless_if: str = field(default="")

    def techniques(self) -> tuple[str, ...]:
        """ATT&CK for ICS technique ids among the references, in order."""
        return tuple(r.clause for r in self.references if r.source == ATTACK_ICS)
