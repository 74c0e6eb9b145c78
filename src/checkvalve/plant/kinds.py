"""The kinds of things that a plant declares, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from checkvalve.plant.access import Grant, Identity, Vendor
from checkvalve.plant.assets import Asset
from checkvalve.plant.changes import Change
from checkvalve.plant.components import Component, Connector, EdgeNode, ModelVersion
from checkvalve.plant.data_sources import Approval, DataSource, Denial
from checkvalve.plant.declared import Declared
from checkvalve.plant.firewalls import Firewall
from checkvalve.plant.owners import IsolationPlan, Owner, UpdateProcess
from checkvalve.plant.site import ProcessMode, Site
from checkvalve.plant.tags import Tag
from checkvalve.plant.waivers import Waiver
from checkvalve.plant.zones import Conduit, Realm, Zone


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of declared thing.

    Attributes:
        name: what one of it is called, in references and schema ids.
        plural: the file or folder it is declared in, and the field of ``Plant`` that holds it.
        model: the shape of one.
    """

    name: str
    plural: str
    model: type[Declared]

    @property
    def schema(self) -> str:
        """The schema id that a document may carry."""
        return f"checkvalve.{self.name}/v1"


KINDS: Final = (
    Kind("site", "sites", Site),
    Kind("mode", "modes", ProcessMode),
    Kind("realm", "realms", Realm),
    Kind("zone", "zones", Zone),
    Kind("conduit", "conduits", Conduit),
    Kind("asset", "assets", Asset),
    Kind("tag", "tags", Tag),
    Kind("firewall", "firewalls", Firewall),
    Kind("vendor", "vendors", Vendor),
    Kind("grant", "grants", Grant),
    Kind("change", "changes", Change),
    Kind("identity", "identities", Identity),
    Kind("owner", "owners", Owner),
    Kind("component", "components", Component),
    Kind("update_process", "update_processes", UpdateProcess),
    Kind("isolation_plan", "isolation_plans", IsolationPlan),
    Kind("model_version", "model_versions", ModelVersion),
    Kind("connector", "connectors", Connector),
    Kind("edge_node", "edge_nodes", EdgeNode),
    Kind("data_source", "data_sources", DataSource),
    Kind("approval", "approvals", Approval),
    Kind("denial", "denials", Denial),
    Kind("waiver", "waivers", Waiver),
)

KINDS_BY_NAME: Final = {kind.name: kind for kind in KINDS}
KINDS_BY_PLURAL: Final = {kind.plural: kind for kind in KINDS}
KINDS_BY_MODEL: Final = {kind.model: kind for kind in KINDS}
