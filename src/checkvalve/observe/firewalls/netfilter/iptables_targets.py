"""What the targets of iptables do with a packet: ``-j`` and ``-g``.

Documentation: iptables(8), iptables-extensions(8). A target that is neither here nor a chain may
do anything.
"""

from __future__ import annotations

from typing import Final

from checkvalve.observe.firewalls.base import Action, FilterRule, Ref
from checkvalve.observe.firewalls.netfilter.iptables_lines import RuleWords
from checkvalve.observe.firewalls.netfilter.netfilter_chains import either
from checkvalve.observe.firewalls.netfilter.netfilter_conditions import Alternatives
from checkvalve.observe.firewalls.spans import NOWHERE, Addresses

DENYING: Final = frozenset({"DROP", "REJECT", "TARPIT", "DELUDE", "STEAL"})
#: They do something to the packet or about it, and the next rule is asked.
PASSING_ON: Final = frozenset(
    {"LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "CONNSECMARK", "SECMARK", "CT", "NOTRACK"}
    | {"CHECKSUM", "TCPMSS", "TOS", "DSCP", "TTL", "HL", "SET", "TRACE", "AUDIT", "CLASSIFY"}
    | {"IDLETIMER", "LED", "TEE", "RATEEST", "ECN", "TCPOPTSTRIP", "HMARK", "ACCOUNT"}
)
_OF_NAT: Final = frozenset({"SNAT", "DNAT", "MASQUERADE", "REDIRECT", "NETMAP", "SAME", "BALANCE"})
_TRANSLATING: Final = frozenset({"DNAT", "NETMAP"})
_ACTIONS: Final = {
    "ACCEPT": Action.ACCEPT,
    "RETURN": Action.RETURN,
    **dict.fromkeys(DENYING, Action.DENY),
}


def is_translation(options: RuleWords, table: str) -> bool:
    """Whether a rule translates addresses."""
    return table == "nat" and options.target in _OF_NAT


def untracks(options: RuleWords) -> bool:
    """Whether a rule switches tracking off."""
    return options.target == "NOTRACK" or any(
        one.name == "--notrack" for one in options.target_options
    )


def acting(
    ref: Ref, options: RuleWords, found: Alternatives, *, is_chain: bool
) -> list[FilterRule]:
    """The rules of a line: what its target does with the packets that fit.

    Args:
        ref: where the line stands.
        options: what the line says.
        found: the packets that fit.
        is_chain: the table has a chain of the target's name.
    """
    target = options.target
    if not target or target in PASSING_ON:
        return []
    if options.target_options and target != "REJECT":
        return _unsure(ref, found, f"{options.target_options[0]} is no option of {target}")
    if target in _ACTIONS:
        return [one.rule(_ACTIONS[target], ref) for one in found]
    if target.isupper() and not is_chain:
        return _unsure(ref, found, f"the target {target} is not understood")
    action = Action.GOTO if options.goes else Action.JUMP
    return [one.rule(action, ref, to=target) for one in found]


def _unsure(ref: Ref, found: Alternatives, reason: str) -> list[FilterRule]:
    return [rule for one in found for rule in either(one.rule(Action.ACCEPT, ref), reason)]


def translated_to(options: RuleWords) -> Addresses | None:
    """Destinations that a rule translates to; ``None`` if they can't be told."""
    if options.target not in _TRANSLATING:
        return NOWHERE
    found = NOWHERE
    for one in options.target_options:
        if one.name in ("--to-destination", "--to"):
            found = found | _translated(" ".join(one.values))
    return found or None


def _translated(text: str) -> Addresses:
    """The addresses of ``10.0.0.1-10.0.0.9:80``, ``[2001:db8::1]:80`` or ``10.0.0.0/24``."""
    bare = text.partition("]")[0].lstrip("[") if "[" in text else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return Addresses.of(bare)
    except ValueError:
        return NOWHERE
