"""Real captures: their counts are those of a second dissector, or the reason is named."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from checkvalve.observe.captures import streams
from checkvalve.observe.captures.files import Capture
from checkvalve.observe.dissector import Dissector, Limits
from checkvalve.observe.protocols import members
from checkvalve.observe.tally import Line, Tally

FAMILIES = ("modbus", "enip", "dnp3", "s7comm")
#: Names in records, by the family whose they are. Any user of COTP has rows of ``cotp``.
NAMES = {
    "modbus": {"modbus"},
    "enip": {"enip", "eip"},
    "dnp3": {"dnp3", "dnp3_link"},
    "s7comm": {"s7comm", "s7comm_plus"},
}
SMALL = Limits(
    conversations=1024, addresses=4096, names=4096, pool_octets=4 << 20, early_segments=1024,
    open_requests=4096, packets=2048,
)  # fmt: skip

#: Of what: how many messages of which code.
Counts = dict[str, Counter[int]]


@dataclass(frozen=True)
class Read:
    """What was found in one capture, beside what tshark found in it."""

    name: str
    theirs: dict[str, Any]
    packets: int
    lines: list[Line]
    during: tuple[Any, int]
    after: tuple[Any, int]
    stopped: str

    @property
    def family(self) -> str:
        return self.name.split("/")[0]


@pytest.fixture(scope="module")
def captures(shared: Path) -> list[Read]:
    """All captures, dissected once."""
    folder = shared / "captures"
    answers = map(json.loads, (folder / "tshark_counts.jsonl").read_text("utf-8").splitlines())
    return [_read(folder, answer) for answer in answers]


def _read(folder: Path, theirs: dict[str, Any]) -> Read:
    protocols = members()
    tally = Tally(protocols)
    dissector = Dissector(limits=SMALL, protocols=protocols, on_messages=tally.add)
    capture = Capture(folder / theirs["pcap"])
    packets = 0
    for seen in dissector.read(capture):
        packets = seen.packets
    during = (dissector.tally.copy(), dissector.waiting_octets)
    for _ in dissector.finish():
        pass
    after = (dissector.tally, dissector.waiting_octets)
    return Read(theirs["pcap"], theirs, packets, tally.lines(), during, after, capture.stopped)


def ours(lines: Iterable[Line]) -> Counter[tuple[str, int, str]]:
    """How many messages: by protocol, code, and what they are."""
    found: Counter[tuple[str, int, str]] = Counter()
    for line in lines:
        if line.code != -1:
            found[line.protocol, line.code, "requests"] += line.requests
            found[line.protocol, line.code, "responses"] += line.responses
    return +found


def ours_like_theirs(read: Read) -> Counter[tuple[str, int]]:
    """Our counts under the names and codes of tshark's fields."""
    found: Counter[tuple[str, int]] = Counter()
    for (protocol, code, what), count in ours(read.lines).items():
        if protocol == "modbus":
            found[f"modbus {what}", code] += count
        elif protocol == "enip":
            found["cip services", code | (0x80 if what == "responses" else 0)] += count
        elif protocol == "eip":
            found["eip messages", code] += count
        elif protocol == "dnp3":
            found["dnp3 messages", code] += count
        elif protocol == "s7comm" and code >= 0x070000:
            found["s7comm userdata by group", code >> 8 & 15] += count
        elif protocol == "s7comm":
            found[f"s7comm {what}", code] += count
        elif protocol == "dns":
            found["dns messages", 0] += count
    return found


def theirs(read: Read) -> Counter[tuple[str, int]]:
    """The counts of tshark's fields."""
    counts = read.theirs.get("counts", {}) if read.family in FAMILIES else {}
    found: Counter[tuple[str, int]] = Counter()
    for field, name, base in (
        ("requests_by_function", "modbus requests", 10),
        ("responses_by_function", "modbus responses", 10),
        ("cip_service_full", "cip services", 16),
        ("enip_command", "eip messages", 16),
        ("al_func", "dnp3 messages", 10),
        ("userdata_group", "s7comm userdata by group", 10),
    ):
        for code, count in counts.get(field, {}).items():
            found[name, int(code, base)] += count
    for key, count in counts.get("rosctr_func", {}).items():
        kind, function = (part.partition("=")[2] for part in key.split(";"))
        if kind != "7":
            what = "s7comm requests" if kind == "1" else "s7comm responses"
            found[what, int(function or "0", 16)] += count
    for layer in ("dns", "mdns", "llmnr"):
        found["dns messages", 0] += read.theirs["protocols"].get(layer, 0)
    return +found


def test_all_captures_are_here_and_of_all_four_protocols(captures: list[Read]) -> None:
    assert len(captures) == 266
    families = Counter(read.family for read in captures)
    assert [families[family] for family in FAMILIES] == [7, 13, 130, 26]


def test_every_packet_of_every_capture_is_read(captures: list[Read]) -> None:
    wrong = [read.name for read in captures if read.packets != read.theirs["packets"]]
    assert wrong == []
    assert [read.name for read in captures if read.stopped] == []


def test_message_for_message_as_tshark_or_for_a_reason(captures: list[Read], root: Path) -> None:
    golden = json.loads((root / "tests/golden/known_differences.json").read_text("utf-8"))
    known = {
        (entry["capture"], entry["counted"], entry["code"]): (entry["ours"], entry["theirs"])
        for entry in golden["differences"]
        if entry["reason"].strip()
    }
    found = {}
    for read in captures:
        we, they = ours_like_theirs(read), theirs(read)
        for key in we | they:
            if we[key] != they[key]:
                found[read.name, *key] = (we[key], they[key])
    assert found == known


def test_a_capture_of_another_protocol_gives_no_rows_of_the_four(captures: list[Read]) -> None:
    strangers = {
        read.name: found
        for read in captures
        for family, names in NAMES.items()
        if family != read.family and (found := {line.protocol for line in read.lines} & names)
    }
    assert strangers == {
        # Named among the differences.
        "enip/iti__openics_EIP-ViewDeviceStatus.pcap": {"dnp3"},
        # It polls an S7-1200 beside its Modbus devices; tshark knows no S7comm-plus.
        "modbus/zeek__modbus_modbusBig.pcap": {"s7comm_plus"},
    }


def test_every_payload_octet_is_accounted_for(captures: list[Read]) -> None:
    wrong = [
        (read.name, tally.tolist(), waiting)
        for read in captures
        for tally, waiting in (read.during, read.after)
        if tally[streams.SEEN]
        != tally[streams.DUPLICATE]
        + tally[streams.DROPPED_WAITING]
        + tally[streams.DECODED]
        + tally[streams.SKIPPED]
        + tally[streams.UNDECODED]
        + waiting
    ]
    assert wrong == []
    assert {read.after[1] for read in captures} == {0}
