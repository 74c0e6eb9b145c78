"""``checkvalve conduits render``, as a person uses it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from checkvalve.errors import InputError, UsageError
from checkvalve.observe.firewalls import vendor_named
from checkvalve.show.cli import app

ZONES = "- {id: office, cidrs: [10.9.0.0/24]}\n- {id: cell, cidrs: [10.1.0.0/24]}\n"
CONDUITS = """\
- id: view
  from: office
  to: cell
  justification: the shift reads values
  flows: [{proto: tcp, dst_ports: [502]}]
- {id: vague, from: cell, to: office}
"""
FIREWALL = "- {{id: {}, vendor: nftables, interfaces: {{em0: office, em1: cell}}}}\n"


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    (tmp_path / "zones.yaml").write_text(ZONES)
    (tmp_path / "conduits.yaml").write_text(CONDUITS)
    (tmp_path / "firewalls.yaml").write_text(FIREWALL.format("fw"))
    return tmp_path


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["conduits", "render", *map(str, words)])


@pytest.mark.parametrize("name", ["nftables", "asa", "iptables"])
def test_a_rule_set_is_printed_in_the_grammar_asked_for(plant: Path, name: str) -> None:
    result = run(plant, "--for", name)
    assert result.exit_code == 0, result.output
    vendor = vendor_named(name)
    assert vendor is not None
    assert vendor.recognises(result.stdout)
    assert "the shift reads values" in result.stdout
    assert "conduit 'vague': it lists no flows" in result.stderr


def test_the_firewalls_own_grammar_is_the_default(plant: Path) -> None:
    assert run(plant).stdout == run(plant, "--for", "nftables").stdout


def test_it_goes_to_a_file(plant: Path) -> None:
    printed = run(plant).stdout
    assert run(plant, "--output", plant / "new.nft").stdout == ""
    assert (plant / "new.nft").read_text() == printed


def test_one_of_several_firewalls_has_to_be_named(plant: Path) -> None:
    (plant / "firewalls.yaml").write_text(FIREWALL.format("fw") + FIREWALL.format("other"))
    error = run(plant).exception
    assert isinstance(error, UsageError)
    assert error.hint == "name one with --firewall: fw, other"
    assert run(plant, "--firewall", "fw").exit_code == 0
    assert isinstance(run(plant, "--firewall", "fv").exception, UsageError)


def test_a_grammar_that_nobody_writes_is_refused(plant: Path) -> None:
    assert isinstance(run(plant, "--for", "opnsense").exception, UsageError)
    assert isinstance(run(plant, "--for", "acme").exception, UsageError)


def test_where_no_conduit_crosses_there_is_nothing_to_write(plant: Path) -> None:
    (plant / "conduits.yaml").write_text("- {id: vague, from: cell, to: office}\n")
    assert isinstance(run(plant).exception, InputError)
    assert isinstance(run(plant, "--family", "6").exception, InputError)
