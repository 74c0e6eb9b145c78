"""What a rule of iptables asks of a packet: ``-s``, ``-d``, ``-i``, ``-o``, ``-p``, and modules.

Grammar: iptables(8), version 1.8.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from ipaddress import ip_address

from checkvalve.observe.firewalls.base import Names
from checkvalve.observe.firewalls.netfilter.iptables_lines import Option, RuleWords
from checkvalve.observe.firewalls.netfilter.iptables_modules import (
    Context,
    checked,
    module_text,
    or_not,
    read_module,
)
from checkvalve.observe.firewalls.netfilter.netfilter_conditions import (
    ALWAYS,
    NEVER,
    Alternatives,
    Conditions,
    all_of,
    perhaps,
)
from checkvalve.observe.firewalls.netfilter.netfilter_names import (
    PROTOCOLS,
    number,
)
from checkvalve.observe.firewalls.spans import (
    ALL_PROTOCOLS,
    IPV4,
    Addresses,
    masked,
)


def conditions(rule: RuleWords, context: Context) -> Alternatives:
    """What a rule asks of a packet; what is not understood is in ``unknown``."""
    base = [checked(str(one), partial(_base, one, context)) for one in rule.base]
    anywhere = (Conditions(src=context.anywhere, dst=context.anywhere),)
    try:
        so_far = all_of((anywhere, *base))
        context = replace(context, protocols=so_far[0].protocols)
        modules = [
            checked(module_text(name, own), partial(read_module, name, own, context))
            for name, own in rule.modules
        ]
        return all_of((so_far, *modules))
    except ValueError as error:
        return all_of((anywhere, perhaps(str(error))))


def _base(option: Option, context: Context) -> Alternatives:
    found = ALWAYS
    match option.name:
        case "-s":
            found = (Conditions(src=_addresses(option, context)),)
        case "-d":
            found = (Conditions(dst=_addresses(option, context)),)
        case "-i":
            found = (Conditions(in_if=_interface(option)),)
        case "-o":
            found = (Conditions(out_if=_interface(option)),)
        case "-p":
            found = _protocol(option)
        case "-4" | "-6":
            found = ALWAYS if option.name == f"-{context.family}" else NEVER
        case "-f":
            found = perhaps("fragments")
    return found


def _protocol(option: Option) -> Alternatives:
    if option.value in ("all", "any", "0"):
        return NEVER if option.negated else ALWAYS
    value = number(option.value, PROTOCOLS, 255)
    return (Conditions(protocols=or_not(((value, value),), ALL_PROTOCOLS, option)),)


def _interface(option: Option) -> Names:
    name = option.value
    pattern = f"{name[:-1]}*" if name.endswith("+") else name
    return Names(frozenset({pattern}), negated=option.negated)


def _addresses(option: Option, context: Context) -> Addresses:
    found = Addresses()
    for text in option.value.split(","):
        found = found | _network(text)
    if found & context.anywhere != found:
        raise ValueError("an address of the other family")
    return context.anywhere - found if option.negated else found


def _network(text: str) -> Addresses:
    """``10.0.0.0/8``, and masks that are written out, with holes too."""
    address, slash, mask = text.partition("/")
    if not slash or mask.isdecimal():
        return Addresses.of(text)
    low, bits = ip_address(address), ip_address(mask)
    if low.version != bits.version:
        raise ValueError("a mask of the other family")
    found = masked(int(low), ~int(bits), low.max_prefixlen)
    if found is None:
        raise ValueError("too many holes")
    return Addresses(v4=found) if low.version == IPV4 else Addresses(v6=found)
