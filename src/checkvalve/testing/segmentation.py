"""Plants and rule sets for tests of segmentation, small enough to read beside the assertion.

Rule sets are written a line each, first match first; what no line decides is denied, and that is
a line of its own::

    accept PROTOCOL SOURCE DESTINATION [PORTS] [in=IF,...] [out=IF,...] [states=new,...]
           [owner=NAME] [rate=below|above] [unknown=the reason, to the end of the line]
    deny   the same

Protocols are ``any``, ``tcp``, ``udp``, ``icmp``, ``icmpv6`` or a number, several joined by
commas; addresses are ``any``, or ranges joined by commas; so are ports. A line that begins with
``#`` says nothing.

Example:
    ::

        plant = plant_of('''
            zones:
              - {id: office, level: 4, cidrs: [10.9.0.0/24]}
              - {id: cell, level: 1, cidrs: [10.1.0.0/24]}
            firewalls:
              - {id: fw, vendor: nftables, interfaces: {lan: office, plc: cell}}
        ''')
        network = network_of(plant, fw="accept tcp 10.9.0.0/24 10.1.0.0/24 502")
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from textwrap import dedent
from typing import Final

from checkvalve.judge.segmentation.asking import asked_ports, asked_sets
from checkvalve.judge.segmentation.network import Network, protocol_number
from checkvalve.observe.firewalls.base import (
    Action,
    Chain,
    FilterRule,
    Names,
    Ref,
    RuleSet,
    Stage,
    State,
)
from checkvalve.observe.firewalls.spans import ANYWHERE, Addresses, Spans, spans
from checkvalve.plant import Plant
from checkvalve.plant.documents import read_document
from checkvalve.plant.kinds import KINDS_BY_PLURAL

#: A Monday.
NOON: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
_CHAIN: Final = "forward"


def plant_of(text: str) -> Plant:
    """A plant from one YAML text: plurals of kinds, with a list of each.

    Raises:
        PlantError: it does not fit together.
    """
    node, wrong = read_document(dedent(text).encode())
    assert node is not None, "the text is empty"
    assert not wrong, wrong
    return Plant.of(
        *(
            KINDS_BY_PLURAL[plural].model.model_validate_json(json.dumps(fields))
            for plural, listed in node.plain().items()
            for fields in listed
        )
    )


def rule_set_of(
    text: str,
    *,
    file: str = "rules",
    stateful: bool = True,
    families: frozenset[int] = frozenset({4, 6}),
) -> RuleSet:
    """A rule set from lines as above.

    Args:
        text: the lines.
        file: its name.
        stateful: replies of a session pass without a line.
        families: of addresses that it decides about.
    """
    lines = enumerate(dedent(text).splitlines(), start=1)
    rules = tuple(
        _rule(line.strip(), Ref(file, number, line.strip()))
        for number, line in lines
        if line.strip() and not line.lstrip().startswith("#")
    )
    final = FilterRule(Action.DENY, Ref(file, 0, "what no line permits is denied"))
    return RuleSet(
        "test",
        file,
        {_CHAIN: Chain(rules, final)},
        (Stage(_CHAIN),),
        families=families,
        stateful=stateful,
    )


def network_of(plant: Plant, at: datetime = NOON, **rule_sets: str | RuleSet) -> Network:
    """A network whose firewalls have these rule sets.

    Args:
        plant: zones and firewalls.
        at: the instant.
        rule_sets: by the firewall's id, with ``_`` for ``-``: a rule set, or its lines.
    """
    by_id = {name.replace("_", "-"): one for name, one in rule_sets.items()}
    return Network(
        plant,
        {
            name: rule_set_of(one, file=f"{name}.rules") if isinstance(one, str) else one
            for name, one in by_id.items()
        },
        at,
        asked=asked_sets(plant),
        ports=asked_ports(plant),
    )


def _rule(line: str, ref: Ref) -> FilterRule:
    line, _, unknown = line.partition(" unknown=")
    words = line.split()
    options = dict(word.split("=", 1) for word in words if "=" in word)
    action, protocol, src, dst, *ports = (word for word in words if "=" not in word)
    states = options.get("states")
    return FilterRule(
        Action(action),
        ref,
        src=_addresses(src),
        dst=_addresses(dst),
        protocols=None if protocol == "any" else _protocols(protocol),
        dst_ports=_spans(ports[0]) if ports else None,
        in_if=_names(options.get("in")),
        out_if=_names(options.get("out")),
        states=None if states is None else frozenset(map(State, states.split(","))),
        rate=options.get("rate", ""),  # type: ignore[arg-type]  # the test's author spells it
        owner=options.get("owner", ""),
        unknown=unknown,
    )


def _addresses(text: str) -> Addresses:
    return ANYWHERE if text == "any" else reduce(or_, map(Addresses.of, text.split(",")))


def _protocols(text: str) -> Spans:
    numbers = [protocol_number(name) for name in text.split(",")]
    return spans((number, number) for number in numbers if number is not None)


def _spans(text: str) -> Spans:
    pairs = [one.partition("-") for one in text.split(",")]
    return spans((int(low), int(high or low)) for low, _, high in pairs)


def _names(text: str | None) -> Names | None:
    return None if text is None else Names(frozenset(text.split(",")))
