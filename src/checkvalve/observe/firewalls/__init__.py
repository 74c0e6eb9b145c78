"""Firewalls: rule sets read to one neutral form, one vendor's grammar a file.

To add one: write its file in the folder of its maker, name it below, and give it a section in
``docs/firewalls.md``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from checkvalve.observe.firewalls.base import Vendor

#: Module and class of each member.
MEMBERS: Final = (
    ("netfilter.nftables", "Nftables"),
    ("netfilter.iptables", "Iptables"),
    ("cisco.asa", "Asa"),
    ("cisco.ios", "Ios"),
    ("fortinet.fortios", "Fortios"),
    ("paloalto.panos", "Panos"),
    ("juniper.junos", "Junos"),
    ("packetfilter.pf", "Pf"),
    ("packetfilter.opnsense", "Opnsense"),
    ("clouds.aws", "Aws"),
    ("clouds.azure", "Azure"),
    ("clouds.gcp", "Gcp"),
)


def members() -> tuple[Vendor, ...]:
    """One of each vendor."""
    return tuple(getattr(import_module(f"{__name__}.{module}"), name)() for module, name in MEMBERS)


def vendor_named(name: str) -> Vendor | None:
    """The vendor of this name; ``None`` if there is none."""
    wanted = name.casefold()
    return next((one for one in members() if wanted in (one.name, *one.also)), None)
