"""Whether declared things fit together: ids lead somewhere, no address names two things.

Nothing else is refused here. That a plant is badly designed is a finding, not an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Final, TypeAlias, get_args, get_origin

from pydantic import BaseModel

from checkvalve.plant.assets import Asset
from checkvalve.plant.base import Ref
from checkvalve.plant.declared import Declared
from checkvalve.plant.kinds import KINDS_BY_NAME
from checkvalve.plant.refs import COMPUTED_ZONES
from checkvalve.plant.zones import Zone

#: How many known names a hint lists.
_FEW: Final = 8

#: Where in a document: field names and places in lists.
Path: TypeAlias = tuple[str | int, ...]
#: Every declared thing, by plural of its kind, then by id.
Things: TypeAlias = Mapping[str, Mapping[str, Declared]]


@dataclass(frozen=True, slots=True)
class Misfit:
    """Something that leads nowhere, or that two things claim.

    Attributes:
        plural: the kind of the thing that is wrong.
        id: its id.
        path: where in it.
        sentence: what is wrong.
        hint: what to do.
    """

    plural: str
    id: str
    path: Path
    sentence: str
    hint: str = ""


def misfits(things: Things) -> list[Misfit]:
    """All that does not fit together in a plant.

    Args:
        things: every declared thing.
    """
    return [
        *_dangling(things),
        *_claimed_zones(things.get("zones", {})),
        *_overlaps(things),
        *_doubled_addresses(things),
    ]


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """A hint that names the nearest of the words, else the first few of them."""
    known = sorted(words)
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{near[0]}'?"
    few = ", ".join(known[:_FEW])
    return f"known are {few}{' and others' if len(known) > _FEW else ''}" if known else ""


@cache
def _fields(model: type[BaseModel]) -> tuple[tuple[str, str, Any], ...]:
    """(attribute, name in the file, type) of each field that can hold a reference."""
    found = []
    for name, field in model.model_fields.items():
        annotation: Any = field.annotation
        for mark in field.metadata:
            annotation = Annotated[annotation, mark]
        if _may_refer(annotation):
            alias = field.validation_alias
            found.append((name, alias if isinstance(alias, str) else name, annotation))
    return tuple(found)


def _may_refer(annotation: Any) -> bool:
    if isinstance(annotation, Ref):
        return True
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return bool(_fields(annotation))
    parts = (*get_args(annotation), *getattr(annotation, "__metadata__", ()))
    return any(_may_refer(part) for part in parts)


def _ref_of(annotation: Any) -> Ref | None:
    marks = getattr(annotation, "__metadata__", ())
    return next((mark for mark in marks if isinstance(mark, Ref)), None)


def references(value: Any, annotation: Any, path: Path = ()) -> Iterator[tuple[Path, Ref, str]]:
    """Every id inside a value that must lead somewhere.

    Args:
        value: a value of the annotated type.
        annotation: its type.
        path: where it stands.

    Yields:
        The place of the id, what it may name, the id.
    """
    ref = _ref_of(annotation)
    if isinstance(value, str):
        if ref is not None:
            yield path, ref, value
        else:
            for option in get_args(annotation):
                if _ref_of(option) is not None:
                    yield from references(value, option, path)
    elif isinstance(value, BaseModel):
        for attribute, name, kind in _fields(type(value)):
            yield from references(getattr(value, attribute), kind, (*path, name))
    elif isinstance(value, tuple | dict):
        yield from _inside(value, annotation, path)


def _inside(value: Any, annotation: Any, path: Path) -> Iterator[tuple[Path, Ref, str]]:
    while get_origin(annotation) is Annotated or not _is_container(annotation):
        options = [part for part in get_args(annotation) if _may_refer(part)]
        if not options:
            return
        annotation = options[0]
    parts = get_args(annotation)
    if isinstance(value, tuple):
        for place, item in enumerate(value):
            yield from references(item, parts[0], (*path, place))
        return
    for key, item in value.items():
        yield from references(key, parts[0], (*path, key))
        yield from references(item, parts[1], (*path, key))


def _is_container(annotation: Any) -> bool:
    return get_origin(annotation) in (tuple, dict)


def _dangling(things: Things) -> Iterator[Misfit]:
    for plural, members in things.items():
        for thing in members.values():
            for path, ref, name in references(thing, type(thing)):
                homes = [things.get(KINDS_BY_NAME[kind].plural, {}) for kind in ref.kinds]
                if name in ref.besides or any(name in home for home in homes):
                    continue
                known = {*ref.besides, *(key for home in homes for key in home)}
                what = " or ".join(KINDS_BY_NAME[kind].name.replace("_", " ") for kind in ref.kinds)
                yield Misfit(
                    plural,
                    thing.id,
                    path,
                    f"no {what} is called '{name}'",
                    did_you_mean(name, known),
                )


def _claimed_zones(zones: Mapping[str, Declared]) -> Iterator[Misfit]:
    for name in COMPUTED_ZONES:
        if name in zones:
            yield Misfit(
                "zones",
                name,
                ("id",),
                f"'{name}' is computed: it is all such space in no zone",
                "give the zone another id",
            )


def _overlaps(things: Things) -> Iterator[Misfit]:
    spaces: dict[tuple[str, int], list[tuple[int, int, Zone, int]]] = {}
    for zone in things.get("zones", {}).values():
        if not isinstance(zone, Zone):
            continue
        for place, cidr in enumerate(zone.cidrs):
            network: IPv4Network | IPv6Network = ip_network(cidr)
            first, last = int(network.network_address), int(network.broadcast_address)
            spaces.setdefault((zone.realm, network.version), []).append((first, last, zone, place))
    for ranges in spaces.values():
        ranges.sort(key=lambda entry: (entry[0], -entry[1]))
        yield from _overlapping(ranges)


def _overlapping(ranges: list[tuple[int, int, Zone, int]]) -> Iterator[Misfit]:
    """Neighbours that meet, in ranges sorted by first address, the wider first."""
    _, reach, holder, held = ranges[0]
    for first, last, zone, place in ranges[1:]:
        if first <= reach and zone.id != holder.id:
            yield Misfit(
                "zones",
                zone.id,
                ("cidrs", place),
                f"{zone.cidrs[place]} overlaps {holder.cidrs[held]} of zone '{holder.id}'",
                "an address belongs to one zone; split the wider range, or use another realm",
            )
        if last > reach:
            reach, holder, held = last, zone, place


def _doubled_addresses(things: Things) -> Iterator[Misfit]:
    zones = things.get("zones", {})
    seen: dict[tuple[str, str], str] = {}
    for asset in things.get("assets", {}).values():
        zone = zones.get(asset.zone) if isinstance(asset, Asset) else None
        if not isinstance(asset, Asset) or not isinstance(zone, Zone):
            continue
        for place, address in enumerate(asset.ips):
            other = seen.setdefault((zone.realm, address), asset.id)
            if other != asset.id:
                yield Misfit(
                    "assets",
                    asset.id,
                    ("ips", place),
                    f"{address} is an address of asset '{other}' too",
                    "an address names one asset; give one of them another, or another realm",
                )
