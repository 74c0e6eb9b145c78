"""Words for the numbers of EtherNet/IP and CIP, from ``tables/enip.json``.

Names are those of ODVA's volumes and of Rockwell's 1756-PM020 and 1770-6.5.16. A service means
something only with its class: 0x52 is Unconnected_Send on class 0x06, Read Tag Fragmented on a
tag. What an operation is for depends on the class too: setting an attribute of class 0xF6
changes a network, of class 0x8B a clock.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from checkvalve.observe.protocols.base import Function
from checkvalve.observe.protocols.cip_path import UNKNOWN_CLASS
from checkvalve.records import Intent


@dataclass(frozen=True, slots=True)
class Tables:
    """What the numbers mean, as ``tables/enip.json`` says.

    Attributes:
        commands: encapsulation commands.
        services: by class (``None``: any) and service code.
        intents: by class, the intents that an object of it changes into others.
        pccc: by command << 8 | function of Execute_PCCC.
        classes: names of classes.
    """

    commands: dict[int, Function]
    services: dict[tuple[int | None, int], Function]
    intents: dict[int, dict[Intent, Intent]]
    pccc: dict[int, Function]
    classes: dict[int, str]


def _functions(rows: dict[str, list[str]]) -> dict[int, Function]:
    return {int(code, 16): Function(name, Intent(intent)) for code, (name, intent) in rows.items()}


@cache
def tables() -> Tables:
    """The tables, read once."""
    source = files("checkvalve.observe.protocols") / "tables" / "enip.json"
    raw = json.loads(source.read_text(encoding="utf-8"))
    services: dict[tuple[int | None, int], Function] = {}
    of_class = {int(of, 16): _functions(rows) for of, rows in raw["class_services"].items()}
    for tagged in raw["tag_classes"]:
        of_class.setdefault(int(tagged, 16), {}).update(_functions(raw["tag_services"]))
    of_class[UNKNOWN_CLASS] = _functions(raw["response_services"])
    for class_id, functions in (None, _functions(raw["services"])), *of_class.items():
        services |= {(class_id, code): function for code, function in functions.items()}
    return Tables(
        commands=_functions(raw["commands"]),
        services=services,
        intents={
            int(of, 16): {Intent(old): Intent(new) for old, new in changes.items()}
            for of, changes in raw["intents"].items()
        },
        pccc={
            int(command, 16) << 8 | code: function
            for command, rows in raw["pccc"].items()
            for code, function in _functions(rows).items()
        },
        classes={int(of, 16): name for of, name in raw["classes"].items()},
    )


def object_words(class_id: int, instance: int, attribute: int) -> str:
    """The words for class, instance and attribute; a zero names nothing."""
    name = tables().classes.get(class_id, "")
    words = [f"class 0x{class_id:02X}", name, f"instance {instance}" if instance else ""]
    if attribute:
        words.append(f"attribute {attribute}")
    return " ".join(word for word in words if word)


def _printable(octets: bytes) -> str:
    text = octets.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def path_words(path: bytes) -> str:
    """The words for a padded EPATH with symbols, such as ``Program:Main.line[2].speed``."""
    words = ""
    at = 0
    while at + 1 < len(path):
        head = path[at]
        if head == 0x91 or head >> 5 == 3:
            octets, begins = (path[at + 1], at + 2) if head == 0x91 else (head & 0x1F, at + 1)
            words += ("." if words else "") + _printable(path[begins : begins + octets])
            at = begins + octets + (begins + octets - at) % 2
            continue
        size = 2 + 2 * (head & 3)
        number = int.from_bytes(path[at + (1 if size == 2 else 2) : at + size], "little")
        match head & 0x1C:
            case 0x00:
                words += (" " if words else "") + object_words(number, 0, 0)
            case 0x04:
                words += f" instance {number}"
            case 0x08:
                words += f"[{number}]"
            case 0x10:
                words += f" attribute {number}"
        at += size
    return words
