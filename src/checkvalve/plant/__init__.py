"""What is declared: the plant, one folder of YAML, every object of every kind."""

from __future__ import annotations

from checkvalve.plant.access import Grant, Identity, Vendor
from checkvalve.plant.assets import Asset
from checkvalve.plant.changes import Change
from checkvalve.plant.components import Component, Connector, EdgeNode, ModelVersion
from checkvalve.plant.data_sources import Approval, DataSource, Denial
from checkvalve.plant.declared import Declared
from checkvalve.plant.firewalls import Firewall
from checkvalve.plant.kinds import KINDS, Kind
from checkvalve.plant.loading import load
from checkvalve.plant.owners import IsolationPlan, Owner, UpdateProcess
from checkvalve.plant.plant import Plant
from checkvalve.plant.refs import COMPUTED_ZONES, DEFAULT_REALM, INTERNET, PRIVATE_UNUSED
from checkvalve.plant.services import Flow, Service
from checkvalve.plant.site import ProcessMode, Site
from checkvalve.plant.tags import Tag
from checkvalve.plant.times import WeeklyHours, Window
from checkvalve.plant.waivers import Waiver
from checkvalve.plant.zones import Conduit, Realm, Zone

__all__ = [
    "COMPUTED_ZONES",
    "DEFAULT_REALM",
    "INTERNET",
    "KINDS",
    "PRIVATE_UNUSED",
    "Approval",
    "Asset",
    "Change",
    "Component",
    "Conduit",
    "Connector",
    "DataSource",
    "Declared",
    "Denial",
    "EdgeNode",
    "Firewall",
    "Flow",
    "Grant",
    "Identity",
    "IsolationPlan",
    "Kind",
    "ModelVersion",
    "Owner",
    "Plant",
    "ProcessMode",
    "Realm",
    "Service",
    "Site",
    "Tag",
    "UpdateProcess",
    "Vendor",
    "Waiver",
    "WeeklyHours",
    "Window",
    "Zone",
    "load",
]
