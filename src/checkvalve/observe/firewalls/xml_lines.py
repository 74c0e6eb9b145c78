"""XML with the lines on which its elements stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.sax.handler import ContentHandler  # its events; defusedxml does the parsing
from xml.sax.xmlreader import AttributesImpl  # the same

_NO: Final = frozenset(("0", "no", "false"))


@dataclass(slots=True, eq=False)
class Element:
    """One element.

    Attributes:
        tag: its name.
        line: where it begins, from 1.
        last: where it ends.
        attributes: by name.
        text: what stands in it, without what stands in other elements.
        children: the elements in it.
    """

    tag: str
    line: int
    last: int
    attributes: dict[str, str]
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, *path: str) -> Iterator[Element]:
        """Every element that a path of names leads to, in order."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.tag == path[0]:
                yield from child.all(*path[1:])

    def first(self, *path: str) -> Element | None:
        """The first element that a path of names leads to."""
        return next(self.all(*path), None)

    def value(self, *path: str) -> str:
        """The text of the first element that a path of names leads to; empty if none."""
        found = self.first(*path)
        return found.text if found is not None else ""

    def flag(self, *path: str) -> bool:
        """Whether an element is there that does not say no."""
        found = self.first(*path)
        return found is not None and found.text.casefold() not in _NO


@dataclass(frozen=True, slots=True)
class Broken:
    """Where a text stops being XML, and why."""

    line: int
    sentence: str


def read_xml(text: str) -> tuple[Element | None, Broken | None]:
    """The root of a text as far as it is XML, and where it stops being so.

    Args:
        text: its lines end by a line feed alone.
    """
    from xml.sax import SAXException  # what the parser raises

    from defusedxml.common import DefusedXmlException
    from defusedxml.sax import parseString

    tree = _Tree()
    try:
        parseString(text.encode("utf-8", "replace"), tree)
    except SAXException as error:
        return tree.root, Broken(tree.line, f"from here on it is no XML: {error.getMessage()}")
    except DefusedXmlException:
        return tree.root, Broken(tree.line, "it declares entities, which are not read")
    return tree.root, None


class _Tree(ContentHandler):
    """Builds the elements; what is open at the end is closed there."""

    def __init__(self) -> None:
        super().__init__()
        self.root: Element | None = None
        self._open: list[Element] = []
        self._texts: list[list[str]] = []

    @property
    def line(self) -> int:
        """Where the parser is."""
        return int(self._locator.getLineNumber() or 1) if self._locator else 1  # type: ignore[attr-defined]

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802  # SAX
        element = Element(name, self.line, self.line, dict(attrs.items()))
        if self._open:
            self._open[-1].children.append(element)
        elif self.root is None:
            self.root = element
        self._open.append(element)
        self._texts.append([])

    def characters(self, content: str) -> None:
        if self._texts:
            self._texts[-1].append(content)

    def endElement(self, name: str) -> None:  # noqa: N802  # SAX
        element = self._open.pop()
        element.last = self.line
        element.text = "".join(self._texts.pop()).strip()
