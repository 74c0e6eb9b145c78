"""``static`` of ASA and PIX before 8.3. Since then access lists say real addresses."""

from __future__ import annotations

from checkvalve.observe.firewalls.cisco.asa_objects import Objects
from checkvalve.observe.firewalls.cisco.cisco_entries import netmasked
from checkvalve.observe.firewalls.cisco.cisco_lines import WordError, Words
from checkvalve.observe.firewalls.cisco.cisco_names import port, protocol
from checkvalve.observe.firewalls.cisco.cisco_statics import Static
from checkvalve.observe.firewalls.spans import Spans


def read_static(words: Words, objects: Objects) -> tuple[str, Static]:
    """``static (inside,outside) 203.0.113.5 10.0.0.5 netmask 255.255.255.255``.

    Returns:
        The interface at which the mapped address is seen, and the translation.

    Raises:
        WordError: it is not understood: a policy NAT, say.
    """
    interfaces = words.take()
    if "," not in interfaces:
        raise WordError("the interfaces of a translation are not understood")
    mapped_if = interfaces.strip("()").partition(",")[2]
    number = protocol(words.take()) if words.peek() in ("tcp", "udp") else None
    mapped = words.take()
    mapped_port = port(words.take()) if number is not None else 0
    if words.peek() == "access-list":
        raise WordError("a translation by access list is not understood")
    real = words.take()
    real_port = port(words.take()) if number is not None else 0
    mask = "255.255.255.255"
    if words.took("netmask"):
        mask = words.take()
    first = netmasked(objects.host_names.get(real, real), mask).v4
    seen: Spans = ()
    if mapped != "interface":
        seen = netmasked(objects.host_names.get(mapped, mapped), mask).v4
        if len(first) != 1 or len(seen) != 1:
            raise WordError("a translation's mask has holes")
    return mapped_if, Static(seen, first, number, mapped_port, real_port)
