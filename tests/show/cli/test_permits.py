"""``checkvalve permits``, as a person uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from checkvalve.errors import InputError, UsageError
from checkvalve.show.cli import app

NFT = """table inet filter {
    chain forward {
        type filter hook forward priority filter; policy drop;
        iifname "lan" ip saddr 10.9.0.0/24 ip daddr 10.1.0.5 tcp dport 502 accept
    }
}
"""
MORE = NFT.replace("dport 502", "dport { 22, 502 }")
LESS = NFT.replace("10.9.0.0/24", "10.9.0.0/25")


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    (tmp_path / "zones.yaml").write_text(
        "- {id: office, cidrs: [10.9.0.0/24]}\n- {id: cell, cidrs: [10.1.0.0/24]}\n"
        "- {id: island, cidrs: [10.2.0.0/24]}\n"
    )
    (tmp_path / "assets.yaml").write_text("- {id: plc, zone: cell, ips: [10.1.0.5]}\n")
    (tmp_path / "firewalls.yaml").write_text(
        "- {id: fw, vendor: nftables, config: fw.nft, interfaces: {lan: office, plc: cell}}\n"
    )
    for name, text in (("fw.nft", NFT), ("more.nft", MORE), ("less.nft", LESS)):
        (tmp_path / name).write_text(text)
    return tmp_path


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["permits", *map(str, words)])


def test_a_plant_may_stand_where_the_command_would(plant: Path) -> None:
    words = (plant, "--from", "office", "--to", "plc", "--service", "tcp/502")
    assert run(*words).stdout == run("explain", *words).stdout
    first = run("--from", "office", "--to", "plc", plant)
    assert first.exit_code == 0


def test_the_answer_names_packets_lines_way_and_an_example(plant: Path) -> None:
    said = run(plant, "--from", "office", "--to", "plc", "--service", "tcp/502").stdout
    assert "office to plc (in cell), as of" in said
    assert "over fw (lan to plc)" in said
    assert "IPv4 tcp: permitted\n" in said
    assert "all of office to 10.1.0.5 (plc) tcp/502" in said
    assert "fw.nft:4: iifname" in said
    assert "such as 10.9.0.0 to 10.1.0.5 tcp/502" in said


def test_without_a_service_all_protocols_are_told(plant: Path) -> None:
    said = run(plant, "--from", "office", "--to", "cell").stdout
    assert "IPv4 tcp: permitted in part" in said
    assert "IPv4 icmp, udp, protocols 0, 2-5" in said
    assert "denied" in said


def test_a_service_is_asked_alone(plant: Path) -> None:
    words = ("--from", "office", "--to", "cell", "--format", "json")
    found = json.loads(run(plant, *words, "--service", "udp/53,67-68", "--service", "icmp").stdout)
    assert [one["protocols"] for one in found["answers"]] == [[[1, 1], [17, 17]]]
    assert found["answers"][0]["denied_by"][0]["file"] == "fw.nft"
    assert found["routes"] == [[{"firewall": "fw", "in": "lan", "out": "plc"}]]


@pytest.mark.parametrize("text", ["tpc/502", "tcp/x", "icmp/8", "tcp/70000"])
def test_what_is_no_service_is_refused(plant: Path, text: str) -> None:
    error = run(plant, "--from", "office", "--to", "cell", "--service", text).exception
    assert isinstance(error, UsageError)


def test_where_no_firewall_stands_that_is_said(plant: Path) -> None:
    assert "not controlled" in run(plant, "--from", "cell", "--to", "plc").stdout
    said = run(plant, "--from", "island", "--to", "cell").stdout
    assert "cannot tell: no declared firewall joins island and cell" in said
    shown = run(plant, "--from", "island", "--to", "cell", "--format", "json").stdout
    assert json.loads(shown)["answers"] == []


def test_a_file_that_is_not_in_use_yet_may_be_asked(plant: Path) -> None:
    words = (plant, "--from", "office", "--to", "plc", "--service", "tcp/22")
    assert "denied" in run(*words).stdout
    assert "permitted" in run(*words, "--firewall", f"fw={plant / 'more.nft'}").stdout


def test_what_is_newly_permitted_is_one_sentence_and_exit_1(plant: Path) -> None:
    result = run("diff", plant / "fw.nft", plant / "more.nft")
    assert result.exit_code == 1
    first = result.stdout.splitlines()[0]
    assert first.startswith("newly permits 10.9.0.0/24 to 10.1.0.5 tcp/22 (lan to ")
    assert "more.nft:4" in result.stdout


def test_what_is_newly_denied_is_exit_0(plant: Path) -> None:
    result = run("diff", plant / "fw.nft", plant / "less.nft")
    assert result.exit_code == 0
    assert result.stdout.startswith("newly denies 10.9.0.128/25 to 10.1.0.5 tcp/502")
    same = run("diff", plant / "fw.nft", plant / "fw.nft")
    assert (same.exit_code, same.stdout) == (0, "Both rule sets let exactly the same pass.\n")


def test_a_difference_is_json_for_programs(plant: Path) -> None:
    result = run("diff", plant / "fw.nft", plant / "more.nft", "--format", "json")
    found = json.loads(result.stdout)
    (change,) = found["changes"]
    assert (found["opens"], change["before"], change["after"]) == (True, "denied", "permitted")
    assert change["ports"] == [[22, 22]]


def test_lines_that_nobody_understands_count_as_opening(plant: Path) -> None:
    (plant / "odd.nft").write_text(NFT.replace("tcp dport 502", "moon phase full"))
    result = run("diff", plant / "fw.nft", plant / "odd.nft", "--vendor", "nftables")
    assert result.exit_code == 1
    assert "cannot tell what a line of the new rule set changes" in result.stdout
    assert "odd.nft: 1 of 6 lines are not understood" in result.stdout


def test_two_grammars_are_not_compared(plant: Path) -> None:
    (plant / "fw.cfg").write_text(
        "ASA Version 9.16(1)\ninterface GigabitEthernet0/0\n nameif lan\n security-level 50\n"
        "access-list lan_in extended permit tcp any any eq 502\n"
        "access-group lan_in in interface lan\n"
    )
    error = run("diff", plant / "fw.nft", plant / "fw.cfg").exception
    assert isinstance(error, (UsageError, InputError))
    assert isinstance(run("diff", plant / "fw.nft", plant / "zones.yaml").exception, InputError)
    error = run("diff", plant / "fw.nft", plant / "fw.nft", "--clock", "Mars").exception
    assert isinstance(error, UsageError)
