"""What ``checkvalve permits`` and ``permits diff`` found, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from checkvalve.show.cli.clock import spell_moment

#: Lines that decide and are shown of one answer.
_MOST: Final = 5


def _why_no_way(ends: Any) -> str:
    source, destination = ends
    if source.zone == destination.zone:
        return (
            f"not controlled: both ends are in {source.zone}, and inside a zone no declared "
            "firewall stands in the way"
        )
    return (
        f"cannot tell: no declared firewall joins {source.zone} and {destination.zone}; "
        "declare the 'interfaces' of the one that does"
    )


def explained_lines(ends: Any, moment: Any, ways: Any, answers: Any, words: Any) -> Iterator[str]:
    """An answer for people: the ways, then packets with their lines, family by family."""
    from checkvalve.judge.segmentation.protocols import in_words

    yield f"{ends[0]} to {ends[1]}, as of {spell_moment(moment)}"
    if not ways:
        yield _why_no_way(ends)
        return
    for way in ways:
        yield f"  over {', then '.join(map(str, way))}"
    if not answers:
        yield "The two ends have no address of the same family."
    for one in answers:
        yield ""
        yield f"IPv{one.family} {in_words(one.protocols)}: {one.answer}"
        if one.unread:
            yield f"  no rule set was read of {', '.join(one.unread)}"
        for region in one.permitted:
            yield f"  {words.region(region, one.protocols, one.family)}"
            yield from _refs(region.by)
        for region in one.unknown:
            yield f"  perhaps {words.region(region, one.protocols, one.family)}"
            yield from _refs(region.by)
        yield from _refs(one.denied_by)
        if one.permitted or one.unknown:
            yield f"  such as {_example(one)}"


def _refs(refs: Any) -> Iterator[str]:
    from checkvalve.plant.words import printable

    for ref in refs[:_MOST]:
        yield printable(f"      {ref}", 1_000)
    if len(refs) > _MOST:
        yield f"      and {len(refs) - _MOST} more lines"


def _example(one: Any) -> str:
    """The first packet of an answer, in words."""
    from checkvalve.judge.segmentation.wording import packet

    region = (*one.permitted, *one.unknown)[0]
    return packet(region.boxes()[0], one.protocols[0][0], one.family)


def explained_json(ends: Any, moment: Any, ways: Any, answers: Any, words: Any) -> dict[str, Any]:
    """The same for machines, each line that decides included."""
    source, destination = ends
    return {
        "from": {"named": source.text, "zone": source.zone},
        "to": {"named": destination.text, "zone": destination.zone},
        "at": moment.isoformat(),
        "routes": [
            [{"firewall": hop.firewall, "in": hop.in_if, "out": hop.out_if} for hop in way]
            for way in ways
        ],
        "remark": "" if ways else _why_no_way(ends),
        "answers": [
            {
                "family": one.family,
                "protocols": [list(run) for run in one.protocols],
                "answer": one.answer,
                "permitted": [_region_json(region, one, words) for region in one.permitted],
                "unknown": [_region_json(region, one, words) for region in one.unknown],
                "denied_by": [_ref_json(ref) for ref in one.denied_by],
                "unread": list(one.unread),
                "example": _example(one) if one.permitted or one.unknown else None,
            }
            for one in answers
        ],
    }


def _region_json(region: Any, one: Any, words: Any) -> dict[str, Any]:
    from checkvalve.judge.segmentation.wording import texts

    return {
        "says": words.region(region, one.protocols, one.family),
        "sources": [text for span in region.src for text in texts(span, one.family)],
        "destinations": [text for span in region.dst for text in texts(span, one.family)],
        "ports": [list(span) for span in region.ports],
        "source_ports": [list(span) for span in region.src_ports],
        "by": [_ref_json(ref) for ref in region.by],
    }


def _ref_json(ref: Any) -> dict[str, Any]:
    return {"file": ref.file, "line": ref.line, "text": ref.text, "name": ref.name}


#: How a change begins.
_VERBS: Final = {
    ("denied", "permitted"): "newly permits",
    ("cannot tell", "permitted"): "newly permits for sure",
    ("denied", "cannot tell"): "may newly permit",
    ("permitted", "denied"): "newly denies",
    ("cannot tell", "denied"): "newly denies for sure",
    ("permitted", "cannot tell"): "may newly deny",
}


def _says(change: Any, words: Any) -> str:
    said = words.region(change.region, change.protocols, change.family)
    by_source = groupby(sorted(change.pairs), key=lambda pair: pair[0])
    pairs = "; ".join(
        f"{source} to {', '.join(out for _, out in some)}" for source, some in by_source
    )
    return f"{_VERBS[change.before, change.after]} {said} ({pairs})"


def diff_lines(found: Any, sides: Any) -> Iterator[str]:
    """What changes, one sentence each, with the lines that decide it."""
    from checkvalve.judge.segmentation.wording import Words

    words = Words()
    for change in found.changes:
        yield _says(change, words)
        yield from _refs(change.region.by)
    for doubt in found.doubts:
        yield f"cannot tell what a line of the {doubt.side} rule set changes: {doubt.reason}"
        yield from _refs((doubt.ref,))
    if not (found.changes or found.doubts):
        yield "Both rule sets let exactly the same pass."
    for rule_set, coverage in sides:
        missed = len(coverage.missed)
        if missed:
            yield f"{rule_set.file}: {missed} of {coverage.lines} lines are not understood"


def diff_json(found: Any, sides: Any) -> dict[str, Any]:
    """The same for machines."""
    from checkvalve.judge.segmentation.wording import Words, texts

    words = Words()
    return {
        "old": sides[0][0].file,
        "new": sides[1][0].file,
        "opens": found.opens,
        "changes": [
            {
                "says": _says(one, words),
                "before": one.before,
                "after": one.after,
                "opens": one.opens,
                "interfaces": [{"in": pair[0], "out": pair[1]} for pair in one.pairs],
                "family": one.family,
                "protocols": [list(run) for run in one.protocols],
                "sources": [text for span in one.region.src for text in texts(span, one.family)],
                "destinations": [
                    text for span in one.region.dst for text in texts(span, one.family)
                ],
                "ports": [list(span) for span in one.region.ports],
                "source_ports": [list(span) for span in one.region.src_ports],
                "by": [_ref_json(ref) for ref in one.region.by],
            }
            for one in found.changes
        ],
        "doubts": [
            {"side": one.side, "reason": one.reason, **_ref_json(one.ref)} for one in found.doubts
        ],
        "missed": [len(coverage.missed) for _, coverage in sides],
    }
