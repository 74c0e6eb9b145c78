"""Which command followed which, counted by process mode and device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Self

#: A predecessor of at least this share of a command's occurrences belongs to it.
BELONGS: Final = 0.9
_OFTEN: Final = 5
_THEN: Final = " → "


class Counts:
    """Counts of successions; a sum. An empty predecessor counts a command whatever came before."""

    def __init__(self) -> None:
        self._seen_ns: dict[str, int] = {}
        # mode → device → before and after → count
        self._counts: dict[str, dict[str, dict[str, int]]] = {}

    def __bool__(self) -> bool:
        return bool(self._counts)

    def see(self, mode: str, nanoseconds: int) -> None:
        """Take note that a mode was seen for so long."""
        self._seen_ns[mode] = self._seen_ns.get(mode, 0) + nanoseconds

    def seen_ns(self, mode: str) -> int:
        """For how long a mode was seen."""
        return self._seen_ns.get(mode, 0)

    def add(self, mode: str, device: str, before: str, after: str, count: int) -> None:
        """Count successions."""
        counts = self._counts.setdefault(mode, {}).setdefault(device, {})
        key = before + _THEN + after
        counts[key] = counts.get(key, 0) + count

    def after(self, mode: str, device: str, before: str, after: str) -> int:
        """How often one followed the other in a mode."""
        return self._counts.get(mode, {}).get(device, {}).get(before + _THEN + after, 0)

    def commands(self, device: str, mode: str | None = None) -> int:
        """Commands to a device, in one mode or in all."""
        modes = self._counts if mode is None else (mode,)
        return sum(
            count
            for each in modes
            for key, count in self._counts.get(each, {}).get(device, {}).items()
            if key.startswith(_THEN)
        )

    def told(self, mode: str, device: str, before: str, after: str) -> str:
        """The counts in words: ``0 of 4,812 in production, 31 in maintenance``."""
        elsewhere = [
            f"{count:,} in {other}"
            for other in sorted(self._counts)
            if other != mode and (count := self.after(other, device, before, after))
        ]
        words = [f"0 of {self.commands(device, mode):,} commands in {mode}", *elsewhere]
        usual = self._usual_before(device, after)
        lacks = f", {after} without {usual}" if before and usual and usual != before else ""
        return ", ".join(words) + lacks

    def _usual_before(self, device: str, after: str) -> str:
        """The command that goes before another nearly always; empty when none does."""
        befores: dict[str, int] = {}
        for devices in self._counts.values():
            for key, count in devices.get(device, {}).items():
                first, _, last = key.partition(_THEN)
                if last == after and first:
                    befores[first] = befores.get(first, 0) + count
        usual = max(sorted(befores), key=lambda name: befores[name], default="")
        total = sum(befores.values())
        return usual if total >= _OFTEN and befores[usual] >= BELONGS * total else ""

    def merge(self, other: Self) -> None:
        """Add the counts of another."""
        for mode, nanoseconds in other._seen_ns.items():
            self.see(mode, nanoseconds)
        for mode, devices in other._counts.items():
            for device, counts in devices.items():
                mine = self._counts.setdefault(mode, {}).setdefault(device, {})
                for key, count in counts.items():
                    mine[key] = mine.get(key, 0) + count

    def state(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "counts": {
                mode: {
                    device: dict(sorted(counts.items())) for device, counts in sorted(by.items())
                }
                for mode, by in sorted(self._counts.items())
            },
            "seen_ns": dict(sorted(self._seen_ns.items())),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a state."""
        self._seen_ns = dict(state["seen_ns"])
        self._counts = {
            mode: {device: dict(counts) for device, counts in devices.items()}
            for mode, devices in state["counts"].items()
        }
