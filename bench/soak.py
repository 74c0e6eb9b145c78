"""``make soak``: memory stays flat over a long run: ten captures of a million packets."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.measures import peak_mb
from checkvalve.observe.captures.files import Capture
from checkvalve.observe.dissector import Dissector
from checkvalve.testing.generators import Traffic, write

ROUNDS = 10


def main() -> None:
    """Read the captures with one dissector, and print the peak after each."""
    dissector = Dissector()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "soak.pcap"
        for number in range(ROUNDS):
            write(path, Traffic(seed=number + 1))
            for _ in dissector.read(Capture(path)):
                pass
            print(f"{number + 1} million packets: peak {peak_mb():.0f} MB")


if __name__ == "__main__":
    main()
