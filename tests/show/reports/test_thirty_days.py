"""The first 30 days: counts that fall only when the thing is done."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from checkvalve.findings import Answer, Certainty, Evidence, Finding, Subject, Verdict
from checkvalve.judge.checks import standing
from checkvalve.judge.checks.waiving import Waived
from checkvalve.plant import Plant
from checkvalve.plant.waivers import Waiver
from checkvalve.run.auditing import Audit
from checkvalve.show.reports.base import LineOfWork
from checkvalve.show.reports.thirty_days import rules_of, thirty_days
from checkvalve.testing.segmentation import NOON, plant_of

WHOLE = """
    owners:
      - {id: vision, person: Ada, valid_until: 2026-12-31}
    zones:
      - {id: cell}
    assets:
      - {id: edge, zone: cell}
    vendors:
      - {id: acme}
    data_sources:
      - {id: pictures}
    update_processes:
      - id: signed
        supplier_keys: [acme-2026]
        channel: usb
        approver_roles: [engineer]
        threshold: 2
        windows: [{days: [sat], from: "06:00", to: "08:00", time_zone: UTC}]
    components:
      - id: eye
        kind: model
        owner: vision
        purpose: it looks at seals
        stage: production
        level: 2
        inputs: [pictures]
        asset: edge
        update_process: signed
    edge_nodes:
      - id: node
        asset: edge
        location: line 2
        owner: vision
        public_key: pem
        agent_version: "1"
    grants:
      - id: valves
        holder: acme
        source: [10.99.0.0/24]
        targets: [cell]
        services: [{proto: tcp, dst_ports: [22]}]
        via: edge
        mfa: true
        approver: Ana
        not_after: 2026-04-01T00:00:00Z
"""


def whole(*changes: tuple[str, str]) -> Plant:
    text = WHOLE
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return plant_of(text)


def finding(rule: str, subject: Subject) -> Finding:
    return Finding(
        rule=rule, site="", subject=subject, cause="x", at=NOON, certainty=Certainty.PROOF,
        because="it is so", evidence=(Evidence("a line"),),
    )  # fmt: skip


def verdict(rule: str, answer: Answer, subject: Subject) -> Verdict:
    found = None if answer is Answer.HOLDS else finding(rule, subject)
    return Verdict(rule, subject, answer, "it is so", found)


def lines(plant: Plant, audit: Audit | None = None, *seen: Finding) -> dict[str, LineOfWork]:
    report = thirty_days(plant, audit or Audit(NOON, ()), seen, NOON)
    return {line.id: line for line in report.lines}


def left(line: LineOfWork) -> dict[str, tuple[str, ...]]:
    return {item.name: item.missing for item in line.left}


def test_where_all_is_done_nothing_is_left() -> None:
    found = lines(whole())
    assert {name: (line.done, len(line.items)) for name, line in found.items()} == {
        "inventory": (2, 2),
        "remote-access": (1, 1),
        "segmentation": (0, 0),
        "signed-updates": (2, 2),
    }


@pytest.mark.parametrize(
    ("before", "after", "line", "missing"),
    [
        ("        owner: vision\n        purpose", "        purpose", "inventory", "no owner"),
        ("2026-12-31", "2026-01-31", "inventory", "owner 'vision' has run out"),
        ("        stage: production\n", "", "inventory", "no stage"),
        ("        inputs: [pictures]\n", "", "inventory", "no inputs"),
        ("        location: line 2\n", "", "inventory", "no location"),
        ("        not_after: 2026-04-01T00:00:00Z\n", "", "remote-access", "no end"),
        ("        via: edge\n", "", "remote-access", "no jump host"),
        ("mfa: true", "mfa: false", "remote-access", "no second factor demanded"),
        ("        update_process: signed\n", "", "signed-updates", "no update process"),
        (
            "        supplier_keys: [acme-2026]\n", "        owner: vision\n",
            "signed-updates", "no key that the supplier signs with",
        ),
        (
            '        agent_version: "1"\n', "",
            "signed-updates", "no agent, so nothing verifies what is installed",
        ),
    ],
)  # fmt: skip
def test_each_thing_that_is_not_done_is_named(
    before: str, after: str, line: str, missing: str
) -> None:
    found = left(lines(whole((before, after)))[line])
    assert missing in {one for some in found.values() for one in some}


def test_grants_that_are_over_are_nothing_to_do() -> None:
    assert lines(whole(("2026-04-01", "2026-02-01")))["remote-access"].items == ()


def test_a_component_that_is_retired_needs_no_updates() -> None:
    assert len(lines(whole(("production", "retired")))["signed-updates"].items) == 1


def test_a_plant_without_ai_is_not_done_by_silence() -> None:
    found = lines(plant_of("zones:\n  - {id: cell}\n"))
    for name in ("inventory", "signed-updates"):
        assert (found[name].done, len(found[name].items)) == (0, 1)


def test_an_ai_service_that_was_seen_and_nobody_declared_is_left() -> None:
    seen = finding("undeclared-ai-service", Subject("address", "10.9.0.7"))
    other = finding("new-writer", Subject("asset", "edge"))
    found = left(lines(whole(), None, seen, other)["inventory"])
    assert found == {"address 10.9.0.7": ("seen and not declared: it is so",)}


def test_what_checks_say_counts_by_subject_and_cannot_tell_is_not_done() -> None:
    zone, other = Subject("zone", "cell"), Subject("zone", "office")
    rule, another = "undeclared-permission", "flat-zone"
    audit = Audit(
        NOON,
        (
            verdict(rule, Answer.HOLDS, zone),
            verdict(another, Answer.BROKEN, zone),
            verdict(rule, Answer.CANNOT_TELL, other),
            verdict(rule, Answer.HOLDS, Subject("zone", "dmz")),
        ),
        crashed={"shadowed-rule": "ZeroDivisionError: x"},
    )
    line = lines(whole(), audit)["segmentation"]
    assert (line.done, len(line.items)) == (1, 4)
    assert left(line) == {
        "zone cell": ("it is so",),
        "zone office": ("cannot tell: it is so",),
        "check shadowed-rule": ("cannot tell: it crashed",),
    }


@pytest.mark.parametrize(("answer", "done"), [(Answer.BROKEN, 1), (Answer.CANNOT_TELL, 0)])
def test_what_is_waived_counts_as_done_but_never_what_nobody_can_tell(
    answer: Answer, done: int
) -> None:
    waiver = Waiver(
        id="w", rule="flat-zone", subject="zone cell", reason="it moves", approver="Ana",
        compensating_measure="somebody watches", expires=date(2026, 3, 9),
    )  # fmt: skip
    one = verdict("flat-zone", answer, Subject("zone", "cell"))
    assert one.finding is not None
    audit = Audit(NOON, (one,), {one.finding.id: Waived(one.finding, waiver)})
    report = thirty_days(whole(), audit, (), NOON)
    assert {line.id: line.done for line in report.lines}["segmentation"] == done
    assert "it moves" in report.waived[0]


def test_rules_are_those_of_the_checks_of_their_kind() -> None:
    known: set[Any] = {check.rule.id for check in standing()}
    assert rules_of("access", "segmentation") <= known
    assert "ended-grant-open" in rules_of("access")
    assert not rules_of("access") & rules_of("segmentation")
