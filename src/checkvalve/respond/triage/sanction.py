"""Whether a work order covers a finding: people, assets, action and time.

*Yes* needs all four in one open change. *Partly* means that one change covers a part and
contradicts nothing: the person is not known, the action is not known, some of the assets lie
outside, or it went on after the change ended. A person or an action that the change does not
name is a contradiction: *no*.

Who did it is read from the finding's identities. Traffic seldom names one; then a machine
that is a usual asset of a person named in the change stands for that person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from checkvalve.findings import Finding
from checkvalve.plant import Change, Identity, Plant
from checkvalve.respond.triage.deed import Deed
from checkvalve.respond.triage.points import Grounds, Sanctioned


@dataclass(frozen=True, slots=True)
class Sanction:
    """How far a change covers a finding.

    Attributes:
        sanctioned: yes, partly or no.
        grounds: which change, and what it leaves open.
        change: its id; empty when there is none.
    """

    sanctioned: Sanctioned
    grounds: Grounds
    change: str = ""


_NONE = Sanction(Sanctioned.NO, Grounds("no change is open on it"))


class Orders:
    """The plant's changes, by the assets that they are about.

    Args:
        plant: holds changes and identities.
    """

    def __init__(self, plant: Plant) -> None:
        self._plant = plant

    def covering(self, finding: Finding, deed: Deed) -> Sanction:
        """The change that covers most of a finding.

        Args:
            finding: the finding.
            deed: the finding read as a deed.
        """
        best = _NONE
        for change in self._open_on(finding, deed):
            found = self._compare(change, finding, deed)
            if best is _NONE or found.sanctioned < best.sanctioned:
                best = found
        return best

    def _open_on(self, finding: Finding, deed: Deed) -> Iterator[Change]:
        seen: set[str] = set()
        for name in deed.acted_on or (deed.actor,):
            for change in self._by_asset.get(name, ()):
                if change.id not in seen and change.is_open(finding.at):
                    seen.add(change.id)
                    yield change

    def _compare(self, change: Change, finding: Finding, deed: Deed) -> Sanction:
        whose = f"change {change.id}"
        if finding.action and finding.action not in change.actions:
            return _no(f"{whose} is open on it, but does not name the action '{finding.action}'")
        strangers = [who for who in finding.identities if not self._is_named(who, change)]
        if strangers:
            return _no(f"{whose} is open on it, but does not name {strangers[0]}")
        left = "; ".join(self._left_open(change, finding, deed))
        if left:
            grounds = Grounds(f"{whose} covers a part: {left}", change.from_)
            return Sanction(Sanctioned.PARTLY, grounds, change.id)
        return Sanction(Sanctioned.YES, Grounds(f"{whose} covers it", change.from_), change.id)

    def _left_open(self, change: Change, finding: Finding, deed: Deed) -> Iterator[str]:
        if not finding.identities and not self._usually_used(deed.actor, change):
            yield "who did it is not known"
        if not finding.action:
            yield "what was done is not known"
        outside = [name for name in deed.acted_on if name not in change.assets]
        if outside:
            yield f"{outside[0]} is not among its assets"
        if not change.is_open(finding.until):
            yield "it went on after the change ended"

    def _usually_used(self, machine: str, change: Change) -> bool:
        return any(self._is_named(identity.id, change) for identity in self._users.get(machine, ()))

    def _is_named(self, who: str, change: Change) -> bool:
        names = self._names.get(who, frozenset({who}))
        return not names.isdisjoint(change.people)

    @cached_property
    def _by_asset(self) -> dict[str, list[Change]]:
        by_asset: dict[str, list[Change]] = {}
        for change in self._plant.changes.values():
            for asset in change.assets:
                by_asset.setdefault(asset, []).append(change)
        return by_asset

    @cached_property
    def _users(self) -> dict[str, list[Identity]]:
        users: dict[str, list[Identity]] = {}
        for identity in self._plant.identities.values():
            for asset in identity.usual_assets:
                users.setdefault(asset, []).append(identity)
        return users

    @cached_property
    def _names(self) -> dict[str, frozenset[str]]:
        """Every name of an identity to all its names."""
        names: dict[str, frozenset[str]] = {}
        for identity in self._plant.identities.values():
            known = {identity.id, identity.name, identity.mail or "", *identity.accounts} - {""}
            names |= dict.fromkeys(known, frozenset(known))
        return names


def _no(because: str) -> Sanction:
    return Sanction(Sanctioned.NO, Grounds(because))
