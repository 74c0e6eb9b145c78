"""What every detector owes, as code.

Each law takes a detector's class and windows, and raises ``AssertionError`` where it is
broken. ``spells`` draws traffic, ``windows_of`` makes windows of it.

Example:
    ::

        @given(spells())
        def test_my_detector_does_not_report_what_it_was_taught(drawn):
            plant = three_cells()
            taught_is_not_reported(MyDetector, plant, windows_of(plant, drawn))
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from hypothesis import strategies as st

from checkvalve.findings import Finding
from checkvalve.judge.detectors.base import Detector
from checkvalve.judge.window import Window
from checkvalve.plant import Asset, Plant, ProcessMode, Site, Zone
from checkvalve.records import Intent, Status
from checkvalve.testing.windows import WindowBuilder

SITE: Final = "mill"
MODES: Final = ("production", "stop", "maintenance")
HMI: Final = "Human-Machine Interface (HMI)"
PLC: Final = "Programmable Logic Controller (PLC)"
_HOUR_S: Final = 3_600.0
#: Running state may grow by so much from the third run of strangers on.
GROWTH: Final = 1.5


def three_cells() -> Plant:
    """A plant of three cells alike, each with a panel and two controllers, and a workstation.

    Assets are ``hmi-1``, ``plc-1a``, ``plc-1b`` in zone ``cell-1``, and so on; ``station`` is
    in zone ``engineering``. Addresses are 10.1.x.0/24, the workstation's 10.2.0.10.
    """
    things: list[Any] = [Site(id=SITE, time_zone="UTC", modes=MODES)]
    things += [ProcessMode(id=mode, kind=mode) for mode in MODES]
    things.append(Zone(id="engineering", cidrs=("10.2.0.0/24",)))
    things.append(Asset(id="station", zone="engineering", ips=("10.2.0.10",), role="Workstation"))
    for cell in (1, 2, 3):
        zone = f"cell-{cell}"
        things.append(Zone(id=zone, cidrs=(f"10.1.{cell}.0/24",)))
        for name, last, role in (("hmi-{}", 20, HMI), ("plc-{}a", 10, PLC), ("plc-{}b", 11, PLC)):
            address = (f"10.1.{cell}.{last}",)
            things.append(Asset(id=name.format(cell), zone=zone, ips=address, role=role))
    return Plant.of(*things)


@dataclass(frozen=True, slots=True)
class Talk:
    """Exchanges and the flow under them.

    Attributes:
        more: fields of ``WindowBuilder.exchange``.
    """

    source: str
    destination: str
    port: int
    answered: bool
    more: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Spell:
    """What is said within one hour, in one process mode."""

    mode: str | None
    talks: tuple[Talk, ...]


_KNOWN: Final = ("hmi-1", "hmi-2", "plc-1a", "plc-1b", "plc-2a", "station", "10.1.1.77")
_FUNCTIONS: Final = (
    ("modbus", "Read Holding Registers", Intent.READ, "holding register"),
    ("modbus", "Write Single Register", Intent.WRITE, "holding register"),
    ("dnp3", "SELECT", Intent.CONTROL, "g12v1"),
    ("dnp3", "OPERATE", Intent.CONTROL, "g12v1"),
    ("s7comm", "Request download", Intent.PROGRAM, None),
    ("s7comm", "Setup communication", Intent.SESSION, None),
)


@st.composite
def talks(draw: st.DrawFn, names: Sequence[str] = _KNOWN) -> Talk:
    """Draws who says what to whom, how often and with what end."""
    protocol, function, intent, space = draw(st.sampled_from(_FUNCTIONS))
    first = draw(st.integers(0, 300)) if space else None
    more = {
        "protocol": protocol,
        "function": function,
        "intent": intent,
        "device": draw(st.sampled_from((None, 1, 2))),
        "space": space,
        "first": first,
        "last": None if first is None else first + draw(st.integers(0, 20)),
        "count": draw(st.integers(1, 40)),
        "every_s": draw(st.sampled_from((0.1, 1.0, 30.0, 80.0))),
        "at": draw(st.floats(0, 300)),
        "status": draw(st.sampled_from((Status.OK, Status.OK, Status.ERROR, Status.NO_REPLY))),
    }
    return Talk(
        source=draw(st.sampled_from(names)),
        destination=draw(st.sampled_from(names)),
        port=draw(st.sampled_from((0, 102, 502, 20_000, 50_123))),
        answered=draw(st.booleans()),
        more=more,
    )


def spells(names: Sequence[str] = _KNOWN, *, at_most: int = 6) -> st.SearchStrategy[list[Spell]]:
    """Draws hours of traffic.

    Args:
        names: assets and addresses that take part.
        at_most: hours.
    """
    some = st.lists(talks(names), min_size=1, max_size=6).map(tuple)
    spell = st.builds(Spell, st.sampled_from((*MODES[:2], None)), some)
    return st.lists(spell, min_size=1, max_size=at_most)


def windows_of(plant: Plant, drawn: Iterable[Spell], *, from_hour: int = 0) -> list[Window]:
    """One window for each spell, an hour apart, of one run.

    Args:
        plant: what is declared.
        drawn: in order of time.
        from_hour: hours after the builder's Monday.
    """
    builder = WindowBuilder(plant, SITE)
    windows = []
    for hour, spell in enumerate(drawn, from_hour):
        for talk in spell.talks:
            at = hour * _HOUR_S + talk.more["at"]
            builder.exchange(talk.source, talk.destination, **{**talk.more, "at": at})
            builder.flow(
                talk.source, talk.destination, at=at, port=talk.port, answered=talk.answered
            )
        windows.append(builder.build(spell.mode))
    return windows


def taught(kind: type[Detector], plant: Plant, windows: Iterable[Window]) -> Detector:
    """A detector that learnt windows, less what it says no detector may learn."""
    detector = kind(plant)
    for window in windows:
        detector.learn(window.without(detector.never_learn(window)))
    return detector


def judged(detector: Detector, windows: Iterable[Window]) -> list[Finding]:
    """All that a detector says of windows, one after the other."""
    return [finding for window in windows for finding in detector.judge(window)]


def nothing_learnt_reports_nothing(
    kind: type[Detector], plant: Plant, windows: Iterable[Window]
) -> None:
    """A detector without a past has nothing to compare with."""
    found = judged(kind(plant), windows)
    assert not found, f"{kind.rule.id} reports before it learnt: {found[0].because}"


def taught_is_not_reported(kind: type[Detector], plant: Plant, windows: Sequence[Window]) -> None:
    """What was taught is not reported when it comes again, in the same order."""
    detector = taught(kind, plant, windows)
    allowed = [window.without(detector.never_learn(window)) for window in windows]
    found = judged(detector, allowed)
    assert not found, f"{kind.rule.id} reports what it was taught: {found[0].because}"


def judging_never_learns(
    kind: type[Detector], plant: Plant, known: Sequence[Window], strange: Sequence[Window]
) -> None:
    """State is the same after judging, even a stranger that was just reported."""
    detector = taught(kind, plant, known)
    before = _text(detector)
    found = judged(detector, strange)
    judged(detector, strange)
    assert _text(detector) == before, f"{kind.rule.id} learns while it judges"
    again = kind(plant)
    again.restore(json.loads(_text(detector)))
    assert judged(again, strange) == found, f"{kind.rule.id} forgot whom it reported"


def merged_halves_equal_the_whole(
    kind: type[Detector], plant: Plant, windows: Sequence[Window], at: int
) -> None:
    """What two instances learnt adds up to what one learns of all, in either order.

    Args:
        kind: the detector.
        plant: what is declared.
        windows: what is learnt.
        at: where they are cut in two.
    """
    whole = _text(taught(kind, plant, windows))
    for first, second in ((windows[:at], windows[at:]), (windows[at:], windows[:at])):
        merged = taught(kind, plant, first)
        merged.merge(taught(kind, plant, second))
        assert _text(merged) == whole, f"{kind.rule.id}: halves do not add up to the whole"


def state_survives_a_round_trip(
    kind: type[Detector], plant: Plant, known: Sequence[Window], strange: Sequence[Window]
) -> None:
    """State is JSON; a detector restored from it says the same, and goes on learning."""
    detector = taught(kind, plant, known)
    restored = kind(plant)
    restored.learn(strange[0])
    restored.restore(json.loads(_text(detector)))
    assert _text(restored) == _text(detector), f"{kind.rule.id}: state changes on its way"
    assert judged(restored, strange) == judged(detector, strange)
    restored.learn(strange[0])
    detector.learn(strange[0])
    assert _text(restored) == _text(detector), f"{kind.rule.id} learns otherwise once restored"


def running_state_is_bounded(
    kind: type[Detector], plant: Plant, known: Sequence[Window], runs: Sequence[Sequence[Window]]
) -> None:
    """Judging run after run of new strangers does not fill the memory.

    Args:
        kind: the detector.
        plant: what is declared.
        known: what is learnt.
        runs: at least six, of equal size, each of a grouper of its own.
    """
    detector = taught(kind, plant, known)
    sizes = []
    for run in runs:
        judged(detector, run)
        sizes.append(_size(detector, {id(plant)}))
    settled = sizes[2]
    assert sizes[-1] <= GROWTH * settled, f"{kind.rule.id} grows while it judges: {sizes}"


def _text(detector: Detector) -> str:
    """State as text; keys in the order in which the detector gives them, which is sorted."""
    state = detector.state()
    text = json.dumps(state)
    assert text == json.dumps(state, sort_keys=True), f"{detector.rule.id}: keys are not sorted"
    return text


def _size(thing: object, met: set[int]) -> int:
    """Numbers, texts and references held, all the way down."""
    if id(thing) in met:
        return 0
    met.add(id(thing))
    if isinstance(thing, np.ndarray):
        return int(thing.size)
    if isinstance(thing, Mapping):
        return len(thing) + sum(_size(value, met) for value in thing.values())
    if isinstance(thing, (list, tuple, set, frozenset)):
        return len(thing) + sum(_size(item, met) for item in thing)
    fields = getattr(thing, "__dict__", {})
    return 1 + sum(_size(value, met) for value in fields.values())
