"""Whether declared things fit together: ids lead somewhere, no address names two things.

Nothing else is refused here. That a plant is badly designed is a finding, not an error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import chain
from types import UnionType
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel

from checkvalve.plant.assets import Asset
from checkvalve.plant.base import Ref
from checkvalve.plant.declared import Declared
from checkvalve.plant.kinds import KINDS, KINDS_BY_NAME
from checkvalve.plant.refs import COMPUTED_ZONES
from checkvalve.plant.waivers import Waiver
from checkvalve.plant.words import did_you_mean, printable
from checkvalve.plant.zones import Zone

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


@dataclass(frozen=True, slots=True)
class Torn:
    """Things whose files were not understood in full; what they say still counts.

    Attributes:
        fields: their fields as they stand in the files, by plural, then by id.
        unread: plurals of kinds that are not known in full: there no id leads nowhere.
    """

    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unread: Collection[str] = ()


def misfits(things: Things, torn: Torn = Torn()) -> Iterator[Misfit]:
    """All that does not fit together in a plant, one by one.

    Args:
        things: every declared thing that was understood.
        torn: what was not, or not in full.
    """
    yield from _dangling(things, torn)
    yield from _missing_subjects(things, torn)
    yield from _claimed_zones(things.get("zones", {}))
    yield from _overlaps(things)
    yield from _doubled_addresses(things)


@cache
def _fields(model: type[BaseModel]) -> tuple[tuple[str, str, Any], ...]:
    """(attribute, name in the file, type) of each field that can hold a reference."""
    found = []
    for name, info in model.model_fields.items():
        annotation: Any = info.annotation
        for mark in info.metadata:
            annotation = Annotated[annotation, mark]
        if _may_refer(annotation):
            alias = info.validation_alias
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
        value: a value of the annotated type, or what stands in a file in its place.
        annotation: its type.
        path: where it stands.

    Yields:
        The place of the id, what it may name, the id.
    """
    marks, annotation = _unwrapped(annotation)
    ref = next((mark for mark in marks if isinstance(mark, Ref)), None)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for attribute, name, kind in _fields(annotation):
            held = value.get(name) if isinstance(value, dict) else getattr(value, attribute, None)
            yield from references(held, kind, (*path, name))
    elif isinstance(value, str):
        if ref is not None:
            yield path, ref, value
        elif get_origin(annotation) is tuple:
            yield from references(value, get_args(annotation)[0], path)
    elif isinstance(value, list | tuple) and get_origin(annotation) is tuple:
        for place, item in enumerate(value):
            yield from references(item, get_args(annotation)[0], (*path, place))
    elif isinstance(value, dict) and get_origin(annotation) is dict:
        of_keys, of_values = get_args(annotation)
        for key, item in value.items():
            yield from references(key, of_keys, (*path, key))
            yield from references(item, of_values, (*path, key))


@cache
def _unwrapped(annotation: Any) -> tuple[tuple[Any, ...], Any]:
    """The marks on a type, and the type without them; of a union the part that can refer."""
    marks: tuple[Any, ...] = ()
    while True:
        marks += getattr(annotation, "__metadata__", ())
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, UnionType):
            options = [option for option in get_args(annotation) if _may_refer(option)]
            annotation = options[0] if options else None
        else:
            return marks, annotation


def _dangling(things: Things, torn: Torn) -> Iterator[Misfit]:
    for kind in KINDS:
        plural = kind.plural
        for known in (things.get(plural, {}), torn.fields.get(plural, {})):
            for name, thing in known.items():
                for path, ref, target in references(thing, kind.model):
                    if not _leads(things, torn, ref, target):
                        yield _astray(Misfit(plural, name, path, ""), things, torn, ref, target)


def _leads(things: Things, torn: Torn, ref: Ref, target: str) -> bool:
    homes = [KINDS_BY_NAME[kind].plural for kind in ref.kinds]
    return target in ref.besides or any(
        home in torn.unread or target in things.get(home, ()) or target in torn.fields.get(home, ())
        for home in homes
    )


def _astray(at: Misfit, things: Things, torn: Torn, ref: Ref, target: str) -> Misfit:
    homes = [KINDS_BY_NAME[kind].plural for kind in ref.kinds]
    known = (
        *(things.get(home, {}) for home in homes),
        *(torn.fields.get(home, {}) for home in homes),
    )
    what = " or ".join(kind.replace("_", " ") for kind in ref.kinds)
    return replace(
        at,
        sentence=f"no {what} is called '{printable(target)}'",
        hint=did_you_mean(target, chain(ref.besides, *known)),
    )


def _missing_subjects(things: Things, torn: Torn) -> Iterator[Misfit]:
    """Waivers about things of a plant's kind that are not declared; other subjects are free."""
    for waiver in things.get("waivers", {}).values():
        if isinstance(waiver, Waiver):
            kind, _, name = waiver.subject.partition(" ")
            ref = Ref((kind,), COMPUTED_ZONES)
            if kind in KINDS_BY_NAME and not _leads(things, torn, ref, name):
                yield _astray(
                    Misfit("waivers", waiver.id, ("subject",), ""), things, torn, ref, name
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
