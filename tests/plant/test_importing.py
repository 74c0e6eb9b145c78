"""Work orders from the system that keeps them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checkvalve.errors import InputError
from checkvalve.plant import Change
from checkvalve.plant.importing import Import, read_changes
from checkvalve.plant.times import parse_moment

KNOWN = {
    "wo-1": Change(
        id="wo-1",
        people=("A. Person",),
        actions=("write",),
        from_=parse_moment("2026-03-01T06:00:00+01:00"),
        until=parse_moment("2026-03-01T14:00:00+01:00"),
        approver="B. Boss",
    )
}
ROW = {
    "id": "wo-1",
    "people": ["A. Person"],
    "actions": ["write"],
    "from": "2026-03-01T05:00:00Z",
    "until": "2026-03-01T14:00:00+01:00",
    "approver": "B. Boss",
}
CSV = (
    "id,people,assets,actions,from,until,approver\n"
    "wo-2,A. Person|C. Other,plc,write|program,2026-03-02T06:00:00Z,2026-03-02T08:00:00Z,B. Boss\n"
)


def imported(folder: Path, text: str, name: str = "export.csv") -> Import:
    (folder / name).write_text(text)
    return read_changes(folder / name, KNOWN)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_csv_export_gives_changes(tmp_path: Path, separator: str, newline: str) -> None:
    text = CSV.replace(",", separator).replace("\n", newline)
    (tmp_path / "x.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    ((name, fields),) = read_changes(tmp_path / "x.csv", KNOWN).new
    assert name == "wo-2"
    assert fields == {
        "people": ["A. Person", "C. Other"],
        "assets": ["plc"],
        "actions": ["write", "program"],
        "from": "2026-03-02T06:00:00Z",
        "until": "2026-03-02T08:00:00Z",
        "approver": "B. Boss",
    }


def test_an_empty_cell_is_a_field_left_out(tmp_path: Path) -> None:
    ((_, fields),) = imported(tmp_path, "id,reason,until\nwo-3,,2026-03-02T08:00:00Z\n").new
    assert fields == {"until": "2026-03-02T08:00:00Z"}


def test_a_json_export_gives_changes(tmp_path: Path) -> None:
    rows = [{**ROW, "id": "wo-9"}]
    found = imported(tmp_path, json.dumps(rows), "export.json")
    assert found.new == (("wo-9", {key: ROW[key] for key in ROW if key != "id"}),)


def test_the_same_change_stays_though_its_times_are_spelled_otherwise(tmp_path: Path) -> None:
    found = imported(tmp_path, json.dumps([ROW]), "export.json")
    assert found == Import((), {}, ("wo-1",))


def test_a_change_that_was_closed_meanwhile_is_closed(tmp_path: Path) -> None:
    row = {**ROW, "closed_at": "2026-03-01T09:00:00Z"}
    found = imported(tmp_path, json.dumps([row]), "export.json")
    assert found.closed == {"wo-1": {"closed_at": "2026-03-01T09:00:00Z"}}


@pytest.mark.parametrize(
    "more", [{"people": ["Z"]}, {"until": "2026-04-01T00:00:00Z"}, {"actions": ["program"]}]
)
def test_a_change_keeps_what_it_was_approved_for(tmp_path: Path, more: dict[str, object]) -> None:
    with pytest.raises(InputError, match="is there with another"):
        imported(tmp_path, json.dumps([{**ROW, **more}]), "export.json")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.csv", "id,colour\nwo-2,red\n", "there is no field 'colour'"),
        ("a.csv", "id,until\nwo-2\n", "not as many cells"),
        ("a.csv", "id,until\nwo-2,x,y\n", "not as many cells"),
        ("a.csv", "id,until\n,x\n", "entry 1 has no id"),
        ("a.csv", 'id,until\n"wo-2,x\n', "the CSV can't be read"),
        ("a.csv", CSV + CSV.splitlines()[1], "stands there twice"),
        ("a.json", "{}", "holds no list of objects"),
        ("a.json", "[1]", "holds no list of objects"),
        ("a.json", "[{", "the YAML can't be read"),
        ("a.json", "[" * 100_000, "nested more than"),
        ("a.json", '[{"id": 7}]', "entry 1 has no id"),
        ("a.json", '[{"id": "a", "id": "b"}]', "stands here and on line 1"),
        ("a.json", '[{"id": "wo-1", "until": "soon"}]', "wo-1: from: 'from' is missing"),
    ],
)
def test_what_can_not_be_understood_is_one_clear_sentence(
    tmp_path: Path, name: str, text: str, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        imported(tmp_path, text, name)
    assert caught.value.sentence.startswith(name)


def test_an_export_that_is_not_there_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_changes(tmp_path / "gone.csv", KNOWN)


def test_an_export_in_another_encoding_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes("id,reason\nwo-2,Prüfung\n".encode("latin-1"))
    with pytest.raises(InputError, match="octet 17 is not UTF-8"):
        read_changes(tmp_path / "x.csv", KNOWN)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(
    st.one_of(
        st.binary(max_size=80),
        st.text(st.sampled_from('id,;\t"|\nfromuntil{}[]: x\r'), max_size=60).map(str.encode),
    ),
    st.sampled_from(["x.csv", "x.json"]),
)
def test_any_octets_give_changes_or_an_input_error(
    tmp_path: Path, octets: bytes, name: str
) -> None:
    (tmp_path / name).write_bytes(octets)
    try:
        read_changes(tmp_path / name, KNOWN)
    except InputError as error:
        told = error.sentence
    else:
        told = "read"
    assert told
