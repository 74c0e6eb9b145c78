"""The first 30 days: four lines of work, each as a count that falls.

References:
    *Principles for the Secure Integration of AI in OT*, the joint guidance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from checkvalve.findings import Answer, Finding
from checkvalve.judge.checks import STANDING
from checkvalve.plant import Component, Connector, EdgeNode, Grant, Plant
from checkvalve.run.auditing import Audit
from checkvalve.show.reports.base import LineOfWork, Report, gathered

#: (name, what is missing); empty: nothing.
Found = Iterator[tuple[str, str]]

#: Checks of traffic that show what nobody declared.
UNDECLARED: Final = ("undeclared-ai-service",)


def rules_of(*folders: str) -> frozenset[str]:
    """The rules of what stands, of some kinds of checks."""
    members = (member.split(".", 1) for member in STANDING)
    return frozenset(name.replace("_", "-") for folder, name in members if folder in folders)


def thirty_days(plant: Plant, audit: Audit, seen: Iterable[Finding], at: datetime) -> Report:
    """How far the four lines of work are.

    Args:
        plant: what is declared.
        audit: what the checks of what stands say.
        seen: open findings about traffic.
        at: now.
    """
    return Report(
        "The first 30 days",
        at,
        (
            LineOfWork(
                "inventory",
                "Every AI component, connector and edge node is in the inventory, complete",
                gathered(_inventory(plant, seen, at)),
                "checkvalve plant show components",
            ),
            LineOfWork(
                "remote-access",
                "Unused remote access is removed, and what is used is locked down",
                gathered(_remote_access(plant, audit, at)),
                "checkvalve grant list, then grant revoke",
            ),
            LineOfWork(
                "segmentation",
                "Segmentation is validated, firewall rules and conduits included",
                gathered(_audited(audit, rules_of("segmentation"))),
                "checkvalve audit",
            ),
            LineOfWork(
                "signed-updates",
                "Nothing runs at the edge that is not signed",
                gathered(_signed_updates(plant)),
                "checkvalve plant show update_processes",
            ),
        ),
        tuple(dict.fromkeys(map(str, audit.waived.values()))),
    )


def _inventory(plant: Plant, seen: Iterable[Finding], at: datetime) -> Found:
    carriers: tuple[Component | Connector | EdgeNode, ...] = (
        *plant.components.values(),
        *plant.connectors.values(),
        *plant.edge_nodes.values(),
    )
    for one in carriers:
        name = f"{_kind(one)} {one.id}"
        yield name, ""
        for missing in (*_owner_gaps(plant, one.owner, at), *_field_gaps(one)):
            yield name, missing
    for finding in seen:
        if finding.rule in UNDECLARED:
            yield str(finding.subject), f"seen and not declared: {finding.because}"
    if not carriers:
        yield "plant", "no AI component is declared, and nobody has said that there is none"


def _kind(one: Component | Connector | EdgeNode) -> str:
    if isinstance(one, EdgeNode):
        return "edge node"
    return "connector" if isinstance(one, Connector) else "component"


def _owner_gaps(plant: Plant, owners: tuple[str, ...], at: datetime) -> Iterator[str]:
    if len(owners) != 1:
        yield "several owners" if owners else "no owner"
    for name in owners:
        if not plant.owners[name].is_valid(at):
            yield f"owner '{name}' has run out"


def _field_gaps(one: Component | Connector | EdgeNode) -> Iterator[str]:
    """Fields without which nobody can tell what it is, where it runs and what it reads."""
    wanted: dict[str, object]
    if isinstance(one, Component):
        wanted = {"purpose": one.purpose, "stage": one.stage, "level": one.level}
        wanted |= {"inputs": one.inputs, "asset or names": one.asset or one.names}
    elif isinstance(one, Connector):
        wanted = {"component": one.component, "asset": one.asset, "protocol": one.protocol}
        wanted |= {"sources": one.sources, "direction": one.direction}
    else:
        wanted = {"asset": one.asset, "location": one.location}
    yield from (f"no {field}" for field, value in wanted.items() if value in (None, "", ()))


def _remote_access(plant: Plant, audit: Audit, at: datetime) -> Found:
    for grant in plant.grants.values():
        if grant.state(at) in ("active", "to come"):
            name = f"grant {grant.id}"
            yield name, ""
            yield from ((name, missing) for missing in _open_ends(grant))
    yield from _audited(audit, rules_of("access"))


def _open_ends(grant: Grant) -> Iterator[str]:
    if grant.not_after is None:
        yield "no end"
    if not grant.source:
        yield "no source"
    if not grant.services:
        yield "any service"
    if grant.via is None:
        yield "no jump host"
    if not grant.mfa:
        yield "no second factor demanded"
    if grant.approver is None:
        yield "no approver"


def _audited(audit: Audit, rules: frozenset[str]) -> Found:
    """What checks looked at; what is broken or can't be told is missing, unless it is waived."""
    for verdict in audit.verdicts:
        if verdict.rule not in rules:
            continue
        waived = verdict.finding is not None and verdict.finding.id in audit.waived
        good = verdict.answer is Answer.HOLDS or (waived and verdict.answer is Answer.BROKEN)
        doubt = "" if verdict.answer is Answer.BROKEN else "cannot tell: "
        yield str(verdict.subject), "" if good else f"{doubt}{verdict.because}"
    for rule in sorted(rules & audit.crashed.keys()):
        yield f"check {rule}", "cannot tell: it crashed"


def _signed_updates(plant: Plant) -> Found:
    for component in plant.components.values():
        if component.stage != "retired":
            name = f"component {component.id}"
            yield name, ""
            yield from ((name, missing) for missing in _update_gaps(plant, component))
    for node in plant.edge_nodes.values():
        name = f"edge node {node.id}"
        yield name, "" if node.public_key else "no key that its reports are signed with"
        yield name, "" if node.agent_version else "no agent, so nothing verifies what is installed"
    if not (plant.components or plant.edge_nodes):
        yield "plant", "no AI component is declared, and nobody has said that there is none"


def _update_gaps(plant: Plant, component: Component) -> Iterable[str]:
    if component.update_process is None:
        return ["no update process"]
    process = plant.update_processes[component.update_process]
    wanted = {
        "no key that the supplier signs with": process.supplier_keys,
        "no channel": process.channel,
        "no roles that approve": process.approver_roles,
        "no number of people who approve": process.threshold,
        "no windows": process.windows,
    }
    return [missing for missing, value in wanted.items() if not value]
