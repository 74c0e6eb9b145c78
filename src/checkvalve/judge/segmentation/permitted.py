"""Questions to one rule set, and their exact answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from checkvalve.judge.segmentation.axes import Axis
from checkvalve.judge.segmentation.compiled import Compiled
from checkvalve.judge.segmentation.grid import ENDLESS, NOBODY, Axes, Decision, World, choose
from checkvalve.judge.segmentation.merging import NOT_ASKED, merged
from checkvalve.observe.firewalls.base import ICMP, ICMPV6, PORTED, Ref, Stage, State
from checkvalve.observe.firewalls.spans import ALL_PORTS, Span, Spans

Array = np.ndarray[Any, Any]

#: Cells of one grid; larger blocks are cut in halves, never approximated.
MOST_CELLS: Final = 20_000_000


@dataclass(frozen=True, slots=True)
class Block:
    """What is asked: packets of one kind from some addresses to others.

    Attributes:
        in_if: the interface that they come in by.
        out_if: the one that they go out by.
        src: source addresses of one family.
        dst: destination addresses of the same family.
        protocol: IP protocol number.
        ports: destination ports, or ICMP types and codes.
        state: of the session: ``NEW`` asks what may open one.
    """

    in_if: str
    out_if: str
    src: Spans
    dst: Spans
    protocol: int
    ports: Spans = ALL_PORTS
    state: State = State.NEW


@dataclass(frozen=True, slots=True)
class Box:
    """Packets that share their fate.

    Attributes:
        src: source addresses, both ends included.
        dst: destination addresses.
        ports: destination ports, or ICMP types and codes; ``(0, 65535)`` where there are none.
        src_ports: source ports.
        by: the lines that decide, one a firewall on the way.
    """

    src: Span
    dst: Span
    ports: Span
    src_ports: Span
    by: tuple[Ref, ...] = ()

    def meets(self, other: Box) -> Box | None:
        """What is in both, decided by the lines of both; ``None`` where nothing is."""
        src, dst, ports, src_ports = (
            (max(one[0], another[0]), min(one[1], another[1]))
            for one, another in zip(self.sides, other.sides, strict=True)
        )
        if any(low > high for low, high in (src, dst, ports, src_ports)):
            return None
        return Box(src, dst, ports, src_ports, tuple(dict.fromkeys((*self.by, *other.by))))

    @property
    def sides(self) -> tuple[Span, Span, Span, Span]:
        """Its four spans."""
        return (self.src, self.dst, self.ports, self.src_ports)


@dataclass(frozen=True, slots=True)
class Part:
    """Some cells of an answer.

    Attributes:
        axes: the cells.
        may: what becomes of them where all that is not understood lets packets pass.
        must: the same where nothing of it does.
    """

    axes: Axes
    may: World
    must: World


@dataclass(frozen=True)
class Permitted:
    """The answer to a question; boxes are made when they are asked for.

    Attributes:
        compiled: the rule set that was asked.
        protocol: IP protocol number.
        parts: the grids.
        silent: the rule set says nothing of such packets: all of it may pass, none must.
    """

    compiled: Compiled
    protocol: int
    parts: tuple[Part, ...] = ()
    silent: tuple[Box, ...] = ()

    @cached_property
    def may(self) -> tuple[Box, ...]:
        """What passes if all that is not understood lets it: outside of it, all is denied."""
        return self.silent + tuple(
            box for part in self.parts for box in self._boxes(part.axes, part.may)
        )

    @cached_property
    def must(self) -> tuple[Box, ...]:
        """What passes whatever is not understood; it is inside ``may``."""
        if not self.silent and all(part.must is part.may for part in self.parts):
            return self.may
        return tuple(box for part in self.parts for box in self._boxes(part.axes, part.must))

    @cached_property
    def denied(self) -> tuple[Box, ...]:
        """What does not pass in *may*, with the lines that deny it."""
        return tuple(
            box
            for part in self.parts
            for box in self._boxes(
                part.axes, World(part.may.by, part.may.rules, ~part.may.accepted)
            )
        )

    @property
    def is_open(self) -> bool:
        """Whether something of it passes, whatever is not understood."""
        return any(part.must.passes for part in self.parts)

    def deciders(self) -> tuple[Ref, ...]:
        """The lines that decide any of it, in either world."""
        places = {place for part in self.parts for place in (*part.may.places, *part.must.places)}
        return tuple(_ref(self.compiled, place) for place in sorted(places))

    def _boxes(self, axes: Axes, world: World) -> Iterator[Box]:
        return _boxes(self.compiled, axes, world, self.protocol)


def permitted(
    compiled: Compiled, block: Block, *, stages: tuple[Stage, ...] | None = None
) -> Permitted:
    """What of a block a rule set lets pass.

    Args:
        compiled: the rule set; address and port sets of the block must be among those that it
            was compiled for.
        block: the question.
        stages: other stages than those of forwarded packets.
    """
    if not block.src or not block.dst:
        return Permitted(compiled, block.protocol)
    if not compiled.known:
        silent = Ref(compiled.rule_set.file, 0, f"says nothing about IPv{compiled.family}")
        whole = tuple(
            Box(src, dst, ports, ALL_PORTS[0], (silent,))
            for src in block.src
            for dst in block.dst
            for ports in block.ports
        )
        return Permitted(compiled, block.protocol, silent=whole)
    applying = tuple(
        stage
        for stage in (compiled.rule_set.forward if stages is None else stages)
        if _applies(compiled, stage, block)
    )
    wanted = _wanted(compiled, block)
    effects = compiled.effects(block.protocol, block.in_if, block.out_if, block.state)
    chosen = {
        name: choose(compiled.chains[name].boxes(block.protocol), wanted, effects)
        for name in compiled.reached(applying)
    }
    low = np.concatenate([np.zeros((0, 4), np.int64), *(boxes.low for boxes in chosen.values())])
    high = np.concatenate([np.zeros((0, 4), np.int64), *(boxes.high for boxes in chosen.values())])
    src, dst, ports, src_ports = (Axis.of(wanted[k], low[:, k], high[:, k]) for k in range(4))
    axes = (src, dst, ports, src_ports)
    parts = tuple(
        Part(part, *Decision(compiled, chosen, part, effects).decide(applying))
        for part in _parts(axes)
    )
    return Permitted(compiled, block.protocol, parts)


def _applies(compiled: Compiled, stage: Stage, block: Block) -> bool:
    groups = compiled.rule_set.groups
    return (
        stage.family in (0, compiled.family)
        and (stage.in_if is None or stage.in_if.fits(block.in_if, groups))
        and (stage.out_if is None or stage.out_if.fits(block.out_if, groups))
    )


def _wanted(compiled: Compiled, block: Block) -> list[list[Span]]:
    one_cell = compiled.numbers.of(((0, 0),))
    everything = compiled.numbers.of(ALL_PORTS)
    ported = block.protocol in PORTED
    counted = ported or block.protocol in (ICMP, ICMPV6)
    return [
        compiled.addresses.of(block.src),
        compiled.addresses.of(block.dst),
        compiled.numbers.of(block.ports) if counted else one_cell,
        everything if ported else one_cell,
    ]


def _parts(axes: Axes) -> Iterator[Axes]:
    """The block, in halves of its longest side until each is small enough."""
    cells = 1
    for axis in axes:
        cells *= len(axis)
    if cells <= MOST_CELLS:
        if cells:
            yield axes
        return
    longest = max(range(4), key=lambda k: len(axes[k]))
    half = len(axes[longest]) // 2
    for part in (axes[longest].part(0, half), axes[longest].part(half, len(axes[longest]))):
        yield from _parts((*axes[:longest], part, *axes[longest + 1 :]))  # type: ignore[arg-type]


def _boxes(compiled: Compiled, axes: Axes, world: World, protocol: int) -> Iterator[Box]:
    """The accepted cells as few boxes, each decided by one line."""
    if not world.accepted.any():
        return
    low, high, by = merged(np.where(world.accepted, world.by, NOT_ASKED), axes)
    refs = {place: (_ref(compiled, place),) for place in np.unique(by).tolist()}
    ranks = (compiled.addresses, compiled.addresses, compiled.numbers, compiled.numbers)
    sides = [
        rank.all_numbers(axis.starts[low[:, k]], axis.ends[high[:, k] - 1])
        for k, (rank, axis) in enumerate(zip(ranks, axes, strict=True))
    ]
    for k in (2, 3):
        if protocol not in PORTED and (k == 3 or protocol not in (ICMP, ICMPV6)):  # noqa: PLR2004  # source ports
            sides[k] = [ALL_PORTS[0]] * len(by)
    for src, dst, ports, src_ports, place in zip(*sides, by.tolist(), strict=True):
        yield Box(src, dst, ports, src_ports, refs[place])


def _ref(compiled: Compiled, place: int) -> Ref:
    if place == NOBODY:
        return Ref(compiled.rule_set.file, 0, "no line applies here: what comes in goes on")
    if place == ENDLESS:
        return Ref(compiled.rule_set.file, 0, "a chain that is missing, or calls itself")
    return compiled.rules[place].ref
