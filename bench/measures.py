"""What is measured: one thing a function, each run in a process of its own."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

REPEATS: Final = 3


@contextmanager
def _cpu(into: list[float]) -> Iterator[None]:
    begun = time.process_time()
    yield
    into.append(time.process_time() - begun)


def exchanges(path: Path) -> int:
    """File to exchanges; how many packets."""
    from checkvalve.observe.captures.files import Capture
    from checkvalve.observe.dissector import Dissector

    dissector, packets = Dissector(), 0
    for seen in dissector.read(Capture(path)):
        packets = seen.packets
    for _ in dissector.finish():
        pass
    return packets


def findings(path: Path) -> int:
    """The whole way to findings with all checks and detectors; how many packets.

    The baseline is learnt from the same capture, outside of what is measured.
    """
    from bench.plant import SITE, declare
    from checkvalve.judge.baseline import Baseline
    from checkvalve.observe.captures.files import Capture
    from checkvalve.run.judging import Judge
    from checkvalve.run.learning import learn
    from checkvalve.run.observing import Observer
    from checkvalve.testing.generators import Traffic

    with tempfile.TemporaryDirectory() as folder:
        plant = declare(Path(folder) / "plant", Traffic())
    baseline = learn(plant, Baseline.empty(plant, SITE), [Capture(path)])
    taken: list[float] = []
    packets = 0
    for _ in range(REPEATS):
        observer, judge = Observer(plant, SITE), Judge(plant, baseline)
        with _cpu(taken):
            for observed in observer.read(Capture(path)):
                packets = observed.packets
                for window in observed.windows:
                    judge.judge(window)
    _say(packets, min(taken))
    return packets


def dpkt(path: Path) -> int:
    """The library dpkt, down to TCP payloads; how many packets."""
    import dpkt as library  # type: ignore[import-untyped,unused-ignore]

    packets = 0
    with path.open("rb") as file:
        for _, octets in library.pcap.Reader(file):
            packets += 1
            ip = library.ethernet.Ethernet(octets).data
            _ = bytes(ip.data.data)
    return packets


MEASURES: Final[dict[str, Callable[[Path], int]]] = {
    "exchanges": exchanges,
    "findings": findings,
    "dpkt": dpkt,
}


def peak_mb() -> float:
    """The most memory that this program ever had, MB.

    ``ru_maxrss`` would not do: it counts what the process was before it became this program.
    """
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _say(packets: int, seconds: float) -> None:
    result = {"packets": packets, "cpu_s": seconds, "peak_mb": peak_mb()}
    sys.stdout.write(json.dumps(result) + "\n")


def main(name: str, path: Path) -> None:
    """Run one measure a few times and print the best as JSON."""
    if name == "findings":
        findings(path)
        return
    if name == "exchanges":
        exchanges(path)  # kernels loaded, file in memory
    taken: list[float] = []
    packets = 0
    for _ in range(REPEATS if name == "exchanges" else 1):
        with _cpu(taken):
            packets = MEASURES[name](path)
    _say(packets, min(taken))


def apart(name: str, path: Path) -> dict[str, float]:
    """Run one measure in a process of its own; packets, CPU seconds, peak MB."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.measures", name, str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def command(words: list[str]) -> float:
    """CPU seconds, of user and system, that another program takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def today() -> str:
    """When it was measured."""
    return datetime.now(UTC).strftime("%Y-%m-%d")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
