"""``checkvalve audit``, as a person uses it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.run.standing import AnyAny, Falls
from typer.testing import CliRunner, Result

from checkvalve.errors import StorageError, UsageError
from checkvalve.keep.keeper import Keeper
from checkvalve.keep.lock import HeldError
from checkvalve.keep.reading import Reader
from checkvalve.respond import exports
from checkvalve.run import auditing
from checkvalve.show.cli import app
from checkvalve.show.cli import audit as command
from checkvalve.testing.segmentation import NOON

NFT = """table inet filter {
    chain forward {
        type filter hook forward priority filter; policy drop;
        ip saddr 10.9.0.0/24 ip daddr 10.1.0.5 tcp dport 502 accept
    }
}
"""
LOG = (
    "2026-03-02T10:00:00+00:00 jump sshd[8]: Accepted password for eve from 10.9.0.7 port 4 ssh2\n"
)


@pytest.fixture(autouse=True)
def checks(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    chosen: list[Any] = [AnyAny]
    monkeypatch.setattr(auditing, "standing", lambda: tuple(chosen))
    monkeypatch.setattr(command, "now", lambda: NOON)
    return chosen


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    (tmp_path / "sites.yaml").write_text("- id: north\n")
    (tmp_path / "zones.yaml").write_text(
        "- {id: office, cidrs: [10.9.0.0/24]}\n- {id: cell, cidrs: [10.1.0.0/24]}\n"
    )
    (tmp_path / "firewalls.yaml").write_text(
        "- {id: fw, vendor: nftables, config: fw.nft, interfaces: {lan: office, plc: cell}}\n"
    )
    (tmp_path / "conduits.yaml").write_text("- {id: view, from: office, to: cell}\n")
    (tmp_path / "fw.nft").write_text(NFT)
    return tmp_path


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["audit", *map(str, words)])


def test_the_table_counts_by_rule_and_names_the_line_that_decides(plant: Path) -> None:
    result = run(plant)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "any-any: 1 holds, 1 broken, 1 cannot tell"
    assert lines[1] == "  broken       conduit view: everybody reaches plc"
    assert lines[2].strip() == "fw.nft:3: accept"
    assert lines[3] == "  cannot tell  firewall fw: a line is not understood"
    assert "fw.nft: all 6 lines understood" in lines
    assert lines[-1] == "1 violation"


def test_lines_that_are_not_understood_are_counted_and_shown(plant: Path) -> None:
    (plant / "fw.nft").write_text(NFT.replace("tcp dport 502", "moon phase full"))
    said = run(plant).stdout
    assert "fw.nft: 5 of 6 lines understood, 1 not: line 4 (" in said
    missed = json.loads(run(plant, "--format", "json").stdout)["coverage"]["fw"]["missed"]
    assert [one["line"] for one in missed] == [4]


def test_a_firewall_without_a_file_is_said_to_be_unknown(plant: Path) -> None:
    text = (plant / "firewalls.yaml").read_text().replace("config: fw.nft, ", "")
    (plant / "firewalls.yaml").write_text(text)
    assert "fw: no rule set" in run(plant).stdout
    other = run(plant, "--firewall", f"fw={plant / 'fw.nft'}").stdout
    assert "fw.nft: all 6 lines understood" in other


@pytest.mark.parametrize("text", ["fw", "=x", "fw="])
def test_a_file_that_is_given_for_no_firewall_is_refused(plant: Path, text: str) -> None:
    error = run(plant, "--firewall", text).exception
    assert isinstance(error, UsageError)
    assert "NAME" not in error.sentence


def test_what_is_waived_is_no_violation_and_is_shown(plant: Path) -> None:
    (plant / "waivers.yaml").write_text(
        "- {id: w, rule: any-any, subject: conduit view, reason: it is old, approver: Ana,\n"
        "   compensating_measure: we watch, expires: 2026-03-20}\n"
    )
    result = run(plant)
    assert result.exit_code == 0
    assert "  waived       conduit view: everybody reaches plc" in result.stdout
    assert "by Ana (w): it is old" in result.stdout
    assert result.stdout.splitlines()[-1] == "0 violations"


def test_every_format_carries_every_verdict(plant: Path) -> None:
    names = {one.value for one in command.AuditFormat}
    assert names == {"table", "json", *(one.name for one in exports.members())}
    for name in sorted(names):
        result = run(plant, "--format", name)
        assert result.exit_code == 1
        assert "everybody reaches plc" in result.stdout, name
        assert "a line is not understood" in result.stdout, name


def test_json_is_alone_on_standard_output(plant: Path) -> None:
    found = json.loads(run(plant, "--format", "json").stdout)
    assert [one["answer"] for one in found["verdicts"]] == ["holds", "broken", "cannot tell"]
    assert found["violations"] == 1
    assert found["coverage"]["fw"]["lines"] == 6


def test_a_file_takes_what_would_be_printed(plant: Path) -> None:
    printed = run(plant, "--format", "sarif").stdout
    result = run(plant, "--format", "sarif", "--output", plant / "out.sarif")
    assert result.stdout == ""
    assert (plant / "out.sarif").read_text() == printed
    error = run(plant, "--output", plant / "none" / "out").exception
    assert isinstance(error, StorageError)


def test_one_rule_alone_may_be_asked(plant: Path) -> None:
    assert run(plant, "--rule", "any-any").exit_code == 1
    assert isinstance(run(plant, "--rule", "any-ayn").exception, UsageError)


def test_when_it_fails_may_be_chosen(plant: Path, checks: list[Any]) -> None:
    assert run(plant, "--fail-on", "never").exit_code == 0
    assert run(plant, "--fail-on", "cannot-tell").exit_code == 1
    checks[:] = [Falls]
    assert run(plant).exit_code == 0
    crashed = run(plant, "--fail-on", "cannot-tell")
    assert crashed.exit_code == 1
    assert "falls crashed and was left out: ZeroDivisionError" in crashed.stderr


def test_findings_are_recorded_where_findings_are_kept(plant: Path, tmp_path: Path) -> None:
    assert "recorded" not in run(plant).stderr
    state = tmp_path / "state"
    assert "recorded: 2 findings, 2 of them new" in run(plant, "--state", state).stderr
    with Reader.open(state / "store.sqlite") as store:
        assert {finding.rule for finding in store.findings()} == {"any-any"}
    (plant / "var").mkdir()
    assert "recorded: 2 findings" in run(plant).stderr


def test_what_would_be_at_another_time_is_not_recorded(plant: Path) -> None:
    (plant / "var").mkdir()
    result = run(plant, "--at", "7d", "--format", "json")
    assert json.loads(result.stdout)["at"] == (NOON + timedelta(days=7)).isoformat()
    assert "recorded" not in result.stderr


def test_while_another_process_has_the_folder_the_audit_is_still_printed(plant: Path) -> None:
    with Keeper.open(plant / "var", command="watch", at=NOON):
        result = run(plant)
        assert result.exit_code == 1
        assert "1 violation" in result.stdout
        assert "the findings are not recorded" in result.stderr
        named = run(plant, "--state", plant / "var")
        assert isinstance(named.exception, HeldError)


def test_sign_ins_are_read_and_what_a_log_does_not_tell_is_said(plant: Path) -> None:
    (plant / "a.log").write_text(LOG)
    assert run(plant, "--sign-ins", plant / "a.log").exit_code == 1
    (plant / "a.log").write_text(LOG.replace("2026-03-02T10:00:00+00:00", "Mar  2 10:00:00"))
    assert "a.log:1" in run(plant, "--sign-ins", plant / "a.log").stderr
    zoned = run(plant, "--sign-ins", plant / "a.log", "--log-zone", "Europe/Berlin")
    assert "a.log:1" not in zoned.stderr
    error = run(plant, "--sign-ins", plant / "a.log", "--log-zone", "Mars/Olympus").exception
    assert isinstance(error, UsageError)
