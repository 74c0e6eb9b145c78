"""Machines on the plant's networks that nobody declared."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import ClassVar, Final

import numpy as np

from checkvalve.findings import Subject, Verdict
from checkvalve.judge.checks.base import Check, Seen, broken, holds, untold
from checkvalve.judge.checks.declared import is_for_many
from checkvalve.judge.checks.views import SeenPath, Traffic
from checkvalve.judge.checks.wording import some
from checkvalve.judge.window import Breach, End
from checkvalve.plant import INTERNET, PRIVATE_UNUSED, Plant
from checkvalve.rules import ATTACK_ICS, Reference, Rule

#: What stands in such zones is another inventory's: an office, or a vendor's own machines.
_OTHERS: Final = ("enterprise", "remote")


class UnknownAsset(Check):
    """Whatever takes part in the plant's traffic must be a declared asset.

    Why it matters: what nobody knows, nobody patches, watches or switches off; and an
    intruder's machine is one that nobody knows.

    Known limits: an address is taken for a machine; one that borrows a declared address is
    not seen here. A destination counts once it has answered. Enterprise and remote zones are
    left to their own inventories, as conduits and grants say who may come from there. So are
    the internet, groups and broadcasts.

    Example: a laptop is plugged into a cell's switch and polls a controller.

    References: IEC 62443-3-3 SR 7.8; NIST SP 800-82r3, 6.1.1.
    """

    rule: ClassVar[Rule] = Rule(
        id="unknown-asset",
        title="A machine that nobody declared",
        why="What nobody knows, nobody patches, watches or switches off; and an intruder's "
        "machine is one that nobody knows.",
        references=(
            Reference(ATTACK_ICS, "T0864", "Transient Cyber Asset"),
            Reference(ATTACK_ICS, "T0848", "Rogue Master"),
            Reference("IEC 62443-3-3", "SR 7.8", "Control system component inventory"),
            Reference("NIST SP 800-82r3", "6.1.1", "Asset management"),
        ),
        cause="A new or replaced machine that was not declared, a service laptop, a test set-up "
        "that was left in place, or an intruder's device.",
        consequence="Nobody answers for it, and it stands where it can reach controllers.",
        response="Find the port it is plugged into; declare it with an owner, or take it off.",
        time_to_respond=timedelta(hours=8),
        harmless_if="a declared asset with this address",
    )

    def check(self, plant: Plant, seen: Seen, at: datetime) -> list[tuple[Verdict, Breach]]:
        """See ``Check.check``."""
        del at
        traffic = seen.traffic
        if traffic is None:
            return untold(self.rule)
        strangers = _strangers(plant, traffic)
        if not strangers:
            subject = Subject("plant", "assets")
            return [holds(self.rule, subject, "all that took part is declared")]
        return [self._unknown(traffic, end, paths) for end, paths in strangers.items()]

    def _unknown(self, traffic: Traffic, end: End, paths: list[SeenPath]) -> tuple[Verdict, Breach]:
        window = traffic.window
        rows = window.flows[[one.row for one in paths]]
        row = rows[np.lexsort((rows["packet"], rows["first"]))[0]]
        peers = list(dict.fromkeys(_peer(one, end).name for one in paths))
        where = "in no zone" if end.zone == PRIVATE_UNUSED else f"in {end.zone}"
        verdict = broken(
            self.rule,
            window,
            row,
            subject=Subject("address", end.address),
            cause=end.address,
            because=f"{end.address} {where} is no declared asset and took part in traffic with "
            f"{some(peers)} over {some(sorted({one.path.service for one in paths}))}",
            evidence=window.evidence(
                row, "its first packet", expected="a declared asset", actual=end.address
            ),
            action="",
            source=end,
            destination=None,
            last=int(rows["last"].max()),
        )
        edges = frozenset(
            one.place for one in traffic.edges if end in (one.edge.source, one.edge.destination)
        )
        places = Breach(edges, frozenset(one.place for one in paths))
        return verdict, places


def _strangers(plant: Plant, traffic: Traffic) -> dict[End, list[SeenPath]]:
    """The undeclared ends that took part, each with its paths."""
    found: dict[End, list[SeenPath]] = {}
    judged: dict[str, bool] = {}
    for seen in traffic.paths:
        ends = (seen.path.source, seen.path.destination)
        for end in ends if seen.answered else ends[:1]:
            if end.declared:
                continue
            if end.address not in judged:
                judged[end.address] = _is_of_plant(plant, end)
            if judged[end.address]:
                found.setdefault(end, []).append(seen)
    return found


def _is_of_plant(plant: Plant, end: End) -> bool:
    """Whether what has this address belongs into the plant's inventory."""
    if end.zone == INTERNET or is_for_many(end) or ip_address(end.address).is_loopback:
        return False
    zone = plant.zones.get(end.zone)
    return zone is None or zone.kind not in _OTHERS


def _peer(seen: SeenPath, end: End) -> End:
    """Who is at the other end of a path."""
    return seen.path.destination if seen.path.source == end else seen.path.source
