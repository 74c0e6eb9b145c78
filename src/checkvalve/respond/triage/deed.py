"""Who did what to whom, as far as one finding says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from checkvalve.findings import Finding
from checkvalve.respond.triage.points import Stage

#: Actions that change something.
COMMANDS: Final = frozenset({"write", "control", "program"})

#: From so many on, a finding is about its actor alone: whom it tried is no trace of its own.
FAN_OUT: Final = 4


@dataclass(frozen=True, slots=True)
class Deed:
    """A finding seen as a deed; names are asset ids, or addresses where none is declared.

    Attributes:
        actor: who acted; empty when nobody is known to have.
        acted_on: whom it reached.
        pair: both ends of the conversation in order; empty when it is not about one.
        commands: something was commanded (write, control, program).
        loss: nobody commanded anything, yet view, control or answers are missing.
        fans_out: one actor tried many.
    """

    actor: str
    acted_on: tuple[str, ...]
    pair: tuple[str, ...]
    commands: bool
    loss: bool
    fans_out: bool

    @property
    def parties(self) -> tuple[str, ...]:
        """Everyone in it, the actor first; only the actor when it fans out."""
        if self.fans_out or not self.acted_on:
            return (self.actor,) if self.actor else ()
        return (self.actor, *self.acted_on) if self.actor else self.acted_on


def deed_of(finding: Finding, stage: Stage) -> Deed:
    """Read a finding as a deed.

    Args:
        finding: the finding.
        stage: the stage it stands for.
    """
    commands = finding.action in COMMANDS
    actor, acted_on = _sides(finding)
    ends = {actor, *acted_on} if actor else set(acted_on)
    return Deed(
        actor=actor,
        acted_on=acted_on,
        pair=tuple(sorted(ends)) if len(ends) == 2 else (),  # noqa: PLR2004
        commands=commands,
        loss=stage is Stage.PROCESS_MANIPULATION and not commands,
        fans_out=len(acted_on) >= FAN_OUT,
    )


def _sides(finding: Finding) -> tuple[str, tuple[str, ...]]:
    """The actor and those acted on."""
    if finding.target:
        return finding.source, (finding.target,)
    others = tuple(dict.fromkeys(name for name in finding.assets if name != finding.source))
    if finding.source or others:
        return finding.source, others
    named = finding.subject.kind in ("asset", "address")
    return "", (finding.subject.id,) if named else ()
