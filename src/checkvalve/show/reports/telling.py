"""Reports as text, plain data and one page of HTML."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any, Final

import checkvalve
from checkvalve.plant.words import printable
from checkvalve.show.reports.base import Item, LineOfWork, Report

#: Items of a line that text shows.
_MOST: Final = 10
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE: Final = """
:root { color-scheme: light dark; }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
h1, h2 { line-height: 1.25; } section { margin: 1.5rem 0; break-inside: avoid-page; }
progress { width: 100%; height: 1rem; } .faint { opacity: .75; font-size: .875rem; }
table { width: 100%; border-collapse: collapse; font-size: .875rem; }
th, td { padding: .25rem .5rem; border: 1px solid currentcolor; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
"""


def text(report: Report) -> Iterator[str]:
    """What people read: each line of work with its count, then what it lacks."""
    yield f"{report.title}, as of {report.at.isoformat(sep=' ', timespec='minutes')}"
    for line in report.lines:
        yield ""
        yield f"{counted(line)}: {line.title}"
        for item in line.left[:_MOST]:
            yield printable(f"  {item.name}: {'; '.join(item.missing)}", 2_000)
        if len(line.left) > _MOST:
            yield f"  and {len(line.left) - _MOST} more; --format json lists all"
        if line.left:
            yield f"  next: {line.next}"
    if report.waived:
        yield ""
        yield from (printable(one, 2_000) for one in report.waived)


def counted(line: LineOfWork) -> str:
    """``3 of 7``; where there is nothing to be done, that is said."""
    return f"{line.done} of {len(line.items)}" if line.items else "nothing to be done"


def plain(report: Report) -> dict[str, Any]:
    """The same for machines."""
    return {
        "title": report.title,
        "at": report.at.isoformat(),
        "lines": [
            {
                "id": line.id,
                "title": line.title,
                "done": line.done,
                "of": len(line.items),
                "next": line.next,
                "missing": {item.name: list(item.missing) for item in line.left},
            }
            for line in report.lines
        ],
        "waived": list(report.waived),
    }


def html(report: Report) -> str:
    """One page that stands alone: no script, nothing from outside."""
    title, when = _safe(report.title), report.at.isoformat(sep=" ", timespec="minutes")
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Checkvalve: {title}</title>",
        f"<style>{_STYLE}</style>",
        "</head>",
        "<body>",
        "<main>",
        f"<h1>{title}</h1>",
        f'<p class="faint">Checkvalve {checkvalve.__version__}, {when}</p>',
        *(part for line in report.lines for part in _section(line)),
    ]
    if report.waived:
        parts += ["<section>", "<h2>Waived</h2>"]
        parts += [f"<p>{_safe(one)}</p>" for one in report.waived]
        parts.append("</section>")
    return "\n".join((*parts, "</main>", "</body>", "</html>", ""))


def _section(line: LineOfWork) -> Iterator[str]:
    yield f"<section><h2>{_safe(line.title)}</h2>"
    yield f"<p><b>{counted(line)}</b></p>"
    if line.items:
        share = f'max="{len(line.items)}" value="{line.done}"'
        yield f'<progress {share} aria-label="{_safe(line.title)}"></progress>'
    if line.left:
        yield "<table><thead><tr><th>Item</th><th>What is missing</th></tr></thead><tbody>"
        yield from map(_row, line.left)
        yield f'</tbody></table><p class="faint">Next: {_safe(line.next)}</p>'
    yield "</section>"


def _row(item: Item) -> str:
    missing = "<br>".join(map(_safe, item.missing))
    return f"<tr><td>{_safe(item.name)}</td><td>{missing}</td></tr>"


def _safe(words: str) -> str:
    return escape(printable(words, len(words)))
