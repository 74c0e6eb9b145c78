"""A process that runs commands until it is told to kill them; ``test_kill`` starts it.

It imports once and forks for every run, so that many kills take seconds. A run is one line of
JSON on standard input; what ended it is one line on standard output.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

from checkvalve.keep import keeper
from checkvalve.observe.protocols import members
from checkvalve.run import baselines, triaging, watching
from checkvalve.show.cli import main

#: What a run needs is here before it is forked.
READY = (keeper, baselines, triaging, watching, members())


def run(words: list[str], folder: Path) -> None:
    """Be the command, with its output in files."""
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.argv = ["checkvalve", *words]
    main()


def serve() -> None:
    """Fork, wait as long as is asked, kill; zero seconds: until it ends by itself."""
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            run(asked["words"], Path(asked["folder"]))
            os._exit(0)
        if asked["after_s"]:
            threading.Event().wait(asked["after_s"])
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201  (its answer)


if __name__ == "__main__":
    serve()
