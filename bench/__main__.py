"""``make bench``: Checkvalve beside tshark, dpkt and Scapy, on the same generated captures.

All figures are CPU time on one core in one run on one machine: the ratios hold where the
seconds do not. Nothing here fails because something is slow.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench import segmentation
from bench.measures import REPEATS, apart, command, today
from checkvalve.testing.generators import Traffic, write

PROTOCOLS: Final = ("modbus", "enip", "dnp3", "s7comm")
OUT: Final = Path("bench/out")
SCAPY: Final = Path(".venv/scapy/bin/python")
_SCAPY_READS: Final = (
    "import sys\nfrom scapy.utils import PcapReader\nimport scapy.layers.l2, scapy.layers.inet\n"
    "import scapy.contrib.modbus\nfor packet in PcapReader(sys.argv[1]): bytes(packet.payload)\n"
)


def main() -> None:
    """Measure, and write a table and ``bench/out/report.json``."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="a tenth of the packets")
    chosen = parser.parse_args()
    packets = chosen.packets // 10 if chosen.quick else chosen.packets
    OUT.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mix = folder / "mix.pcap"
        write(mix, Traffic(packets=packets))
        for protocol in PROTOCOLS:
            part = folder / f"{protocol}.pcap"
            write(part, Traffic(packets=packets // 2, protocols=(protocol,)))
            rows.append(_row(f"file to exchanges, {protocol}", apart("exchanges", part)))
        rows.append(_row("file to exchanges, mix", apart("exchanges", mix)))
        rows.append(_row("file to findings, mix", apart("findings", mix)))
        long = folder / "long.pcap"
        write(long, Traffic(packets=10 * packets))
        rows.append(_row("file to exchanges, mix, ten times as long", apart("exchanges", long)))
        long.unlink()
        rows += _others(folder, packets)
    rows += _starts()
    sets = segmentation.rows()
    report = {"on": today(), "rows": rows, "segmentation": sets}
    (OUT / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    _print(rows)
    print("\n| permitted sets | CPU s | peak MB |\n|---|---|---|")
    for row in sets:
        print(f"| {row['what']} | {row['cpu_s']:.3f} | {row['peak_mb']:.0f} |")


def _row(what: str, measured: dict[str, float]) -> dict[str, Any]:
    return {"what": what, **measured, "rate": measured["packets"] / measured["cpu_s"]}


def _others(folder: Path, packets: int) -> list[dict[str, Any]]:
    """Public tools on a Modbus capture that is short enough for them."""
    few = min(packets // 10, 100_000)
    part = folder / "few.pcap"
    write(part, Traffic(packets=few, protocols=("modbus",)))
    rows = [_row("dpkt to TCP payload", apart("dpkt", part))]
    if shutil.which("tshark"):
        fields = ["-T", "fields", "-e", "mbtcp.trans_id", "-e", "modbus.func_code"]
        seconds = command(["tshark", "-n", "-r", str(part), *fields])
        rows.append(_row("tshark -T fields", {"packets": few, "cpu_s": seconds}))
    if SCAPY.exists():
        seconds = command([str(SCAPY), "-W", "ignore", "-c", _SCAPY_READS, str(part)])
        rows.append(_row("Scapy with Modbus", {"packets": few, "cpu_s": seconds}))
    return rows


def _starts() -> list[dict[str, Any]]:
    """How long a start takes: all kernels from nothing, and ``--help``."""
    prepare = "from checkvalve.run.kernels import prepare; prepare()"
    with tempfile.TemporaryDirectory() as cache:
        os.environ["NUMBA_CACHE_DIR"] = cache
        begun = time.monotonic()
        command([sys.executable, "-c", prepare])
        compiled = time.monotonic() - begun
        del os.environ["NUMBA_CACHE_DIR"]
    script = "from checkvalve.show.cli import main; main()"
    starts = []
    for _ in range(REPEATS + 1):  # the first writes what Python keeps
        begun = time.monotonic()
        command([sys.executable, "-c", script, "--help"])
        starts.append(time.monotonic() - begun)
    started = min(starts)
    return [
        {"what": "all kernels compiled, wall clock", "wall_s": compiled},
        {"what": "checkvalve --help, wall clock", "wall_s": started},
    ]


def _print(rows: list[dict[str, Any]]) -> None:
    peer = next((row["rate"] for row in rows if row["what"].startswith("tshark")), None)
    print("| what | million packets/s | times tshark | peak MB |")
    print("|---|---|---|---|")
    for row in rows:
        if "wall_s" in row:
            print(f"| {row['what']} | {row['wall_s']:.2f} s | | |")
            continue
        ratio = f"{row['rate'] / peer:.1f}" if peer else ""
        peak = f"{row['peak_mb']:.0f}" if "peak_mb" in row else ""
        print(f"| {row['what']} | {row['rate'] / 1e6:.3f} | {ratio} | {peak} |")


if __name__ == "__main__":
    main()
