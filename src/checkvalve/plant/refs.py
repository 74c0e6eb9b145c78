"""The ids that lead from one declared thing to another, one type for each target."""

from __future__ import annotations

from typing import Annotated, Final

from checkvalve.plant.base import Ref, Slug

#: Zones that are computed and never declared: public, and private space in no zone.
INTERNET: Final = "internet"
PRIVATE_UNUSED: Final = "private-unused"
COMPUTED_ZONES: Final = (INTERNET, PRIVATE_UNUSED)

#: The address space of zones that name none.
DEFAULT_REALM: Final = "plant"

RealmId = Annotated[Slug, Ref(("realm",), (DEFAULT_REALM,))]
SiteId = Annotated[Slug, Ref(("site",))]
ModeId = Annotated[Slug, Ref(("mode",))]
ZoneId = Annotated[Slug, Ref(("zone",))]
ZoneOrComputed = Annotated[Slug, Ref(("zone",), COMPUTED_ZONES)]
ConduitId = Annotated[Slug, Ref(("conduit",))]
AssetId = Annotated[Slug, Ref(("asset",))]
AssetOrZone = Annotated[Slug, Ref(("asset", "zone"))]
TagId = Annotated[Slug, Ref(("tag",))]
VendorId = Annotated[Slug, Ref(("vendor",))]
HolderId = Annotated[Slug, Ref(("vendor", "identity"))]
IdentityId = Annotated[Slug, Ref(("identity",))]
OwnerId = Annotated[Slug, Ref(("owner",))]
ComponentId = Annotated[Slug, Ref(("component",))]
EdgeNodeId = Annotated[Slug, Ref(("edge_node",))]
UpdateProcessId = Annotated[Slug, Ref(("update_process",))]
IsolationPlanId = Annotated[Slug, Ref(("isolation_plan",))]
DataSourceId = Annotated[Slug, Ref(("data_source",))]
DenialId = Annotated[Slug, Ref(("denial",))]
