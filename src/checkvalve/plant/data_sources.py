"""Data sources, and what a component may and may not read of them. The default is no."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from checkvalve.plant.base import OneOrMore, Text
from checkvalve.plant.declared import Declared
from checkvalve.plant.refs import AssetId, ComponentId, DataSourceId, DenialId, OwnerId
from checkvalve.plant.times import Day, lasts

#: From the most sensitive down.
DataClass = Literal["engineering_configuration", "process", "image", "alarm", "laboratory"]


class DataSource(Declared):
    """Something that data can be read from.

    Attributes:
        endpoint: its address, such as ``opc.tcp://historian.example:4840``.
        asset: the machine it runs on.
        tags: tags it holds, as it names them.
        topics: topics it publishes.
        tables: tables it holds.
        data_class: the most sensitive class it holds.
        owner: who answers for it: exactly one is right.
    """

    endpoint: str | None = None
    asset: AssetId | None = None
    tags: tuple[Text, ...] = ()
    topics: tuple[Text, ...] = ()
    tables: tuple[Text, ...] = ()
    data_class: DataClass | None = None
    owner: OneOrMore[OwnerId] = ()


class Approval(Declared):
    """A component may read these things of this source, for this purpose, until this day.

    Attributes:
        source: the source.
        consumer: the component.
        tags: tags, each by name; ``*``, ``#`` and ``%`` approve nothing.
        topics: topics, each by name.
        tables: tables, each by name.
        data_class: what they are.
        purpose: what for.
        transformation: what is done to them on the way.
        rate_per_s: at most so many values a second.
        residency: where they may be kept.
        retention_days: how long.
        third_party_training: whether anybody else may train on them.
        approver: who said yes; not the consumer's owner.
        second_approver: needed for engineering configuration.
        expires: its last day.
    """

    source: DataSourceId
    consumer: ComponentId
    tags: tuple[Text, ...] = ()
    topics: tuple[Text, ...] = ()
    tables: tuple[Text, ...] = ()
    data_class: DataClass | None = None
    purpose: str = ""
    transformation: Literal["raw", "downsampled", "aggregated"] | None = None
    rate_per_s: Annotated[float, Field(gt=0)] | None = None
    residency: str | None = None
    retention_days: Annotated[int, Field(ge=0)] | None = None
    third_party_training: bool | None = None
    approver: str | None = None
    second_approver: str | None = None
    expires: Day | None = None

    def is_valid(self, at: datetime) -> bool:
        """Whether it has not expired."""
        return lasts(self.expires, at)


class Denial(Declared):
    """Nobody, or this component, may read this. It beats every approval and is never deleted.

    Attributes:
        source: the source.
        consumer: the component; ``None`` is everyone.
        tags: tags by name; with no tags, topics and tables the whole source is meant.
        topics: topics by name.
        tables: tables by name.
        reason: why.
        denied_by: who said no.
        superseded_by: the denial that stands in its place.
    """

    source: DataSourceId
    consumer: ComponentId | None = None
    tags: tuple[Text, ...] = ()
    topics: tuple[Text, ...] = ()
    tables: tuple[Text, ...] = ()
    reason: Text
    denied_by: str | None = None
    superseded_by: DenialId | None = None
