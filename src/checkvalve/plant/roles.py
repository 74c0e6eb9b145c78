"""Names of assets in ATT&CK for ICS: what ``Asset.role`` says by preference."""

from __future__ import annotations

from typing import Final

ROLES: Final = (
    "Application Server",
    "Control Server",
    "Data Gateway",
    "Data Historian",
    "Distributed Control System (DCS) Controller",
    "Field I/O",
    "Firewall",
    "Human-Machine Interface (HMI)",
    "Intelligent Electronic Device (IED)",
    "Jump Host",
    "Programmable Automation Controller (PAC)",
    "Programmable Logic Controller (PLC)",
    "Remote Terminal Unit (RTU)",
    "Routers",
    "Safety Controller",
    "Switch",
    "Virtual Private Network (VPN) Server",
    "Workstation",
)
