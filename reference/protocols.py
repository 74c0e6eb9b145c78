"""Pages of protocols: what their modules say, and what their codes are called."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Final

from checkvalve.observe import protocols
from checkvalve.observe.protocols.base import Function, Protocol
from checkvalve.observe.protocols.cip import PCCC
from checkvalve.observe.protocols.cip_words import tables
from reference.markdown import SECTIONS, sections, summary, table

_PACKAGE: Final = protocols.__name__
#: What every protocol uses: no layer of any.
_SHARED: Final = ("base", "framing", "joining")
#: The code that a protocol asks for when nothing else tells what it is for.
_ANY: Final = -1
#: The CIP service that carries another protocol's command and function.
_EXECUTE_PCCC: Final = 0x4B
#: Codes to ask for, where they are not octets.
_CODES: Final = {
    "s7comm": (*range(0x100), *range(0x070000, 0x071000)),
    "s7comm_plus": range(0x600),
}
#: What else the name or the intent of a function hangs on, and what to ask for.
_CONTEXTS: Final[dict[str, tuple[str, Sequence[int]]]] = {
    "modbus": ("sub-function", range(0x100)),
    "enip": ("class", range(0x400)),
    "dnp3": ("group", range(0x100)),
    "dnp3_link": ("primary", range(2)),
    "s7comm": ("service", range(0x100)),
    "s7comm_plus": ("own session", range(2)),
}
_UNKNOWN: Final = re.compile(r"[a-z ]+ (0x[0-9A-F]+|\d+)")


@cache
def _members() -> dict[str, tuple[ModuleType, Protocol]]:
    """The module and the member of each protocol, by the module's name."""
    modules = [name for name, _ in protocols.MEMBERS]
    return {
        name: (import_module(f"{_PACKAGE}.{name}"), member)
        for name, member in zip(modules, protocols.members(), strict=True)
    }


def names() -> tuple[str, ...]:
    """The module of every protocol."""
    return tuple(_members())


def protocol(name: str) -> str:
    """One protocol: what is decoded and what is not, and its functions with their intents."""
    module, member = _members()[name]
    title = _title(module)
    parts = [f"# {title}", _recognised(member), _module(module), _module(type(member))]
    for place, dialect in enumerate(member.dialects):
        parts.append(f"## `{dialect}`\n\n{_functions(member, place, dialect)}")
    parts += [f"## {summary(layer.__doc__)}\n\n{_module(layer)}" for layer in _layers(module)]
    return "\n\n".join(part for part in parts if part)


def overview(_: str) -> str:
    """All protocols, each on a line."""
    rows = [
        (
            f"[{_title(module)}]({name}.md)",
            ", ".join(f"`{dialect}`" for dialect in member.dialects),
            _ports(member),
        )
        for name, (module, member) in _members().items()
    ]
    return table(("protocol", "in records", "usual ports"), rows)


def _title(module: ModuleType) -> str:
    """The protocol's name in full: what precedes the first colon or comma."""
    return re.split("[:,]", summary(module.__doc__))[0]


def _module(thing: ModuleType | type) -> str:
    """What a docstring says after its first line, section by section."""
    said = sections(thing.__doc__)
    introduction = said.pop("", "").partition("\n\n")[2]
    listed = [f"**{name}.** {said[name]}" for name in SECTIONS if name in said]
    return "\n\n".join(part for part in (introduction, *listed) if part)


def _layers(module: ModuleType) -> list[ModuleType]:
    """The modules below a protocol's own that say more than their first line."""
    found: dict[str, ModuleType] = {}
    waiting = [module]
    while waiting:
        for node in ast.walk(ast.parse(inspect.getsource(waiting.pop(0)))):
            parent, _, name = (getattr(node, "module", "") or "").rpartition(".")
            if isinstance(node, ast.ImportFrom) and parent == _PACKAGE and name not in _SHARED:
                waiting += [] if name in found else [import_module(f"{_PACKAGE}.{name}")]
                found.setdefault(name, import_module(f"{_PACKAGE}.{name}"))
    found.pop(module.__name__.rpartition(".")[2], None)
    return [layer for layer in found.values() if _module(layer)]


def _ports(member: Protocol) -> str:
    listed = [f"tcp/{port}" for port in member.tcp_ports]
    return ", ".join(listed + [f"udp/{port}" for port in member.udp_ports])


def _recognised(member: Protocol) -> str:
    said = [
        f"Recognised by content; the usual ports, {_ports(member)}, only order the guesses.",
        "Only the first message of each direction is read." if member.opening_only else "",
        "A message may go on in the next datagram." if member.spans_datagrams else "",
        "Each item of a batch counts in a summary." if member.items_count else "",
    ]
    return " ".join(sentence for sentence in said if sentence)


def _functions(member: Protocol, place: int, dialect: str) -> str:
    """The functions of a dialect; those that hang on a context below the one that does not."""
    word = _CONTEXTS.get(dialect, ("", ()))[0]
    rows = list(_rows(member, place, dialect))
    if len({function for _, _, function in rows}) == 1:
        return table(("function", "intent"), [(rows[0][2].name, rows[0][2].intent)])
    if not any(of for _, of, _ in rows):
        lines = [(_number(code), one.name, str(one.intent)) for code, _, one in rows]
        return table(("code", "function", "intent"), lines)
    columns = ("code", f"with {word}", "function", "intent")
    return table(columns, [(_number(code), of, one.name, one.intent) for code, of, one in rows])


def _rows(member: Protocol, place: int, dialect: str) -> Iterator[tuple[int, str, Function]]:
    for code in _CODES.get(dialect, range(0x100)):
        plain = member.function(place, code, _ANY)
        if not _UNKNOWN.fullmatch(plain.name):
            yield code, "", plain
        special: dict[Function, list[int]] = {}
        for context in _contexts(dialect, code):
            function = member.function(place, code, context)
            if function != plain and not _UNKNOWN.fullmatch(function.name):
                special.setdefault(function, []).append(context)
        for function, contexts in special.items():
            yield code, _context(contexts), function


def _contexts(dialect: str, code: int) -> Sequence[int]:
    asked = _CONTEXTS.get(dialect, ("", ()))[1]
    if (dialect, code) != ("enip", _EXECUTE_PCCC):
        return asked
    return (*asked, *(PCCC | command << 16 for command in tables().pccc))


def _context(contexts: Sequence[int]) -> str:
    if contexts[0] >= PCCC:
        return "PCCC " + ", ".join(f"0x{(code ^ PCCC) >> 16:04X}" for code in contexts)
    return ", ".join(map(_number, contexts))


def _number(code: int) -> str:
    """A code in decimal, as records have it, and in hexadecimal, as most standards do."""
    if code < 10:  # noqa: PLR2004  # they are alike
        return str(code)
    digits = 2 if code < 0x100 else 4 if code < 0x10000 else 6  # noqa: PLR2004  # whole octets
    return f"{code} (0x{code:0{digits}X})"
