"""The page of firewalls: what each vendor's module says, and on what its reader was verified."""

from __future__ import annotations

from importlib import import_module

from checkvalve.observe import firewalls
from checkvalve.observe.firewalls.base import Vendor
from reference.markdown import SECTIONS, markdown, sections, table


def names() -> tuple[str, ...]:
    """Every vendor's name."""
    return tuple(vendor.name for vendor in firewalls.members())


def vendor(name: str) -> str:
    """One vendor: what is read, and what is not."""
    one = _named(name)
    said = sections(import_module(type(one).__module__).__doc__)
    introduction = said.pop("", "")
    parts = [
        f"## `{name}`",
        introduction,
        *(f"**{section}.** {said[section]}" for section in SECTIONS if section in said),
        f"Verified on {one.verified}."
        + (" Written by `conduits render`." if one.writes else " Read only."),
    ]
    return "\n\n".join(part for part in parts if part)


def overview(_: str) -> str:
    """All vendors, each on a line."""
    rows = [
        (
            f"[`{one.name}`](#{one.name})",
            markdown(one.title),
            ", ".join(f"`{name}`" for name in one.also),
            one.verified,
            "yes" if one.writes else "no",
        )
        for one in firewalls.members()
    ]
    return table(("vendor", "product", "also called", "verified on", "written too"), rows)


def _named(name: str) -> Vendor:
    return next(one for one in firewalls.members() if one.name == name)
