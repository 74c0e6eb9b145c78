"""Address spaces, zones and conduits (IEC 62443-3-2; levels of ISA-95)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema

from checkvalve.plant.addresses import Cidr
from checkvalve.plant.base import complaint
from checkvalve.plant.declared import Declared
from checkvalve.plant.refs import (
    DEFAULT_REALM,
    IsolationPlanId,
    OwnerId,
    RealmId,
    SiteId,
    ZoneOrComputed,
)
from checkvalve.plant.services import Flow
from checkvalve.plant.times import Day

LEVELS: Final = (0, 1, 2, 3, 3.5, 4, 5, "cloud")


def _level(value: Any) -> float | str:
    if isinstance(value, bool) or value not in LEVELS:
        raise complaint(
            f"{value!r:.64} is not a level", "levels are 0, 1, 2, 3, 3.5, 4, 5 and cloud"
        )
    return value if isinstance(value, str) else float(value)


def _spelled(level: float | str) -> int | float | str:
    return int(level) if isinstance(level, float) and level.is_integer() else level


#: A level of ISA-95 with the DMZ between (3.5), or ``cloud``.
Level = Annotated[
    float | str,
    PlainValidator(_level),
    PlainSerializer(_spelled, return_type=int | float | str),
    WithJsonSchema({"enum": list(LEVELS)}),
]


class Realm(Declared):
    """An address space. Cells with equal subnets behind 1:1 NAT are realms of their own.

    Attributes:
        description: where it is.
    """

    description: str = ""


class Zone(Declared):
    """A group of assets with the same security requirements (IEC 62443-1-1, 3.2.117).

    Attributes:
        site: the site; may be left out in a plant with one.
        level: where it stands in the hierarchy.
        kind: what it is for.
        realm: the address space its ranges are of.
        cidrs: its IPv4 and IPv6 ranges.
        sl_t: target security level, 0 to 4 (IEC 62443-3-3).
        owner: who answers for it.
        isolation_plan: how it is cut off.
        description: what stands in it.
    """

    site: SiteId | None = None
    level: Level | None = None
    kind: (
        Literal["process", "safety", "dmz", "remote", "wireless", "temporary", "enterprise", "ai"]
        | None
    ) = None
    realm: RealmId = DEFAULT_REALM
    cidrs: tuple[Cidr, ...] = ()
    sl_t: Annotated[int, Field(ge=0, le=4)] | None = None
    owner: OwnerId | None = None
    isolation_plan: IsolationPlanId | None = None
    description: str = ""


class Conduit(Declared):
    """A permitted path between two zones (IEC 62443-3-2, ZCR 3).

    Attributes:
        from_: in the file ``from``: one end.
        to: the other end.
        initiates: which end may open connections.
        flows: what may pass; empty: not yet said, so everything.
        direction: ``one_way_strict`` lets nothing pass in reverse, ``one_way_initiated`` only
            answers, up to ``reverse_payload_max``.
        reverse_payload_max: octets of payload a session may carry in reverse.
        control_critical: the process needs it; a cut is never narrow.
        justification: why it exists.
        owner: who answers for it.
        valid_until: its last day.
    """

    from_: ZoneOrComputed = Field(validation_alias="from", serialization_alias="from")
    to: ZoneOrComputed
    initiates: Literal["from", "to", "both"] = "from"
    flows: tuple[Flow, ...] = ()
    direction: Literal["one_way_strict", "one_way_initiated", "two_way"] = "two_way"
    reverse_payload_max: Annotated[int, Field(ge=0)] = 4096
    control_critical: bool = False
    justification: str = ""
    owner: OwnerId | None = None
    valid_until: Day | None = None

    def openings(self) -> tuple[tuple[str, str], ...]:
        """The (opening zone, opened zone) pairs that it permits."""
        forward, backward = (self.from_, self.to), (self.to, self.from_)
        if self.initiates == "both":
            return (forward, backward)
        return (forward,) if self.initiates == "from" else (backward,)
