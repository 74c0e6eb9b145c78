"""Duties: who does what for a component, and by which clause of which contract.

For every duty exactly one party is accountable. None and two both load; they are gaps.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from checkvalve.plant.base import OneOrMore, Part, Text, frozen
from checkvalve.plant.times import Day

Days = Annotated[int, Field(ge=0)]


class Duty(Part):
    """Something that somebody owes.

    Attributes:
        party: who: ``plant``, a vendor's id, or any name.
        clause: the clause of the contract.
    """

    party: OneOrMore[Text] = ()
    clause: str | None = None


class Patching(Duty):
    """Repairing known weaknesses, or hardening.

    Attributes:
        deadline_days: by severity of the weakness.
    """

    deadline_days: dict[Literal["critical", "high", "medium", "low"], Days] = Field(
        default_factory=dict
    )


class Logging(Duty):
    """Keeping a log and reading it.

    Attributes:
        what: what is logged.
        where: where it is kept.
        retention_days: how long.
        reader: who reads it.
    """

    what: str | None = None
    where: str | None = None
    retention_days: Days | None = None
    reader: str | None = None


class IncidentResponse(Duty):
    """Answering an incident.

    Attributes:
        contact: whom to call.
        notice_hours: how soon the party tells the plant.
        evidence_handover: how evidence changes hands.
    """

    contact: str | None = None
    notice_hours: Annotated[int, Field(ge=0)] | None = None
    evidence_handover: str | None = None


class ModelUpdate(Duty):
    """Changing the model.

    Attributes:
        channel: how it arrives.
        keys: who signs it.
        notice_days: how long before the plant is told; ``None``: it may change unannounced.
    """

    channel: str | None = None
    keys: tuple[Text, ...] = ()
    notice_days: Days | None = None


class DataHandling(Duty):
    """Keeping the plant's data.

    Attributes:
        hosted_in: where.
        kept: what is kept.
        training_use: whether the party may train on it.
    """

    hosted_in: str | None = None
    kept: str | None = None
    training_use: bool | None = None


class Credentials(Duty):
    """Issuing and revoking credentials.

    Attributes:
        rotation_days: how often they change.
        revoker: who at the plant can revoke them.
    """

    rotation_days: Days | None = None
    revoker: str | None = None


class Disable(Duty):
    """Turning the AI off without the vendor.

    Attributes:
        how: the way.
        last_drill: when it was last done.
    """

    how: str | None = None
    last_drill: Day | None = None


class PartsList(Duty):
    """Naming what a release is made of.

    Attributes:
        sbom: where the list of software is.
        ml_bom: where the list of models and data is.
    """

    sbom: str | None = None
    ml_bom: str | None = None


class EndOfSupport(Duty):
    """Supporting it, until a day.

    Attributes:
        ends_on: the last day.
    """

    ends_on: Day | None = None


def _named(value: Any) -> Any:
    return {"party": frozen(value)} if isinstance(value, str | list) else frozen(value)


#: Short form for every duty: the party's name alone.
Named = BeforeValidator(_named, json_schema_input_type=Any)


class Duties(Part):
    """The duties towards a component; one left out is a gap."""

    patching: Annotated[Patching | None, Named] = None
    hardening: Annotated[Patching | None, Named] = None
    logging: Annotated[Logging | None, Named] = None
    incident_response: Annotated[IncidentResponse | None, Named] = None
    model_update: Annotated[ModelUpdate | None, Named] = None
    data_handling: Annotated[DataHandling | None, Named] = None
    credentials: Annotated[Credentials | None, Named] = None
    remote_access: Annotated[Duty | None, Named] = None
    disable: Annotated[Disable | None, Named] = None
    parts_list: Annotated[PartsList | None, Named] = None
    end_of_support: Annotated[EndOfSupport | None, Named] = None
