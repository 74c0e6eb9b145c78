"""The messages of dialogues as arrays, so that NumPy lays out a block of them at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from checkvalve.testing.layout import spans
from checkvalve.testing.messages import Dialogue, Exchange

Array = np.ndarray[Any, Any]


class Templates:
    """All exchanges of some dialogues, and all their messages.

    The messages of an exchange lie from ``first`` on: request and response of its first form,
    of its second, and so on.

    Args:
        dialogues: what is said in each kind of conversation.

    Attributes:
        exchanges: by number.
        openings: numbers of the exchanges that open a conversation, by kind.
        forms: how many forms each exchange has.
        first: number of each exchange's first message.
        lengths: octets of each message.
        counted: what each message counts for in a tally.
    """

    def __init__(self, dialogues: list[Dialogue]) -> None:
        self.exchanges: list[Exchange] = []
        self.openings = [[self._add(one) for one in dialogue.opening] for dialogue in dialogues]
        self._polls = [[self._add(one) for one in dialogue.polls] for dialogue in dialogues]
        messages = [one for exchange in self.exchanges for form in exchange.forms for one in form]
        self.forms = np.array([len(exchange.forms) for exchange in self.exchanges])
        self.first = np.cumsum(2 * self.forms) - 2 * self.forms
        self.lengths = np.array([len(message.octets) for message in messages])
        self.counted = [
            counted
            for exchange in self.exchanges
            for counted in (exchange.requests, exchange.responses) * len(exchange.forms)
        ]
        self._starts = np.cumsum(self.lengths) - self.lengths
        self._octets = np.frombuffer(b"".join(message.octets for message in messages), np.uint8)
        most = max(len(message.patches) for message in messages)
        self._patches = np.full((len(messages), most, 3), -1)
        for k, message in enumerate(messages):
            for j, patch in enumerate(message.patches):
                self._patches[k, j] = patch.at, patch.source, patch.shift

    def _add(self, exchange: Exchange) -> int:
        self.exchanges.append(exchange)
        return len(self.exchanges) - 1

    def poll(self, kind: int, count: int, rng: np.random.Generator) -> Array:
        """Numbers of ``count`` exchanges of a kind's polls, drawn by their weights."""
        numbers = self._polls[kind]
        weights = np.array([self.exchanges[number].weight for number in numbers])
        drawn: Array = rng.choice(numbers, count, p=weights / weights.sum())
        return drawn

    def fill(self, out: Array, places: Array, segments: Array) -> None:
        """Write what rows of dtype ``SEGMENT`` carry to ``out``, from ``places`` on."""
        message, start, octets = (segments[name] for name in ("message", "start", "octets"))
        out[spans(places, octets)] = self._octets[spans(self._starts[message] + start, octets)]
        number, conversation = segments["number"], segments["conversation"]
        # Any value will do that is the same when a segment comes twice.
        sources = np.stack([number, conversation + 1, number * 40_503 + conversation * 2_741])
        for at, origin, shift in self._patches[message].transpose(1, 2, 0):
            mine = np.flatnonzero((at >= start) & (at < start + octets) & (origin >= 0))
            place = places[mine] + at[mine] - start[mine]
            out[place] = sources[origin[mine], mine] >> shift[mine] & 0xFF
