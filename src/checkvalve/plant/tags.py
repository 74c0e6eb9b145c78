"""Tags: what a value on the wire means."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from checkvalve.plant.base import RawValue, Text
from checkvalve.plant.declared import Declared
from checkvalve.plant.refs import AssetId, ModeId

ValueType = Literal[
    "bool",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "float32",
    "float64",
]


class Tag(Declared):
    """A value and where it stands in a device.

    The value in ``unit`` is ``raw * scale + offset``.

    Attributes:
        asset: the device that holds it.
        protocol: the protocol it is read by, such as ``modbus`` or ``s7comm``.
        device: unit, slot or station behind the address; ``None`` is any.
        space: the table, data block, group with variation, or symbol: ``holding register``,
            ``coil``, ``DB10``, ``g30v1``, ``Program:Main.Speed``.
        address: where in the space, from 0; in S7 an octet; ``None`` where the space says all.
        bit: bit in the octet or register, from 0.
        type: how the octets are read.
        word_order: which 16-bit word comes first in a wide value.
        scale: factor from raw to ``unit``.
        offset: what is added then, in ``unit``.
        unit: UCUM code, such as ``Cel`` or ``bar``.
        equipment: the equipment it belongs to.
        meaning: what it says, in words.
        values: raw value, as text, to process mode, when it tells the mode.
        writable_in: process modes in which it may be written; empty: not restricted.
    """

    asset: AssetId
    protocol: Text
    device: Annotated[int, Field(ge=0)] | None = None
    space: Text
    address: Annotated[int, Field(ge=0)] | None = None
    bit: Annotated[int, Field(ge=0, le=63)] | None = None
    type: ValueType = "uint16"
    word_order: Literal["big", "little"] = "big"
    scale: float = 1.0
    offset: float = 0.0
    unit: str = ""
    equipment: str = ""
    meaning: str = ""
    values: dict[RawValue, ModeId] = Field(default_factory=dict)
    writable_in: tuple[ModeId, ...] = ()
