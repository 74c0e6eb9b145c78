"""One cause, one finding: pairs that lost something, folded by the end they share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from checkvalve.findings import Subject
from checkvalve.judge.detectors.network.reporting import subject_of
from checkvalve.judge.window import End

#: From so many partners on, what fails at all of them is one failure of the end they share.
PARTNERS = 3


@dataclass(slots=True)
class Pair:
    """Two ends between which something was seen.

    Attributes:
        source: who asks.
        destination: who answers.
        rows: rows of the window that show it.
    """

    source: End
    destination: End
    rows: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Folded:
    """Pairs that are told as one.

    Attributes:
        subject: what it is about.
        cause: what makes it itself.
        pairs: at least one.
    """

    subject: Subject
    cause: str
    pairs: list[Pair]


def fold(pairs: Mapping[tuple[str, str, str], Pair]) -> list[Folded]:
    """Join the pairs of one destination, then those of one source; the rest stay alone.

    Args:
        pairs: by conversation.
    """
    folded: list[Folded] = []
    rest = dict(pairs)
    for joins_destination in (True, False):
        groups: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
        for key, pair in rest.items():
            groups[(pair.destination if joins_destination else pair.source).name].append(key)
        for keys in groups.values():
            partners = {key[0] if joins_destination else key[1] for key in keys}
            if len(partners) < PARTNERS:
                continue
            members = [rest.pop(key) for key in keys]
            end = members[0].destination if joins_destination else members[0].source
            way = "destination" if joins_destination else "source"
            folded.append(Folded(subject_of(end), f"{way} {end.name}", members))
    folded += [
        Folded(subject_of(pair.destination), " ".join(key), [pair]) for key, pair in rest.items()
    ]
    return folded
