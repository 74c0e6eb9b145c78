"""A process that records steps until it is killed; ``test_kills`` starts it.

It imports once and forks for every run, so that forty kills take seconds. A run is one line
of JSON on standard input; what ended it is one line on standard output.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections import Counter
from pathlib import Path

from tests.keep.making import AT, finding, mute, step

from checkvalve.keep import compaction
from checkvalve.keep.inbox import Inbox
from checkvalve.keep.keeper import INBOX, Keeper

#: Steps of one whole run.
STEPS = 9


def watch(folder: Path, stage: str, at_hit: int) -> None:
    """Records all steps from the last one known, and reports each once it is durable."""
    hits: Counter[str] = Counter()

    def reached(name: str) -> None:
        hits[name] += 1
        if name == stage and hits[name] == at_hit:
            os.kill(os.getpid(), signal.SIGKILL)

    report = os.open(folder.parent / "reported", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with Keeper.open(folder, command="checkvalve watch", at=AT, reached=reached) as keeper:
        known = keeper.store.progress().get("n.pcap")
        for number in range(0 if known is None else known.packet, STEPS):
            if number % 3 == 1:
                Inbox(folder / INBOX).drop(mute(finding(number).id, second=number))
            keeper.commit(step(number))
            keeper.fold()
            os.write(report, f"{number}\n".encode())


def main() -> None:
    compaction.MANY = 4
    for line in sys.stdin:
        run = json.loads(line)
        child = os.fork()
        if child == 0:
            watch(Path(run["folder"]), run["stage"], run["hit"])
            os._exit(0)
        if run["after_s"]:
            threading.Event().wait(run["after_s"])
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201  (its answer)


if __name__ == "__main__":
    main()
