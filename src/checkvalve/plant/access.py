"""Who may come in: vendors, grants of access and identities."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from checkvalve.plant.addresses import Cidr, HostName
from checkvalve.plant.base import OneOrMore, Text
from checkvalve.plant.declared import Declared
from checkvalve.plant.duties import Duties
from checkvalve.plant.refs import (
    AssetId,
    AssetOrZone,
    ComponentId,
    HolderId,
    OwnerId,
    VendorId,
)
from checkvalve.plant.services import Service
from checkvalve.plant.times import Day, Moment, TimeZoneName, WeeklyHours, Window, lasts


class Vendor(Declared):
    """A company that the plant has a contract with.

    Attributes:
        name: the company.
        domains: all its mail and web domains.
        contacts: how to reach it.
        contract_until: the contract's last day.
        duties: what it owes.
    """

    name: str = ""
    domains: tuple[HostName, ...] = ()
    contacts: tuple[Text, ...] = ()
    contract_until: Day | None = None
    duties: Duties = Duties()


class Grant(Declared):
    """A time-limited permission to reach something from outside.

    Attributes:
        holder: the vendor or identity that holds it.
        source: ranges it may come from.
        targets: assets or zones it may reach.
        services: what on them; empty: not restricted.
        via: the jump host it must pass.
        mfa: whether a second factor is demanded.
        reason: what it is for.
        requester: who asked.
        approver: who said yes.
        not_before: when it begins; ``None``: at once.
        not_after: when it ends, not included; ``None`` never ends, which is a finding.
        windows: weekly windows in which it may be used; empty is any time.
        filter_rules: lines of rule sets that let it in.
        revoked_at: when it was taken back; the record stays.
    """

    holder: HolderId
    source: tuple[Cidr, ...] = ()
    targets: tuple[AssetOrZone, ...] = ()
    services: tuple[Service, ...] = ()
    via: AssetId | None = None
    mfa: bool | None = None
    reason: str = ""
    requester: str | None = None
    approver: str | None = None
    not_before: Moment | None = None
    not_after: Moment | None = None
    windows: tuple[Window, ...] = ()
    filter_rules: tuple[Text, ...] = ()
    revoked_at: Moment | None = None

    def state(self, at: datetime) -> Literal["to come", "active", "ended", "revoked"]:
        """How it stands at an instant; windows not looked at. Revoked comes before ended."""
        if self.revoked_at is not None and self.revoked_at <= at:
            return "revoked"
        if self.not_after is not None and self.not_after <= at:
            return "ended"
        return "active" if self.not_before is None or self.not_before <= at else "to come"

    def is_active(self, at: datetime) -> bool:
        """Whether it has begun, has not ended and is not revoked; windows not looked at."""
        return self.state(at) == "active"

    def in_window(self, at: datetime) -> bool:
        """Whether the instant is inside its weekly windows."""
        return not self.windows or any(window.covers(at) for window in self.windows)


class Identity(Declared):
    """A person or a machine account that signs in.

    Attributes:
        kind: what it stands for; an AI identity is never shared.
        name: the person, or what the account is for.
        accounts: names it signs in with.
        vendor: whose it is, when it is a vendor's.
        time_zone: where it works.
        shifts: when it works, on that zone's clock.
        usual_assets: where it signs in from or to.
        mail: its address.
        type: of a machine identity.
        used_by: the components that use it: exactly one is right.
        scopes: what it may do.
        expires: its last day.
        rotation_days: how often its secret changes.
        owner: who answers for it: exactly one is right.
    """

    kind: Literal["engineer", "operator", "vendor", "service", "ai"]
    name: str = ""
    accounts: tuple[Text, ...] = ()
    vendor: VendorId | None = None
    time_zone: TimeZoneName | None = None
    shifts: tuple[WeeklyHours, ...] = ()
    usual_assets: tuple[AssetId, ...] = ()
    mail: str | None = None
    type: Literal["service_account", "api_key", "token", "certificate", "signing_key"] | None = None
    used_by: OneOrMore[ComponentId] = ()
    scopes: tuple[Text, ...] = ()
    expires: Day | None = None
    rotation_days: Annotated[int, Field(ge=1)] | None = None
    owner: OneOrMore[OwnerId] = ()

    def is_valid(self, at: datetime) -> bool:
        """Whether it has not expired."""
        return lasts(self.expires, at)
