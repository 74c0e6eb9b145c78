"""YAML documents as plain data that knows its lines (YAML 1.2.2, core schema, narrowed).

Narrowed, so that no reader is surprised: ``on``, ``no`` and ``22:22`` are text, and so are
numbers with leading zeros, with underscores, out of range, ``.inf`` and ``.nan``. Keys are
always text. Tags and merge keys are refused. Size, depth and the number of values are bounded,
copies made by aliases counted.

Two parsers give the same events: libyaml, some thirty times faster, knows YAML 1.1 only; what
it refuses (``{from: 22:00}``) the other one, in Python and of YAML 1.2, decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import Event
from ruamel.yaml.reader import ReaderError

from checkvalve.plant.nodes import Composer, DocumentError, Node
from checkvalve.plant.words import printable

MAX_OCTETS: Final = 8 * 1024 * 1024
#: Characters that the slow parser is given at most, after the fast one has refused them.
MAX_SLOW: Final = 256 * 1024

#: Line breaks in YAML 1.1 and text in 1.2.
_BREAKS_OF_1_1: Final = re.compile("[\x85\u2028\u2029]")


class _SyntaxRefusedError(DocumentError):
    """One of the two parsers does not accept the text."""


def read_document(octets: bytes) -> tuple[Node | None, list[DocumentError]]:
    """The document in a file, ``None`` when there is none, and what is wrong but survivable.

    Raises:
        DocumentError: it can't be read to its end.
    """
    if len(octets) > MAX_OCTETS:
        raise DocumentError(
            0, f"the file is larger than {MAX_OCTETS >> 20} MiB", "split it into a folder of files"
        )
    text = _decoded(octets)
    try:
        return compose(text, fast=True)
    except _SyntaxRefusedError as error:
        if len(text) > MAX_SLOW:
            raise DocumentError(
                error.line, error.sentence, f"{error.hint}; put text that holds ':' in quotes"
            ) from error
    return compose(text, fast=False)


def compose(text: str, *, fast: bool) -> tuple[Node | None, list[DocumentError]]:
    """The document in a text, by one of the two parsers.

    Raises:
        DocumentError: it can't be read to its end.
    """
    composer = Composer()
    for event in events(text, fast=fast):
        composer.take(event)
    return composer.root, composer.complaints


def _decoded(octets: bytes) -> str:
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise DocumentError(
            line, f"octet {error.start} is not UTF-8", "save the file as UTF-8"
        ) from error
    odd = None if text.isascii() else _BREAKS_OF_1_1.search(text)
    if odd is not None:
        raise DocumentError(
            text.count("\n", 0, odd.start()) + 1,
            f"U+{ord(odd[0]):04X} is a line break to some readers and a letter to others",
            "put a space or an ordinary line break in its place",
        )
    return text


def events(text: str, *, fast: bool) -> Iterator[Event]:
    """The events of a YAML text, by one of the two parsers.

    Raises:
        DocumentError: the parser does not accept the text.
    """
    try:
        yield from YAML(typ="safe", pure=not fast).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part)
        raise _SyntaxRefusedError(
            mark.line + 1 if mark else 0,
            f"the YAML can't be read: {printable(said, 200)}",
            "look at indentation, quotes and brackets on this line and the one before",
        ) from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        sentence = f"U+{ord(text[error.position : error.position + 1] or ' '):04X} is not allowed"
        raise _SyntaxRefusedError(line, sentence, "delete the character") from error
    except YAMLError as error:
        first = str(error).strip().partition("\n")[0] or "syntax"
        raise _SyntaxRefusedError(0, f"the YAML can't be read: {printable(first, 200)}") from error
