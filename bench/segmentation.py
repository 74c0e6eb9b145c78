"""How long permitted sets take: all pairs of zones, one question, a parse; and diagrams beside."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import permutations
from typing import Any, Final

import numpy as np

from bench.measures import peak_mb
from checkvalve.judge.segmentation.compiled import Compiled
from checkvalve.judge.segmentation.permitted import Block, Permitted, permitted
from checkvalve.observe.firewalls.base import ICMP, TCP, UDP, Action, RuleSet
from checkvalve.observe.firewalls.spans import ALL_PORTS, Span
from checkvalve.testing.rule_lists import rule_list, zones

ZONES: Final = 20
SEED: Final = 7
AT: Final = datetime(2026, 3, 2, tzinfo=UTC)
PROTOCOLS: Final = (TCP, UDP, ICMP)
#: Bits of source, destination and port; addresses are all in 10.0.0.0/8.
_BITS: Final = {"s": 24, "d": 24, "p": 16}


def pairs(rules: int) -> float:
    """All pairs of zones in three protocols, with the deciding lines; CPU seconds."""
    rule_set, begun = _list(rules), time.process_time()
    compiled = Compiled(rule_set, 4, zones(ZONES), AT)
    for source, destination in permutations(zones(ZONES), 2):
        for protocol in PROTOCOLS:
            _answered(permitted(compiled, Block("in", "out", source.v4, destination.v4, protocol)))
    return time.process_time() - begun


def question(rules: int) -> float:
    """One question to a rule set that is loaded, answered in boxes; CPU seconds."""
    compiled = Compiled(_list(rules), 4, zones(ZONES), AT)
    source, destination, other = zones(ZONES)[3], zones(ZONES)[11], zones(ZONES)[5]
    _ = permitted(compiled, Block("in", "out", other.v4, source.v4, TCP)).must  # it is loaded
    begun = time.process_time()
    _ = permitted(compiled, Block("in", "out", source.v4, destination.v4, TCP)).must
    return time.process_time() - begun


def asa(lines: int) -> float:
    """An ASA file of so many lines, read to the neutral form; CPU seconds."""
    from checkvalve.observe.firewalls.cisco.asa import Asa

    ports = np.random.default_rng(SEED).integers(1, 65_536, lines).tolist()
    text = "ASA Version 9.16(4)\ninterface Ethernet0/0\n nameif in\n security-level 10\n" + "".join(
        f"access-list in extended permit tcp 10.{k % 20}.0.0 255.255.0.0 host 10.1.{k % 256}.9 "
        f"eq {port}\n"
        for k, port in enumerate(ports)
    )
    begun = time.process_time()
    Asa().read(text + "access-group in in interface in\n", file="bench")
    return time.process_time() - begun


def diagrams(rules: int) -> float:
    """The same list as decision diagrams, asked for all pairs; CPU seconds."""
    from dd import cudd  # type: ignore[import-untyped,unused-ignore]

    rule_set, begun = _list(rules), time.process_time()
    manager: Any = cudd.BDD()
    manager.declare(*(f"{side}{bit}" for side, bits in _BITS.items() for bit in range(bits)))
    for protocol in PROTOCOLS:
        accepted = _accepted(manager, rule_set, protocol)
        for source, destination in permutations(zones(ZONES), 2):
            box = _span(manager, "s", source.v4[0]) & _span(manager, "d", destination.v4[0])
            _ = accepted & box == manager.false
    return time.process_time() - begun


def _accepted(manager: Any, rule_set: RuleSet, protocol: int) -> Any:
    undecided, found = manager.true, manager.false
    for rule in rule_set.chains["list"].rules:
        if rule.protocols != ((protocol, protocol),):
            continue
        here = undecided & _span(manager, "p", (rule.dst_ports or ALL_PORTS)[0])
        for side, spans in (("s", rule.src.v4), ("d", rule.dst.v4)):
            if spans[0][0]:
                here &= _span(manager, side, spans[0])
        undecided &= ~here
        if rule.action is Action.ACCEPT:
            found |= here
    return found


def _span(manager: Any, side: str, span: Span) -> Any:
    bits = _BITS[side]
    low, high = (number & (1 << bits) - 1 for number in span)
    found = _least(manager, side, low)
    return found & ~_least(manager, side, high + 1) if high + 1 < 1 << bits else found


def _least(manager: Any, side: str, number: int) -> Any:
    found = manager.true
    for k in range(_BITS[side]):
        here = manager.var(f"{side}{k}")
        found = here & found if number >> k & 1 else here | found
    return found


def _list(rules: int) -> RuleSet:
    return rule_list(np.random.default_rng(SEED), rules, ZONES)


def _answered(found: Permitted) -> None:
    _ = found.is_open, found.deciders()


MEASURES: Final[dict[str, Callable[[int], float]]] = {
    "pairs": pairs,
    "question": question,
    "asa": asa,
    "diagrams": diagrams,
}
#: What is measured with how many lines, and what it is called.
ASKED: Final = (
    ("pairs", 1_000, "all pairs of 20 zones, 1,000 rules"),
    ("diagrams", 1_000, "the same as decision diagrams (CUDD)"),
    ("pairs", 10_000, "all pairs of 20 zones, 10,000 rules"),
    ("pairs", 50_000, "all pairs of 20 zones, 50,000 rules"),
    ("question", 10_000, "one question, 10,000 rules loaded"),
    ("asa", 10_000, "an ASA file of 10,000 lines, read"),
)


def rows() -> list[dict[str, Any]]:
    """Each measure in a process of its own: what, CPU seconds, peak MB."""
    return [{"what": what, **_apart(name, count)} for name, count, what in ASKED]


def _apart(name: str, count: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.segmentation", name, str(count)],
        check=True,
        capture_output=True,
        text=True,
    )
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    taken = MEASURES[sys.argv[1]](int(sys.argv[2]))
    sys.stdout.write(json.dumps({"cpu_s": taken, "peak_mb": peak_mb()}) + "\n")
