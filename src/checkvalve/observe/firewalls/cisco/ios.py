"""Access lists of Cisco IOS and IOS XE, and of NX-OS and IOS XR where the grammar is the same.

Documentation: IOS XE Security Configuration Guide (Access Control Lists, Object Groups for ACLs),
IOS Security Command Reference; NX-OS Security Configuration Guide (IP ACLs); IOS XR IP Addresses
and Services Command Reference.

A list is asked where it is bound to an interface; an interface without one lets all pass. IPv4
and IPv6 have lists of their own. A list knows no sessions: ``established`` is TCP with ACK or RST,
whatever came before. On IOS a list without entries, or one that nobody defines, lets all pass;
where the product is not sure, what a list that nobody defines does is unknown.

Known limits:

- ``fragments`` matches later fragments alone, which open nothing: such an entry counts for
  packets of running sessions, and there it is unknown. That an entry with ports lets later
  fragments to any port pass is not followed.
- ``evaluate`` lets in replies of what ``reflect`` let out; which, no file says: unknown, and for
  running sessions alone.
- Not understood, and therefore *cannot tell*: ``dscp``, ``precedence``, ``tos``, ``ttl``,
  ``option``, single TCP flags, ``packet-length``, ``dynamic``, domain names, zone-based policies,
  ``ip inspect``, VLAN access maps.
- Lists at an outside interface say global addresses: ``ip nat inside source static`` is resolved;
  of senders that are translated dynamically an outbound list there knows nothing; other
  translations are unknown. Answers to a global address are not followed back to the real one.
- Reverse-path checks, MAC lists and policing can only take away, and are not read.
- Interfaces are named as the file names them; abbreviations are not completed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar, Final, Literal

from checkvalve.observe.firewalls.base import (
    ICMPV6,
    Action,
    Chain,
    Coverage,
    FilterRule,
    FirewallError,
    Names,
    Permit,
    RuleSet,
    Stage,
    Vendor,
)
from checkvalve.observe.firewalls.cisco.cisco_entries import either
from checkvalve.observe.firewalls.cisco.ios_config import (
    Binding,
    Configuration,
    IosList,
)
from checkvalve.observe.firewalls.cisco.ios_reading import read_configuration
from checkvalve.observe.firewalls.cisco.ios_writing import write
from checkvalve.observe.firewalls.spans import ANY_V6

_ITS_OWN: Final = re.compile(
    r"^(?:"
    r"(?:ip|ipv4|ipv6) access-list (?:(?:extended|standard) )?\S+\s*$"
    r"|access-list \d+ (?:permit|deny|remark) "
    r"|\s+(?:ip|ipv4|ipv6) access-group \S+ (?:in|out|ingress|egress)\b"
    r"|\s+ipv6 traffic-filter \S+ (?:in|out)\b"
    r")",
    re.MULTILINE,
)
_ANOTHER: Final = re.compile(
    r"^\s*(?:(?:ASA|PIX|FWSM) Version \d|nameif \S|access-group \S+ (?:in|out) interface)|\bEOS\b",
    re.MULTILINE,
)
#: Neighbour discovery, which an IPv6 list lets pass before its final deny.
_DISCOVERY: Final = ((135 << 8, 136 << 8 | 255),)
_UNREAD: Final = "commands that are not read"


class Ios(Vendor):
    """Cisco IOS, IOS XE, and access lists of NX-OS and IOS XR."""

    name = "ios"
    also: ClassVar[tuple[str, ...]] = ("ios-xe", "nx-os", "ios-xr")
    title = "Cisco IOS"
    verified: ClassVar[Literal["real files", "rendered files", "documentation"]] = "rendered files"
    writes = True

    def recognises(self, text: str) -> bool:
        """See ``Vendor.recognises``."""
        return _ITS_OWN.search(text) is not None and _ANOTHER.search(text) is None

    def read(self, text: str, *, file: str) -> tuple[RuleSet, Coverage]:
        """See ``Vendor.read``."""
        configuration = read_configuration(text, file)
        if not configuration.is_its_own:
            raise FirewallError(
                f"{file} has no access list of Cisco IOS, and binds none",
                hint="export it with 'show running-config'",
            )
        chains: dict[str, Chain] = {}
        stages = tuple(_stages(configuration, chains))
        found = RuleSet(
            vendor=self.name,
            file=file,
            chains=chains,
            forward=stages,
            stateful=False,
            problems=configuration.tally.problems(),
        )
        return found, configuration.tally.coverage()

    def render(self, permits: Sequence[Permit]) -> str:
        """See ``Vendor.render``."""
        return write(permits)


def _stages(configuration: Configuration, chains: dict[str, Chain]) -> Iterator[Stage]:
    replies = tuple(rule for rule in configuration.unread if rule.action is Action.ACCEPT)
    stops = tuple(rule for rule in configuration.unread if rule.action is Action.DENY)
    for (family, name), acl in configuration.lists.items():
        rules = replies + acl.rules()
        if family == 6 and not acl.is_empty:  # noqa: PLR2004  # IPv6
            rules += (_discovery(configuration, acl),)
        chains[_chain(family, name)] = Chain(rules, _policy(configuration, acl))
    if stops:
        chains[_UNREAD] = Chain(stops)
        yield Stage(_UNREAD)
    for binding in configuration.bindings.values():
        chain = _chain(binding.family, binding.acl)
        if (binding.family, binding.acl) not in configuration.lists:
            chains[chain] = _undefined(configuration, binding)
        names = Names(frozenset((binding.interface,)))
        is_in = binding.direction == "in"
        real = configuration.nat.at(binding.interface, chains[chain].rules, is_out=not is_in)
        if real is not None and binding.family == 4:  # noqa: PLR2004  # IPv4
            policy = chains[chain].policy
            chain = f"{chain} {binding.direction} {binding.interface}"
            chains[chain] = Chain(real, policy)
        if is_in:
            yield Stage(chain, in_if=names, family=binding.family)
        else:
            yield Stage(chain, out_if=names, family=binding.family)


def _chain(family: int, name: str) -> str:
    return name if family == 4 else f"ipv6 {name}"  # noqa: PLR2004  # IPv4


def _policy(configuration: Configuration, acl: IosList) -> FilterRule | None:
    """What becomes of packets that no entry decides."""
    tally = configuration.tally
    passes = acl.passes_if_empty
    if passes is None and configuration.is_ios:
        passes = True
    if acl.is_empty and passes:
        text = f"access list {acl.name} has no entry: all pass"
        tally.problem(acl.ref, text)
        return FilterRule(Action.ACCEPT, tally.implicit(text, acl.name))
    text = f"implicit deny at the end of access list {acl.name}"
    ref = tally.implicit(text, acl.name)
    if acl.is_empty and passes is None:
        why = f"access list {acl.name} has no entry"
        tally.problem(acl.ref, why)
        return FilterRule(Action.DENY, ref, unknown=why)
    return FilterRule(Action.DENY, ref)


def _undefined(configuration: Configuration, binding: Binding) -> Chain:
    """A list that is bound and not defined."""
    text = f"access list {binding.acl} is not defined"
    configuration.tally.problem(binding.ref, text)
    if configuration.is_ios:
        ref = configuration.tally.implicit(f"{text}: all pass", binding.acl)
        return Chain((), FilterRule(Action.ACCEPT, ref))
    return Chain(either(binding.ref, text))


def _discovery(configuration: Configuration, acl: IosList) -> FilterRule:
    """Neighbour discovery passes before the final deny of an IPv6 list."""
    ref = configuration.tally.implicit(f"implicit neighbour discovery in {acl.name}", acl.name)
    protocols = ((ICMPV6, ICMPV6),)
    return FilterRule(Action.ACCEPT, ref, ANY_V6, ANY_V6, protocols, icmp=_DISCOVERY)
