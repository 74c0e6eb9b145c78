"""One page for people: what is broken, what nobody can tell, what is waived, what holds.

It stands alone: no script, nothing from outside, and a content security policy that says so. It
follows the reader's light or dark. What holds is folded on the screen; in print it is not, where
the browser knows ``::details-content``.

Known limits: one page, whatever the number of verdicts; times in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import ClassVar, Final

import checkvalve
from checkvalve.findings import Answer, Evidence, Verdict
from checkvalve.respond.exports.base import (
    Export,
    evidence_of,
    id_of,
    shown,
    stamp,
    waiver_of,
)
from checkvalve.respond.triage.telling import age
from checkvalve.rules import Rule

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --faint: #57606a; --line: #d0d7de;
  --broken: #b42318; --cannot-tell: #8a5300; --waived: #57606a; --holds: #1a7f37; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --faint: #9ba6b1;
  --line: #30363d; --broken: #ff7b72; --cannot-tell: #e3b341; --waived: #9ba6b1;
  --holds: #56d364; } }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: var(--ink);
  background: var(--paper); font: 1rem/1.5 system-ui, sans-serif; }
h1, h2, h3 { line-height: 1.25; } h3 { margin: 0 0 .25rem; }
p { margin: .25rem 0; } .faint { color: var(--faint); font-size: .875rem; }
.counts { display: flex; flex-wrap: wrap; gap: 1rem; padding: 0; list-style: none; }
.counts li { flex: 1; min-width: 8rem; padding: .75rem 1rem; border: 1px solid var(--line);
  border-top: .25rem solid; border-radius: .25rem; }
.counts b { display: block; font-size: 1.75rem; }
.broken { border-color: var(--broken); } .cannot-tell { border-color: var(--cannot-tell); }
.waived { border-color: var(--waived); } .holds { border-color: var(--holds); }
article { margin: 1rem 0; padding: .5rem 1rem; border-left: .25rem solid; break-inside: avoid; }
table { width: 100%; margin: .5rem 0; border-collapse: collapse; font-size: .875rem; }
th, td { padding: .25rem .5rem; border: 1px solid var(--line); text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
summary { cursor: pointer; font-weight: bold; }
@media print { :root { --ink: #000; --paper: #fff; --faint: #444; --line: #999;
  --broken: #b42318; --cannot-tell: #8a5300; --waived: #57606a; --holds: #1a7f37; }
  body { margin: 0; max-width: none; font-size: 10pt; }
  details::details-content { content-visibility: visible; } }
"""


class Html(Export):
    """A page that stands alone."""

    name: ClassVar[str] = "html"

    def write(
        self,
        verdicts: Sequence[Verdict],
        rules: Mapping[str, Rule],
        *,
        at: datetime,
        waived: Mapping[str, str],
    ) -> str:
        """See ``Export.write``."""
        groups = _grouped(verdicts, waived)
        parts = [*_head(at), *_counts(groups)]
        for group, some in groups.items():
            articles = [_article(one, group, rules.get(one.rule), waived) for one in some]
            parts.extend(_section(group, articles))
        return "\n".join((*parts, "</main>", "</body>", "</html>", ""))


#: Heading and class of each group, in the order of the page.
_BROKEN: Final = ("Broken", "broken")
_CANNOT_TELL: Final = ("Cannot tell", "cannot-tell")
_WAIVED: Final = ("Waived", "waived")
_HOLDS: Final = ("Holds", "holds")
_Group = tuple[str, str]


def _grouped(verdicts: Sequence[Verdict], waived: Mapping[str, str]) -> dict[_Group, list[Verdict]]:
    groups: dict[_Group, list[Verdict]] = {
        group: [] for group in (_BROKEN, _CANNOT_TELL, _WAIVED, _HOLDS)
    }
    for verdict in verdicts:
        if verdict.answer is Answer.HOLDS:
            groups[_HOLDS].append(verdict)
        elif waiver_of(verdict, waived):
            groups[_WAIVED].append(verdict)
        else:
            broken = verdict.answer is Answer.BROKEN
            groups[_BROKEN if broken else _CANNOT_TELL].append(verdict)
    return groups


def _head(at: datetime) -> Iterator[str]:
    yield from ("<!DOCTYPE html>", '<html lang="en">', "<head>", '<meta charset="utf-8">')
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>Checkvalve: verdicts of {stamp(at)}</title>"
    yield from (f"<style>{_STYLE}</style>", "</head>", "<body>", "<main>", "<h1>Verdicts</h1>")
    yield f'<p class="faint">Checkvalve {checkvalve.__version__}, {stamp(at)}</p>'


def _counts(groups: Mapping[_Group, list[Verdict]]) -> Iterator[str]:
    yield '<ul class="counts">'
    for (title, kind), some in groups.items():
        yield f'<li class="{kind}"><b>{len(some)}</b> {title.lower()}</li>'
    yield "</ul>"
    if not any(groups.values()):
        yield "<p>Nothing was checked, so nothing is known.</p>"


def _section(group: _Group, articles: list[str]) -> Iterator[str]:
    title, _ = group
    if not articles:
        return
    if group == _HOLDS:
        yield f"<details><summary>{title} ({len(articles)})</summary>"
        yield from (*articles, "</details>")
    else:
        yield from ("<section>", f"<h2>{title}</h2>", *articles, "</section>")


def _article(verdict: Verdict, group: _Group, rule: Rule | None, waived: Mapping[str, str]) -> str:
    title = verdict.rule if rule is None else rule.title
    parts = [
        f'<article class="{group[1]}">',
        f"<h3>{_text(title)}</h3>",
        f"<p><b>{_text(str(verdict.subject))}</b>: {_text(verdict.because)}</p>",
    ]
    if group == _WAIVED:
        parts.append(
            f"<p>{_text(str(verdict.answer).capitalize())}, but waived: "
            f"{_text(waiver_of(verdict, waived))}</p>"
        )
    parts.extend(_table(evidence_of(verdict)))
    if rule is not None and group != _HOLDS:
        parts.extend(_meaning(rule))
    parts.append(f'<p class="faint">{_text(" · ".join(_traces(verdict, rule)))}</p>')
    return "\n".join((*parts, "</article>"))


def _table(evidence: tuple[Evidence, ...]) -> Iterator[str]:
    if not evidence:
        return
    heads = ("Evidence", "Expected", "Seen", "Where", "When")
    yield f"<table><thead><tr>{''.join(f'<th>{one}</th>' for one in heads)}</tr></thead><tbody>"
    for item in evidence:
        when = "" if item.at is None else stamp(item.at)
        cells = (item.what, item.expected, item.actual, item.place, when)
        yield f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in cells)}</tr>"
    yield "</tbody></table>"


def _meaning(rule: Rule) -> Iterator[str]:
    yield f"<p>{_text(rule.why)}</p>"
    yield f"<p><b>What to do</b> (within {age(rule.time_to_respond)}): {_text(rule.response)}</p>"


def _traces(verdict: Verdict, rule: Rule | None) -> Iterator[str]:
    yield verdict.rule
    if verdict.finding is not None:
        yield f"finding {id_of(verdict)}"
        yield f"seen {verdict.finding.count} times" if verdict.finding.count > 1 else "seen once"
    if rule is not None:
        yield from map(str, rule.references)


def _text(text: str) -> str:
    return escape(shown(text))
