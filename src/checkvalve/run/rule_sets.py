"""The rule sets of a plant's firewalls: which files they are in, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from checkvalve.errors import InputError, StorageError, UsageError
from checkvalve.observe.firewalls import members, vendor_named
from checkvalve.observe.firewalls.base import Coverage, FirewallError, RuleSet, Vendor
from checkvalve.plant import Plant
from checkvalve.plant.firewalls import Firewall
from checkvalve.plant.folders import why
from checkvalve.plant.words import did_you_mean, printable


@dataclass(frozen=True, slots=True)
class RuleSets:
    """What was read of a plant's firewalls; one without a file is in neither.

    Attributes:
        by_firewall: the firewall's id to its rule set.
        coverage: the firewall's id to how much of it was read.
    """

    by_firewall: Mapping[str, RuleSet] = field(default_factory=dict)
    coverage: Mapping[str, Coverage] = field(default_factory=dict)


def read_rule_sets(
    plant: Plant, folder: Path, instead: Mapping[str, Path] | None = None
) -> RuleSets:
    """Read the rule set of every firewall that has one.

    Args:
        plant: its firewalls.
        folder: the plant's folder; the files it names are relative to it.
        instead: firewall id to another file, such as one that is not in use yet.

    Raises:
        UsageError: a file is given for a firewall that is not declared.
        InputError: a vendor is not known, or a file is not of the vendor declared.
        StorageError: a file can't be read.
    """
    others = dict(instead or {})
    for name in others:
        if name not in plant.firewalls:
            raise UsageError(
                f"there is no firewall '{printable(name)}'",
                hint=did_you_mean(name, plant.firewalls),
            )
    rule_sets: dict[str, RuleSet] = {}
    coverage: dict[str, Coverage] = {}
    for firewall in plant.firewalls.values():
        path = others.get(firewall.id)
        if path is None and firewall.config is not None:
            path = folder / firewall.config
        if path is not None:
            text = read_text(path, hint=_other_place(firewall))
            rule_sets[firewall.id], coverage[firewall.id] = _read(vendor_of(firewall), text, path)
    return RuleSets(rule_sets, coverage)


def vendor_of(firewall: Firewall) -> Vendor:
    """The reader and writer of a firewall's grammar.

    Raises:
        InputError: nobody here knows its vendor.
    """
    try:
        return named_vendor(firewall.vendor)
    except UsageError as error:
        raise InputError(
            f"firewall '{firewall.id}' is of vendor '{printable(firewall.vendor)}', which is not "
            "read",
            hint=error.hint,
        ) from error


def named_vendor(name: str) -> Vendor:
    """A vendor by its name.

    Raises:
        UsageError: there is none of that name.
    """
    found = vendor_named(name)
    if found is None:
        known = ", ".join(one.name for one in members())
        raise UsageError(f"there is no vendor '{printable(name)}'", hint=f"there are {known}")
    return found


def read_rule_set(path: Path, vendor: str = "") -> tuple[RuleSet, Coverage]:
    """Read one file, of a vendor that is named or that its text shows.

    Raises:
        UsageError: the vendor named is not known.
        InputError: no vendor recognises the text, or several do, or it is not of the one named.
        StorageError: the file can't be read.
    """
    text = read_text(path)
    if vendor:
        return _read(named_vendor(vendor), text, path)
    takers = [one for one in members() if one.recognises(text)]
    if len(takers) != 1:
        names = ", ".join(one.name for one in takers or members())
        whose = "could be of several vendors" if takers else "is of no vendor that is read"
        raise InputError(f"{path} {whose}", hint=f"name its vendor with --vendor: {names}")
    return takers[0].read(text, file=path.name)


def read_text(path: Path, *, hint: str = "") -> str:
    """The text of a file in UTF-8; what is not UTF-8 is replaced, so that its line is kept.

    Raises:
        StorageError: it can't be read.
    """
    try:
        return path.read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        raise StorageError(f"{path} can't be read: {why(error)}", hint=hint) from error


def _read(vendor: Vendor, text: str, path: Path) -> tuple[RuleSet, Coverage]:
    """Read a text as a vendor's; where it is another's, the hint says whose."""
    try:
        return vendor.read(text, file=path.name)
    except FirewallError as error:
        others = [one for one in members() if one.recognises(text)]
        if not others:
            raise
        names = " or ".join(f"'{one.name}'" for one in others)
        raise FirewallError(
            error.sentence, hint=f"it looks like {others[0].title}: its vendor is {names}"
        ) from error


def _other_place(firewall: Firewall) -> str:
    return (
        f"export the rule set there, mend 'config' of firewall '{firewall.id}', "
        f"or give --firewall {firewall.id}=FILE"
    )
