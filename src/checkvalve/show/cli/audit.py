"""``checkvalve audit``: what stands, held against what is declared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from checkvalve.errors import UsageError
from checkvalve.show.cli.clock import now, read_moment
from checkvalve.show.cli.firewall_files import (
    At,
    FirewallFiles,
    coverage_json,
    coverage_lines,
)
from checkvalve.show.cli.plant import PlantFolder
from checkvalve.show.cli.printing import Output, put
from checkvalve.show.cli.showing import StateFolder, state_of, working
from checkvalve.show.cli.standing import Days, LogZone, SignIns, looked_at


class AuditFormat(StrEnum):
    """How verdicts are printed."""

    TABLE = "table"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    OCSF = "ocsf"
    HTML = "html"


class FailOn(StrEnum):
    """Which answer makes the command fail."""

    BROKEN = "broken"
    CANNOT_TELL = "cannot-tell"
    NEVER = "never"


def audit(
    plant: PlantFolder = Path(),
    *,
    firewall: FirewallFiles = None,
    sign_ins: SignIns = None,
    log_zone: LogZone = "",
    days: Days = 30,
    at: At = "",
    rule: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Only this rule; may be repeated.")
    ] = None,
    state: StateFolder = None,
    fail_on: Annotated[FailOn, typer.Option(help="Exit 1 at this answer, unless waived.")] = (
        FailOn.BROKEN
    ),
    as_format: Annotated[AuditFormat, typer.Option("--format", help="How to print.")] = (
        AuditFormat.TABLE
    ),
    output: Output = None,
) -> None:
    """Check rule sets, grants, logs and design against what is declared."""
    from checkvalve.plant import load
    from checkvalve.run.auditing import audit as run_audit

    moment = read_moment(at, now()) if at else now()
    declared, folder = load(plant), state_of(plant, state)
    rule_sets, seen = looked_at(
        declared,
        plant,
        folder,
        moment,
        firewall=firewall,
        sign_ins=sign_ins,
        log_zone=log_zone,
        days=days,
    )
    with working("checking") as told:
        audited = run_audit(declared, seen, moment, only=rule or (), told=told)
    put(_written(audited, declared, rule_sets, as_format), output)
    for name, error in audited.crashed.items():
        typer.echo(f"{name} crashed and was left out: {error}", err=True)
    if (state is not None or folder.is_dir()) and not at:
        _record(audited, plant, state)
    if _fails(audited, fail_on):
        raise typer.Exit(1)


def _record(audited: Any, plant: Path, state: Path | None) -> None:
    """Into the state folder, unless another process has it and nobody asked for it by name."""
    from checkvalve.keep.keeper import Keeper
    from checkvalve.keep.lock import HeldError
    from checkvalve.run.auditing import record

    try:
        with Keeper.open(state_of(plant, state), command="audit", at=now()) as keeper:
            new = len(record(keeper, audited).new)
    except HeldError as error:
        if state is not None:
            raise
        typer.echo(f"the findings are not recorded: {error.sentence}", err=True)
        return
    where = str(plant) if state is None else f"{plant} --state {state}"
    typer.echo(
        f"recorded: {len(audited.findings)} findings, {new} of them new; "
        f"'checkvalve incidents list {where}' shows them by owner",
        err=True,
    )


def _fails(audited: Any, fail_on: FailOn) -> bool:
    from checkvalve.findings import Answer

    if fail_on is FailOn.NEVER:
        return False
    if audited.violations:
        return True
    open_ends = any(one.answer is Answer.CANNOT_TELL for one in audited.verdicts)
    return fail_on is FailOn.CANNOT_TELL and bool(open_ends or audited.crashed)


def _written(audited: Any, plant: Any, rule_sets: Any, as_format: AuditFormat) -> str:
    from checkvalve.respond.exports import export_named
    from checkvalve.run.judging import rules

    if as_format is AuditFormat.TABLE:
        return "\n".join(_lines(audited, plant, rule_sets))
    if as_format is AuditFormat.JSON:
        return json.dumps(_as_json(audited, rule_sets), indent=2, ensure_ascii=False)
    export = export_named(as_format)
    if export is None:
        raise UsageError(f"nothing writes {as_format}")
    waived = {name: str(one) for name, one in audited.waived.items()}
    return export.write(audited.verdicts, rules(), at=audited.at, waived=waived)


def _lines(audited: Any, plant: Any, rule_sets: Any) -> Iterator[str]:
    """What people read: by rule its counts, what is wrong, and the line that decides it."""
    from checkvalve.findings import Answer
    from checkvalve.plant.words import printable

    unasked: dict[str, list[str]] = {}
    for rule in audited.rules:
        verdicts = [one for one in audited.verdicts if one.rule == rule]
        if _lacks_its_input(verdicts):
            unasked.setdefault(verdicts[0].because, []).append(rule)
            continue
        counts = {answer: sum(one.answer is answer for one in verdicts) for answer in Answer}
        yield f"{rule}: {', '.join(f'{count} {answer}' for answer, count in counts.items())}"
        for one in verdicts:
            if one.answer is Answer.HOLDS:
                continue
            waived = one.finding is not None and one.finding.id in audited.waived
            word = "waived" if waived else str(one.answer)
            yield printable(f"  {word:<11}  {one.subject}: {one.because}", 2_000)
            for where in _deciding(one):
                yield printable(f"               {where}", 2_000)
    for because, names in unasked.items():
        yield printable(f"cannot tell: {', '.join(names)}", 2_000)
        yield printable(f"               {because}", 2_000)
    if not audited.rules:
        yield "no check was asked"
    yield ""
    yield from (printable(line, 2_000) for line in coverage_lines(plant, rule_sets))
    yield from dict.fromkeys(str(one) for one in audited.waived.values())
    count = len(audited.violations)
    yield f"{count} violation{'' if count == 1 else 's'}"


def _lacks_its_input(verdicts: list[Any]) -> bool:
    """Whether a rule says nothing but that what it looks at is not there."""
    from checkvalve.findings import Answer

    return len(verdicts) == 1 and (
        verdicts[0].answer is Answer.CANNOT_TELL and verdicts[0].subject.kind == "plant"
    )


def _deciding(verdict: Any) -> list[str]:
    """The first lines of rule sets that decide it, as place and text."""
    evidence = () if verdict.finding is None else verdict.finding.evidence
    return [f"{one.place}: {one.actual or one.what}" for one in evidence if one.file][:3]


def _as_json(audited: Any, rule_sets: Any) -> dict[str, Any]:
    from checkvalve.findings import plain

    return {
        "at": audited.at.isoformat(),
        "rules": list(audited.rules),
        "verdicts": [
            {
                "rule": one.rule,
                "subject": {"kind": one.subject.kind, "id": one.subject.id},
                "answer": str(one.answer),
                "because": one.because,
                "waived": (
                    str(audited.waived[one.finding.id])
                    if one.finding is not None and one.finding.id in audited.waived
                    else None
                ),
                "finding": None if one.finding is None else plain(one.finding),
            }
            for one in audited.verdicts
        ],
        "violations": len(audited.violations),
        "crashed": dict(audited.crashed),
        "coverage": coverage_json(rule_sets),
    }
