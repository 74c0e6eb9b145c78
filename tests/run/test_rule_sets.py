from __future__ import annotations

from pathlib import Path

import pytest
from tests.run.standing import CELL, cell

from checkvalve.errors import InputError, StorageError, UsageError
from checkvalve.observe.firewalls import members
from checkvalve.run.rule_sets import read_rule_set, read_rule_sets, read_text
from checkvalve.testing.segmentation import plant_of

NFT = """table inet filter {
    chain forward {
        type filter hook forward priority filter; policy drop;
        ip saddr 10.9.0.0/24 ip daddr 10.1.0.5 tcp dport 502 accept
    }
}
"""


def test_each_firewall_is_read_from_the_file_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "fw.nft").write_text(NFT)
    found = read_rule_sets(cell(), tmp_path)
    assert found.by_firewall["fw"].vendor == "nftables"
    assert found.by_firewall["fw"].file == "fw.nft"
    assert found.coverage["fw"].missed == ()


def test_another_file_may_be_read_instead(tmp_path: Path) -> None:
    (tmp_path / "new.nft").write_text(NFT.replace("502", "503"))
    found = read_rule_sets(cell(), tmp_path, {"fw": tmp_path / "new.nft"})
    assert found.by_firewall["fw"].file == "new.nft"


def test_a_file_for_a_firewall_that_is_not_declared_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        read_rule_sets(cell(), tmp_path, {"fv": tmp_path / "new.nft"})
    assert "'fv'" in refused.value.sentence
    assert "fw" in refused.value.hint


def test_a_firewall_without_a_file_is_left_out(tmp_path: Path) -> None:
    plant = plant_of(CELL.replace("config: fw.nft, ", ""))
    assert not read_rule_sets(plant, tmp_path).by_firewall


def test_a_file_that_is_not_there_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as refused:
        read_rule_sets(cell(), tmp_path)
    assert "no such file" in refused.value.sentence
    assert "--firewall fw=FILE" in refused.value.hint


def test_a_vendor_that_nobody_knows_is_an_error_that_names_those_known(tmp_path: Path) -> None:
    (tmp_path / "fw.nft").write_text(NFT)
    plant = plant_of(CELL.replace("vendor: nftables", "vendor: acme"))
    with pytest.raises(InputError) as refused:
        read_rule_sets(plant, tmp_path)
    assert "'acme'" in refused.value.sentence
    assert all(one.name in refused.value.hint for one in members())


def test_what_is_no_text_is_replaced_so_that_its_line_still_counts(tmp_path: Path) -> None:
    (tmp_path / "fw.nft").write_bytes(b"\xef\xbb\xbftable \xff\n")
    assert read_text(tmp_path / "fw.nft") == "table \N{REPLACEMENT CHARACTER}\n"


def test_a_file_alone_shows_its_vendor_or_has_it_named(tmp_path: Path) -> None:
    path = tmp_path / "fw.txt"
    path.write_text(NFT)
    assert read_rule_set(path)[0] == read_rule_set(path, "nftables")[0]
    path.write_text("to whom it may concern\n")
    with pytest.raises(InputError) as refused:
        read_rule_set(path)
    assert "--vendor" in refused.value.hint
    with pytest.raises(UsageError, match="no vendor 'acme'"):
        read_rule_set(path, "acme")


def test_another_vendors_file_is_refused_with_the_name_of_whose_it_is(tmp_path: Path) -> None:
    (tmp_path / "fw.cfg").write_text(NFT)
    with pytest.raises(InputError) as refused:
        read_rule_set(tmp_path / "fw.cfg", "asa")
    assert "'nftables'" in refused.value.hint
