"""A baseline: what all detectors learnt of one site, as versioned plain data with a digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from checkvalve.errors import InputError
from checkvalve.findings import Finding
from checkvalve.judge.detectors import members
from checkvalve.judge.detectors.base import Detector
from checkvalve.judge.readiness import Observations, Readiness
from checkvalve.judge.window import Breach, Window
from checkvalve.plant import Plant

SCHEMA: Final = "checkvalve.baseline/v1"


@dataclass(slots=True)
class Baseline:
    """What was learnt of one site.

    Attributes:
        site: the site's id.
        detectors: by rule id.
        observations: what was seen when, for readiness.
        plant_digest: of the plant against which it was learnt.
        sources: name and packets of each capture it was learnt from.
        first: its first record, ns since 1970; 0 when nothing was learnt.
        last: its last record.
    """

    site: str
    detectors: dict[str, Detector]
    plant_digest: str
    observations: Observations = field(default_factory=Observations)
    sources: list[tuple[str, int]] = field(default_factory=list)
    first: int = 0
    last: int = 0

    @classmethod
    def empty(
        cls, plant: Plant, site: str, detectors: Iterable[type[Detector]] | None = None
    ) -> Self:
        """A baseline that has learnt nothing.

        Args:
            plant: what the detectors look things up in.
            site: the site's id.
            detectors: their classes; all registered ones when left out.
        """
        kinds = members() if detectors is None else tuple(detectors)
        return cls(site, {kind.rule.id: kind(plant) for kind in kinds}, plant.digest)

    def never_learn(self, window: Window) -> Breach:
        """What of a window no detector may take for normal."""
        breach = Breach()
        for detector in self.detectors.values():
            breach |= detector.never_learn(window)
        return breach

    def learn(self, window: Window, breach: Breach) -> None:
        """Take a window for normal, less what a breach names."""
        allowed = window.without(breach | self.never_learn(window))
        for detector in self.detectors.values():
            detector.learn(allowed)
        self.observations.add(allowed)
        self.first = min(self.first or window.start, window.start)
        self.last = max(self.last, window.end)

    def judge(self, window: Window, detector: Detector) -> list[Finding]:
        """What one of its detectors says of a window; nothing while nothing was learnt."""
        return detector.judge(window) if self.first else []

    def merge(self, other: Self) -> None:
        """Add what another baseline of the same site learnt."""
        for name, detector in self.detectors.items():
            if name in other.detectors:
                detector.merge(other.detectors[name])
        self.observations.merge(other.observations)
        self.sources += other.sources
        if other.first:
            self.first = min(self.first or other.first, other.first)
            self.last = max(self.last, other.last)

    def readiness(self, plant: Plant) -> Readiness:
        """Whether it may be relied on, and what is missing."""
        site = plant.sites.get(self.site)
        return self.observations.readiness(site.modes if site is not None else ())

    def state(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            "schema": SCHEMA,
            "site": self.site,
            "plant_digest": self.plant_digest,
            "sources": [list(source) for source in self.sources],
            "first": self.first,
            "last": self.last,
            "detectors": {
                name: {"version": detector.version, "state": detector.state()}
                for name, detector in sorted(self.detectors.items())
            },
            "observations": self.observations.state(),
        }

    def text(self) -> str:
        """All of it as canonical JSON: equal baselines are equal text."""
        return json.dumps(self.state(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text().encode()).hexdigest()


def restore(plant: Plant, text: str, detectors: Iterable[type[Detector]] | None = None) -> Baseline:
    """The baseline that a text holds.

    A detector that it does not know, or knows in another version, begins with nothing.

    Raises:
        InputError: it is no baseline.
    """
    try:
        state: Mapping[str, Any] = json.loads(text)
        if state["schema"] != SCHEMA:
            raise KeyError(state["schema"])
        baseline = Baseline.empty(plant, state["site"], detectors)
        baseline.plant_digest = state["plant_digest"]
        baseline.sources = [(name, packets) for name, packets in state["sources"]]
        baseline.first, baseline.last = state["first"], state["last"]
        baseline.observations.restore(state["observations"])
        for name, detector in baseline.detectors.items():
            kept = state["detectors"].get(name)
            if kept is not None and kept["version"] == detector.version:
                detector.restore(kept["state"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"this is no {SCHEMA}: {type(error).__name__} {error}",
            hint="'checkvalve learn' makes a baseline; another version's is learnt anew",
        ) from error
    return baseline


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two baselines differ.

    Attributes:
        path: where, such as ``new-talker.sources.hmi-1``.
        old: what stands there in the first; ``None`` when nothing does.
        new: what stands there in the second.
    """

    path: str
    old: object
    new: object


def differences(old: object, new: object, path: str = "") -> list[Difference]:
    """The places where two states differ, deepest first where both go on.

    Lists are compared as a whole: their order has a meaning.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        found = []
        for key in sorted(old.keys() | new.keys()):
            found += differences(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
        return found
    return [] if old == new else [Difference(path, old, new)]
