"""Hours of the three cells: panels that poll and set their controllers, day in, day out."""

from __future__ import annotations

from typing import TypeVar

from checkvalve.findings import Finding
from checkvalve.judge.detectors.base import Detector
from checkvalve.judge.window import Window
from checkvalve.plant import Plant
from checkvalve.testing.detectors import SITE, three_cells
from checkvalve.testing.windows import WindowBuilder

HOUR_S = 3_600
Kind = TypeVar("Kind", bound=Detector)


class Mill:
    """One run of the mill, hour by hour, in one process mode."""

    def __init__(self, plant: Plant | None = None) -> None:
        self.plant = plant or three_cells()
        self.builder = WindowBuilder(self.plant, SITE)
        self.hour = -1

    def begin(self) -> int:
        """Begin another hour; the second at which it begins."""
        self.hour += 1
        return self.hour * HOUR_S

    def polls(
        self,
        source: str = "hmi-1",
        destination: str = "plc-1a",
        *,
        every_s: float = 10.0,
        device: int = 1,
    ) -> None:
        """A panel reads registers through this hour, over one connection."""
        at = self.hour * HOUR_S
        count = int(HOUR_S / every_s) - 1
        self.builder.exchange(
            source,
            destination,
            at=at + 1,
            every_s=every_s,
            count=count,
            device=device,
            space="holding register",
            first=10,
            last=60,
        )
        self.builder.flow(source, destination, at=at, lasts_s=3_500, packets=900, protocol="modbus")

    def usual(self, *, without: tuple[str, str] | None = None) -> None:
        """What is said in every hour: the panels poll both of their controllers."""
        self.begin()
        for cell in (1, 2, 3):
            for plc in ("a", "b"):
                pair = (f"hmi-{cell}", f"plc-{cell}{plc}")
                if pair != without:
                    self.polls(*pair)

    def over(self, mode: str | None = "production") -> Window:
        """End the hour."""
        return self.builder.build(mode)

    def teach(self, kind: type[Kind], hours: int = 6) -> Kind:
        """A detector that learnt some usual hours in production."""
        detector = kind(self.plant)
        for _ in range(hours):
            self.usual()
            detector.learn(self.over())
        return detector

    @property
    def at(self) -> int:
        """The second at which this hour began."""
        return self.hour * HOUR_S


def one(found: list[Finding]) -> Finding:
    """The only finding."""
    assert len(found) == 1, [finding.because for finding in found]
    return found[0]
