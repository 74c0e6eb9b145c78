"""Firewalls: where their rule sets are, and what a rule set does not say itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from checkvalve.plant.addresses import Cidr
from checkvalve.plant.base import Part, Text
from checkvalve.plant.declared import Declared
from checkvalve.plant.refs import RealmId, ZoneOrComputed
from checkvalve.plant.times import Moment, TimeZoneName


class Translation(Part):
    """A static 1:1 translation between two address spaces.

    Attributes:
        from_realm: the space of ``from_cidr``.
        from_cidr: the range as seen there.
        to_realm: the space of ``to_cidr``.
        to_cidr: the same hosts as seen there; a range of the same size.
    """

    from_realm: RealmId
    from_cidr: Cidr
    to_realm: RealmId
    to_cidr: Cidr


class Firewall(Declared):
    """A device or host that decides what passes between zones.

    Attributes:
        vendor: whose grammar its rule set is written in.
        version: of its software; it changes what lines mean.
        interfaces: name of the interface to the zone behind it.
        translations: how it maps one address space to another.
        clock_zone: time zone of its clock; without it timed lines are unknown.
        config: where its rule set is, relative to the plant's folder.
        retrieved_at: when that was read from the device.
        hit_counters: where its counters are, relative to the plant's folder.
        hit_counters_since: when they were last reset.
        rate_limits: ``not_exceeded`` lets a verdict assume it, and say so.
    """

    vendor: Text
    version: str | None = None
    interfaces: dict[str, ZoneOrComputed] = Field(default_factory=dict)
    translations: tuple[Translation, ...] = ()
    clock_zone: TimeZoneName | None = None
    config: str | None = None
    retrieved_at: Moment | None = None
    hit_counters: str | None = None
    hit_counters_since: Moment | None = None
    rate_limits: Literal["not_exceeded"] | None = None
