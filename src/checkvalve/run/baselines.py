"""Which baseline judges: the newest approved one, else the newest that is proposed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from checkvalve.errors import UsageError
from checkvalve.judge.baseline import Baseline, restore
from checkvalve.keep.facts import Baseline as Version
from checkvalve.keep.keeper import STORE
from checkvalve.keep.reading import Reader
from checkvalve.plant import Plant


@dataclass(frozen=True, slots=True)
class InUse:
    """The baseline that judges.

    Attributes:
        baseline: ``None`` when nothing was learnt.
        version: who proposed and approved it.
    """

    baseline: Baseline | None = None
    version: Version | None = None


def newest(store: Reader, plant: Plant, site: str) -> InUse:
    """The baseline of a site that judges."""
    name = site or "plant"
    version = store.approved(name)
    if version is None:
        version = max(store.baselines(name), key=lambda one: one.proposed_at, default=None)
    if version is None:
        return InUse()
    return InUse(restore(plant, store.state(version)), version)


def newest_in(folder: Path, plant: Plant, site: str) -> InUse:
    """The same, from a state folder in which there may be nothing yet."""
    if not (folder / STORE).exists():
        return InUse()
    with Reader.open(folder / STORE) as store:
        return newest(store, plant, site)


def chosen(folder: Path, digest: str) -> tuple[Version, str]:
    """The version whose digest begins so, with its state as text.

    Raises:
        UsageError: none does, or several.
    """
    if not (folder / STORE).exists():
        raise UsageError(f"{folder} holds no baselines", hint="'checkvalve learn' makes one")
    with Reader.open(folder / STORE) as store:
        found = [one for one in store.baselines() if one.digest.startswith(digest)]
        if len(found) != 1:
            known = ", ".join(one.digest[:12] for one in store.baselines()) or "none"
            raise UsageError(
                f"{len(found)} baselines begin with '{digest}'", hint=f"there are: {known}"
            )
        return found[0], store.state(found[0])
