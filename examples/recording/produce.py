"""Records one plant: plays its story on real stacks and writes what the mirror port saw."""

from __future__ import annotations

import hashlib
import json
import logging
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from recording import pcap
from recording.capture import Frame, Mirror
from recording.namespaces import Host, Network
from recording.scaling import Window, nanoseconds, scale
from recording.story import Planted, Story

#: Nothing on the wire for so long: the act is over, its last acknowledgement included.
_SILENCE_S = 0.002
_REPORT_EVERY = 2_000
_LIBRARIES = ("pymodbus", "asyncua", "amqtt", "dnslib", "smbprotocol", "cryptography")
_NOTE = (
    "Recorded from real protocol stacks in network namespaces, act after act. The time between "
    "acts is scaled to the story's; the frames of one act keep their distances."
)

Tell = Callable[[Network, Story, ExitStack], None]


@dataclass(frozen=True, slots=True)
class Script:
    """What a plant brings to its recording.

    Attributes:
        name: prefix of the namespaces, a few letters.
        hosts: who is on the network.
        seed: of the story's random choices.
        start: first moment of ``normal``; what is done before it is not kept.
        incident: first moment of ``incident``, where ``normal`` ends.
        end: where ``incident`` ends.
        tell: opens the stations, adds the acts, and leaves with the stack what must be closed.
        libraries: the stacks whose versions are noted.
    """

    name: str
    hosts: Sequence[Host]
    seed: int
    start: datetime
    incident: datetime
    end: datetime
    tell: Tell
    libraries: Sequence[str] = _LIBRARIES


def record(script: Script, folder: Path) -> None:
    """Record, and write ``captures/`` and ``expected.json``.

    Args:
        script: what to record.
        folder: the example's folder.
    """
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    story = Story(script.seed)
    with (
        Network(script.name, script.hosts) as network,
        ExitStack() as ending,
        Mirror(network) as mirror,
    ):
        script.tell(network, story, ending)
        windows = list(_play(story, mirror))
    frames = scale(mirror.frames, windows)
    start, border = nanoseconds(script.start), nanoseconds(script.incident)
    files = {
        "normal.pcap": [frame for frame in frames if start <= frame.time < border],
        "incident.pcap": [frame for frame in frames if frame.time >= border],
    }
    captures = folder / "captures"
    captures.mkdir(exist_ok=True)
    for name, part in files.items():
        pcap.write(captures / name, part)
    _write_json(folder / "expected.json", [_expected(event) for event in story.planted])
    about = {
        "note": _NOTE,
        "seed": script.seed,
        "acts": len(story),
        "recorded_in_s": round(time.monotonic() - began),
        "python": platform.python_version(),
        "libraries": {library: version(library) for library in script.libraries},
        "captures": {name: _about(captures / name, part) for name, part in files.items()},
    }
    _write_json(captures / "recording.json", about)


def _play(story: Story, mirror: Mirror) -> Iterator[Window]:
    for done, act in enumerate(story):
        if done % _REPORT_EVERY == 0:
            print(f"{act.at:%a %d %b %H:%M}  {done} of {len(story)} acts", file=sys.stderr)
        real = time.time_ns()
        act.do(act.at)
        mirror.wait_for_silence(_SILENCE_S)
        yield Window(real, time.time_ns(), nanoseconds(act.at))


def _about(path: Path, frames: Sequence[Frame]) -> dict[str, Any]:
    return {
        "first": _text(frames[0].time),
        "last": _text(frames[-1].time),
        "frames": len(frames),
        "octets": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def _expected(event: Planted) -> dict[str, Any]:
    return {
        "id": event.id,
        "what": event.what,
        "at": event.at.astimezone(UTC).isoformat(),
        "until": event.until.astimezone(UTC).isoformat(),
        "actors": list(event.actors),
        "rules": list(event.rules),
        "also": list(event.also),
        "at_least": event.at_least,
    }


def _text(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns / 1e9, UTC).isoformat(timespec="seconds")


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
