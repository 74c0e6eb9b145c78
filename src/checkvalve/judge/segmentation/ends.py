"""The two ends of a question about the network, as people name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from checkvalve.errors import UsageError
from checkvalve.judge.segmentation.asking import asset_set
from checkvalve.observe.firewalls.spans import Addresses
from checkvalve.plant import Plant
from checkvalve.plant.words import did_you_mean, printable


@dataclass(frozen=True, slots=True)
class End:
    """One end of a question.

    Attributes:
        text: as it was named.
        zone: the zone that it is in.
        addresses: the part of the zone that is meant; ``None``: all of it.
    """

    text: str
    zone: str
    addresses: Addresses | None = None

    def __str__(self) -> str:
        return self.text if self.addresses is None else f"{self.text} (in {self.zone})"


def end_named(plant: Plant, zones: Mapping[str, Addresses], text: str) -> End:
    """A zone, an asset, or addresses of one zone: ``10.1.0.5``, ``10.1.0.0/28``, ``a-b``.

    Args:
        plant: its zones and assets.
        zones: the addresses of each zone, computed ones included.
        text: as a person named it.

    Raises:
        UsageError: it is none of these, or its addresses are of no zone or of several.
    """
    if text in zones:
        return End(text, text)
    if text in plant.assets:
        addresses = asset_set(plant, text)
        if not addresses:
            raise UsageError(
                f"asset '{text}' has no address", hint="ask about its zone, or declare its 'ips'"
            )
        return End(text, plant.assets[text].zone, addresses)
    try:
        addresses = Addresses.of(text)
    except ValueError as error:
        raise UsageError(
            f"there is no zone or asset '{printable(text)}', and it is no address",
            hint=did_you_mean(text, (*zones, *plant.assets)),
        ) from error
    for zone, inside in zones.items():
        if not addresses - inside:
            return End(text, zone, addresses)
    touched = ", ".join(zone for zone, inside in zones.items() if addresses & inside)
    raise UsageError(
        f"{text} is in {f'several zones: {touched}' if touched else 'no zone'}",
        hint="ask about addresses of one zone",
    )
