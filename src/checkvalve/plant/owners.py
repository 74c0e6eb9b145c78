"""Owners, and the two plans that a component may not live without."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from checkvalve.plant.addresses import PortRange, Proto
from checkvalve.plant.base import Part, Slug, Text
from checkvalve.plant.declared import Declared
from checkvalve.plant.refs import AssetOrZone, ConduitId, OwnerId, TagId, ZoneId
from checkvalve.plant.times import Day, Window, lasts

Days = Annotated[int, Field(ge=1)]


class Owner(Declared):
    """One accountable team with a named person.

    Attributes:
        team: the team.
        person: the accountable person.
        deputy: who stands in.
        contact: how to reach them, at night too.
        valid_until: the last day on which this holds.
    """

    team: str = ""
    person: str | None = None
    deputy: str | None = None
    contact: str | None = None
    valid_until: Day | None = None

    def is_valid(self, at: datetime) -> bool:
        """Whether the ownership has not run out."""
        return lasts(self.valid_until, at)


class Emergency(Part):
    """How an update is approved when it can't wait.

    Attributes:
        who: people or roles that may.
        valid_hours: how long such an approval holds.
    """

    who: tuple[Text, ...]
    valid_hours: Annotated[int, Field(ge=1)]


class UpdateProcess(Declared):
    """How a component changes.

    Attributes:
        supplier_keys: ids of the keys that the supplier signs with.
        channel: how updates arrive.
        cadence_days: how often one is expected.
        windows: when one may be installed.
        approver_roles: roles that approve.
        threshold: how many people.
        security_floor: the policy for the oldest release that may still run.
        emergency: the way for what can't wait.
        drill_interval_days: how often rollback is exercised.
        owner: who answers for it.
    """

    supplier_keys: tuple[Text, ...] = ()
    channel: str | None = None
    cadence_days: Days | None = None
    windows: tuple[Window, ...] = ()
    approver_roles: tuple[Text, ...] = ()
    threshold: Annotated[int, Field(ge=1)] | None = None
    security_floor: str | None = None
    emergency: Emergency | None = None
    drill_interval_days: Days | None = None
    owner: OwnerId | None = None


class AllowedPath(Part):
    """A path that a component may use.

    Attributes:
        source: asset or zone that opens.
        destination: asset or zone that is opened.
        proto: transport.
        port: destination port or range; ``None`` is any.
        direction: which way payload goes.
    """

    source: AssetOrZone
    destination: AssetOrZone
    proto: Proto = "any"
    port: PortRange | None = None
    direction: Literal["out", "in", "both"] = "out"


class IsolationPlan(Declared):
    """How a component or a zone is cut off, and what happens then.

    Attributes:
        zone: the zone it stands in.
        allowed: every path that may exist while it is not cut.
        cut: the conduits to cut.
        procedure: id of the procedure that cuts them.
        may_cut: people or roles that may.
        effect: what the cut does to the process.
        longest_cut_minutes: how long the process bears it.
        exercised_on: when it was last tried.
        fallbacks: for each output tag, what takes its place.
        owner: who answers for it.
    """

    zone: ZoneId | None = None
    allowed: tuple[AllowedPath, ...] = ()
    cut: tuple[ConduitId, ...] = ()
    procedure: Slug | None = None
    may_cut: tuple[Text, ...] = ()
    effect: str = ""
    longest_cut_minutes: Annotated[int, Field(ge=0)] | None = None
    exercised_on: Day | None = None
    fallbacks: dict[TagId, Text] = Field(default_factory=dict)
    owner: OwnerId | None = None
