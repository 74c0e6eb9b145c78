"""Deciding a block of packets at once: which rule decides each cell, in two worlds.

Where a rule is not understood it may match or not. In the world *may* all such rules fall out in
favour of passing, in the world *must* all against it: what passes in *must* is permitted, what
does not in *may* is denied, and between them nobody can tell. Two rules that are not understood
are treated as independent: sound on both sides, sometimes wider than the truth.

The law is ``checkvalve.testing.firewalls.outcomes``, which does the same packet by packet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np

from checkvalve.judge.segmentation.axes import Axis
from checkvalve.judge.segmentation.compiled import (
    ALWAYS,
    NEVER,
    Boxes,
    Compiled,
    CompiledChain,
)
from checkvalve.observe.firewalls.base import Action, Stage
from checkvalve.observe.firewalls.spans import Span

Array = np.ndarray[Any, Any]
Slices = tuple[slice, slice, slice, slice]
#: Sources, destinations, destination ports (or ICMP types and codes), source ports.
Axes = tuple[Axis, Axis, Axis, Axis]

#: No rule decided: nothing applies there, or the end of a chain without a policy.
NOBODY: Final = -1
#: A chain called from itself without end, or one that is not there: nobody can tell.
ENDLESS: Final = -2
_DEEPEST: Final = 64
#: Grids have ports outermost in memory: the order there, and back.
_TURNED: Final = (2, 3, 0, 1)
_EVERYWHERE: Final = (slice(None), slice(None), slice(None), slice(None))
MAY: Final = True
MUST: Final = False


class World:
    """What becomes of each cell in one world.

    Args:
        by: int32, one a cell: place of the deciding rule, or ``NOBODY`` or ``ENDLESS``.
        rules: bool by place, whether the rule there accepts; it decides where ``accepted`` is
            not given. The place -1 is for ``NOBODY``.
        accepted: bool, one a cell, where more than the deciding rule decides.
    """

    def __init__(self, by: Array, rules: Array, accepted: Array | None = None) -> None:
        self.by = by
        self.rules = rules
        self._accepted = accepted

    @cached_property
    def accepted(self) -> Array:
        """Bool, one a cell: whether it passes."""
        if self._accepted is not None:
            return self._accepted
        found: Array = self.rules[self.by.transpose(_TURNED)].transpose(_TURNED)
        return found

    @cached_property
    def places(self) -> tuple[int, ...]:
        """Every mark that stands in ``by``, once."""
        cells = self.by.transpose(_TURNED).ravel()
        counts = np.bincount(cells - ENDLESS)
        return tuple((np.flatnonzero(counts) + ENDLESS).tolist())

    @property
    def passes(self) -> bool:
        """Whether any cell passes."""
        if self._accepted is None:
            return any(bool(self.rules[place]) for place in self.places)
        return bool(self._accepted.any())


class Decision:
    """Decides one block for one protocol, state and pair of interfaces.

    Args:
        compiled: the rule set.
        chosen: the boxes that count, by chain.
        axes: the cells in the four dimensions.
        effects: what each rule does to these packets at all.
    """

    def __init__(
        self, compiled: Compiled, chosen: Mapping[str, Boxes], axes: Axes, effects: Array
    ) -> None:
        self.compiled = compiled
        self.effects = effects
        self.shape = tuple(len(axis) for axis in axes)
        self.boxes = {name: _placed(boxes, axes) for name, boxes in chosen.items()}

    def decide(self, stages: tuple[Stage, ...]) -> tuple[World, World]:
        """The worlds *may* and *must*: all stages must let a cell pass."""
        found = [self._asked(stage.chain) for stage in stages]
        if not found:
            passed = World(self._plain_grid(NOBODY), self.compiled.accepts)
            return passed, passed
        may, must = found[0]
        for more_may, more_must in found[1:]:
            may, must = _both(may, more_may), _both(must, more_must)
        return may, must

    def _asked(self, name: str) -> tuple[World, World]:
        """What one stage's chain does in each world."""
        chain = self.compiled.chains.get(name)
        if chain is not None and chain.flat:
            return self._paint(name, chain)
        return self._walked(name, MAY), self._walked(name, MUST)

    def _paint(self, name: str, chain: CompiledChain) -> tuple[World, World]:
        """A chain of accepts and denies: from the last rule to the first, each over the next."""
        accepts, effects, boxes = self.compiled.accepts, self.effects, self.boxes[name]
        may = self._plain_grid(chain.policy)
        if all(effects[place] == ALWAYS for place, _ in boxes):
            for place, where in reversed(boxes):
                may[where] = place
            world = World(may, accepts)
            return world, world
        must = self._plain_grid(chain.policy)
        for place, where in reversed(boxes):
            if effects[place] == ALWAYS or accepts[place]:
                may[where] = place
            if effects[place] == ALWAYS or not accepts[place]:
                must[where] = place
        return World(may, accepts), World(must, accepts)

    def _plain_grid(self, mark: int) -> Array:
        """A grid of one mark. Ports lie outermost in memory: most lines name one of them."""
        sources, destinations, ports, src_ports = self.shape
        grid = np.full((ports, src_ports, sources, destinations), mark, np.int32)
        return grid.transpose(_TURNED)

    def _walked(self, name: str, world: bool) -> World:  # noqa: FBT001  # private
        walk = _Walk(self, world)
        walk.stage(name)
        return World(walk.by, self.compiled.accepts, walk.accepted)


def _both(one: World, next_: World) -> World:
    """What passes two stages: decided by the first that denies, else by the last that decides."""
    by = np.where(one.accepted & (next_.by != NOBODY), next_.by, one.by)
    return World(by, one.rules, one.accepted & next_.accepted)


def choose(boxes: Boxes, wanted: Sequence[list[Span]], effects: Array) -> Boxes:
    """The boxes that count and meet the hull of what is wanted in each dimension."""
    counts = effects[boxes.rule] != NEVER
    for k, ranges in enumerate(wanted):
        counts &= (boxes.low[:, k] < ranges[-1][1]) & (boxes.high[:, k] > ranges[0][0])
    return Boxes(boxes.rule[counts], boxes.low[counts], boxes.high[counts])


def _placed(boxes: Boxes, axes: Axes) -> list[tuple[int, Slices]]:
    """The rule of each box that covers cells, and which."""
    bounds = [axis.slices(boxes.low[:, k], boxes.high[:, k]) for k, axis in enumerate(axes)]
    hit = np.logical_and.reduce([first < last for first, last in bounds])
    columns = [part[hit].tolist() for pair in bounds for part in pair]
    return [
        (place, (slice(a, b), slice(c, d), slice(e, f), slice(g, h)))
        for place, a, b, c, d, e, f, g, h in zip(boxes.rule[hit].tolist(), *columns, strict=True)
    ]


class _Walk:
    """One walk through chains with jumps, in one world; cells still open are a mask.

    Under a rule that perhaps matches, or in a chain that is perhaps asked, only what counts in
    this world is final: an accept in *may*, a deny in *must*. Anything else ends that branch of
    what may happen, and the cell goes on where the branch began.
    """

    def __init__(self, decision: Decision, world: bool) -> None:  # noqa: FBT001  # private
        self._decision = decision
        self._world = world
        self._settled = np.zeros(decision.shape, bool)
        self.accepted = np.zeros(decision.shape, bool)
        self.by = np.full(decision.shape, NOBODY, np.int32)

    def stage(self, name: str) -> None:
        """Ask a stage's chain; what it does not decide passes."""
        open_ = np.ones(self._decision.shape, bool)
        self._chain(name, 0, open_, weak=False, depth=0)
        self.accepted |= open_
        if self._world is MUST:  # no branch denied it, and each of them accepted
            self.accepted |= ~self._settled

    def _chain(self, name: str, start: int, open_: Array, *, weak: bool, depth: int) -> None:
        """Ask a chain about the open cells; those that go on to its caller stay open.

        Args:
            name: the chain.
            start: place among its boxes at which to begin.
            open_: changed in place.
            weak: whether the chain is asked at all is not known.
            depth: how many chains led here.
        """
        chain = self._decision.compiled.chains.get(name)
        if chain is None or depth > _DEEPEST:
            self._endless(open_)
            return
        left = np.zeros_like(open_)
        boxes, effects = self._decision.boxes[name], self._decision.effects
        for at in range(start, len(boxes)):
            place, where = boxes[at]
            here = open_[where]
            if not here.any():
                continue
            known = bool(effects[place] == ALWAYS)
            rule = self._decision.compiled.rules[place]
            if rule.action is Action.ACCEPT or rule.action is Action.DENY:
                self._end(place, where, here, known=known, weak=weak)
                continue
            part, before = np.zeros_like(open_), here.copy()
            part[where] = before
            if rule.action is not Action.RETURN:
                self._chain(rule.to, 0, part, weak=weak or not known, depth=depth + 1)
            if rule.action is Action.JUMP:
                here[...] = part[where] if known else before & ~self._settled[where]
                continue
            if not known:  # perhaps not taken: then the rest of this chain counts too
                rest = np.zeros_like(open_)
                rest[where] = before & ~self._settled[where]
                self._chain(name, at + 1, rest, weak=True, depth=depth)
                part |= rest
            here[...] = False
            left |= part & ~self._settled
        open_ |= left
        if chain.policy >= 0:
            self._end(chain.policy, _EVERYWHERE, open_, known=True, weak=weak)

    def _end(self, place: int, where: Slices, here: Array, *, known: bool, weak: bool) -> None:
        """Let a rule decide the open cells of its box, as far as this world believes it."""
        accepts = bool(self._decision.compiled.accepts[place])
        final = accepts == self._world or (known and not weak)
        if not final and not known:
            return
        self.by[where][here] = place
        if final:
            self._settled[where] |= here
            if accepts:
                self.accepted[where] |= here
        here[...] = False

    def _endless(self, open_: Array) -> None:
        self.by[open_] = ENDLESS
        self._settled |= open_
        if self._world is MAY:
            self.accepted |= open_
        open_[...] = False
