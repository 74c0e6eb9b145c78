"""Changing a YAML text where it must change, and nowhere else.

Comments, order, quotes and indentation are the author's: every other octet stays as it is.
An edit is made in the text, at the places that the parser tells, and then proved: read again,
the text must hold what it held, with the one thing added.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

from checkvalve.errors import InputError
from checkvalve.plant.documents import events, read_document
from checkvalve.plant.nodes import DocumentError
from checkvalve.plant.spelling import spell

#: Where in a document: keys, and places in lists.
Path: TypeAlias = tuple[str | int, ...]
#: An object's fields, as JSON has them.
Fields: TypeAlias = Mapping[str, Any]


@dataclass(slots=True)
class _Span:
    """Where a list or mapping stands in a text.

    Attributes:
        path: where it stands in the document.
        begin: its first character, of a bracket or a first entry.
        column: of its entries.
        mapping: whether it is a mapping.
        flow: whether it is written in brackets.
        last: just behind the last value in it; its own beginning while it holds none.
        key: of a mapping, the key whose value comes next.
        count: how many entries it holds.
    """

    path: Path
    begin: int
    column: int
    mapping: bool
    flow: bool
    last: int
    key: str | None = field(default=None)
    count: int = 0


def with_entries(text: str, entries: Sequence[tuple[str, Fields]]) -> str:
    """The text of a kind's file with more objects at its end.

    Args:
        text: a list of objects, a mapping by id, or nothing but comments.
        entries: id and other fields of each.

    Raises:
        InputError: the text can't be changed safely.
    """
    held = _held(text)
    span = next((span for span in _spans(text) if span.path == ()), None)
    if span is None:
        listed = [_listed(name, fields) for name, fields in entries]
        return _proved(_lines_in(text, len(text), _items(listed, 0)), [*(held or []), *listed])
    if span.mapping:
        by_id = {name: dict(fields) for name, fields in entries}
        return _proved(_put(text, span, by_id), {**held, **by_id})
    listed = [_listed(name, fields) for name, fields in entries]
    return _proved(_put(text, span, listed), [*held, *listed])


def with_fields(text: str, path: Path, fields: Fields) -> str:
    """The text with more fields in the mapping that stands at a path.

    Args:
        text: a kind's file.
        path: where the object stands in it.
        fields: fields that it does not have yet.

    Raises:
        InputError: the text can't be changed safely.
    """
    whole = _held(text)
    target = whole
    for step in path:
        target = target[step]
    span = next((span for span in _spans(text) if span.path == path), None)
    if span is None or not span.mapping or fields.keys() & target.keys():
        raise _unsafe()
    changed = _put(text, span, dict(fields))
    target.update(fields)
    return _proved(changed, whole)


def _unsafe() -> InputError:
    return InputError(
        "the file is written in a way that can't be changed safely",
        hint="make the change by hand; nothing was written",
    )


def _held(text: str) -> Any:
    try:
        node, complaints = read_document(text.encode())
    except DocumentError as error:
        raise _unsafe() from error
    if complaints:
        raise _unsafe()
    return None if node is None else node.plain()


def _proved(changed: str, expected: Any) -> str:
    """The changed text, if it holds what is expected of it."""
    if _held(changed) != expected:
        raise _unsafe()
    return changed


def _listed(name: str, fields: Fields) -> dict[str, Any]:
    return {"id": name, **fields}


def _put(text: str, span: _Span, more: dict[str, Any] | list[Any]) -> str:
    """The text with more entries behind the last one of a list or mapping."""
    if span.flow:
        inner = spell(more)[1:-1]
        behind = span.last if span.count else span.begin + 1
        return text[:behind] + (", " if span.count else "") + inner + text[behind:]
    lines = _items(more, span.column) if isinstance(more, list) else _pairs(more, span.column)
    ends_a_line = text[span.last - 1] == "\n"
    line_end = span.last if ends_a_line else text.find("\n", span.last) + 1
    return _lines_in(text, line_end or len(text), lines)


def _lines_in(text: str, place: int, lines: list[str]) -> str:
    """The text with lines put in where a line begins, or at its end."""
    newline = "\r\n" if "\r\n" in text else "\n"
    before = newline if place and text[place - 1] != "\n" else ""
    return text[:place] + before + "".join(line + newline for line in lines) + text[place:]


def _items(entries: list[Any], column: int) -> list[str]:
    """A list's entries as lines, the first field of each beside its dash."""
    lines = []
    for entry in entries:
        first, *rest = _pairs(entry, column + 2)
        lines += [f"{' ' * column}- {first.lstrip()}", *rest]
    return lines


def _pairs(fields: Fields, column: int) -> list[str]:
    """A mapping's fields as lines; a mapping in it on lines of its own, one level down."""
    lines = []
    for name, value in fields.items():
        if isinstance(value, Mapping) and value:
            lines.append(f"{' ' * column}{spell(name)}:")
            lines += [
                f"{' ' * (column + 2)}{spell(key)}: {spell(item)}" for key, item in value.items()
            ]
        else:
            lines.append(f"{' ' * column}{spell(name)}: {spell(value)}")
    return lines


def _spans(text: str) -> Iterator[_Span]:
    """Every list and mapping of a text, each when its end has come."""
    try:
        found = list(events(text, fast=True))
    except DocumentError:
        found = list(events(text, fast=False))
    opened: list[_Span] = []
    for event in found:
        if isinstance(event, CollectionEndEvent):
            done = opened.pop()
            if done.flow:
                done.last = done.last if done.count else done.begin
            _value_ends(opened, event.end_mark.index if done.flow else done.last)
            yield done
        elif isinstance(event, CollectionStartEvent):
            opened.append(_opened(event, opened))
        elif isinstance(event, ScalarEvent | AliasEvent):
            _scalar(event, opened)


def _opened(event: CollectionStartEvent, opened: list[_Span]) -> _Span:
    path: Path = ()
    if opened:
        holder = opened[-1]
        path = (*holder.path, holder.key or "" if holder.mapping else holder.count)
    mark = event.start_mark
    return _Span(
        path,
        mark.index,
        mark.column,
        isinstance(event, MappingStartEvent),
        bool(event.flow_style),
        mark.index,
    )


def _scalar(event: NodeEvent, opened: list[_Span]) -> None:
    holder = opened[-1] if opened else None
    if holder is not None and holder.mapping and holder.key is None:
        holder.key = event.value if isinstance(event, ScalarEvent) else ""
    else:
        _value_ends(opened, event.end_mark.index)


def _value_ends(opened: list[_Span], place: int) -> None:
    """A value of the innermost list or mapping is complete."""
    if opened:
        opened[-1].last = place
        opened[-1].count += 1
        opened[-1].key = None
