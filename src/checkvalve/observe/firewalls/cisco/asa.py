"""Cisco ASA, and PIX before it: ``show running-config``, 7.x to 9.x.

Documentation: Cisco ASA Series Firewall CLI Configuration Guide 9.x (Access Control Lists,
Objects for Access Control, Access Rules), Command Reference; for releases before 8.3 and before
9.0 the guides of 8.2 and 8.4.

What comes in by an interface is asked of its own access list, then of the global one, then
denied. Where neither is there, security levels decide (``asa_levels``), as a rule for each pair
of interfaces. What goes out by an interface is asked of its outbound list besides. Access lists
that are bound to nothing (for tunnels, routes, classes) stay as chains that no stage asks.

Since 8.3 access lists say real addresses, so that ``nat`` changes nothing about what passes and
counts as harmless; before it, ``static`` is resolved (``asa_statics``). Before 9.0 a list is of
one family, and ``any`` means that family. A file without a version is read as 9.x.

Known limits:

- Not understood, and therefore *cannot tell*: users, security groups (TrustSec), domain names,
  network-service groups, ``established`` (the command), ``conduit``, ``nat-control``, access
  lists of FTD (``advanced``).
- What leaves a tunnel passes by interface access lists unless ``no sysopt connection
  permit-vpn`` is set; a tunnel is no interface here, and a crypto map is told as a problem.
- Ping replies pass as replies of a session, as they do with ``inspect icmp`` alone. Inspection,
  ``shun``, URL filters and reverse-path checks can only take away, and are not read.
- An interface that an access-group names and the file does not define has no security level: its
  access list alone decides. Through any other interface that the file does not define, nobody can
  tell what passes.
- Before 8.3, dynamic translation (``nat`` with ``global``) is not followed: senders behind it
  are unknown to an outbound list of the mapped interface.
- Ethertype lists decide about other protocols than IP, and are harmless.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Final, Literal

from checkvalve.observe.firewalls.base import Coverage, FirewallError, Permit, RuleSet, Vendor
from checkvalve.observe.firewalls.cisco.asa_reading import read_configuration
from checkvalve.observe.firewalls.cisco.asa_stages import rule_set
from checkvalve.observe.firewalls.cisco.asa_writing import write

_ITS_OWN: Final = re.compile(
    r"^\s*(?:"
    r"(?:ASA|PIX) Version \d"
    r"|access-list \S+ (?:line \d+ )?(?:extended|standard|webtype|ethertype) (?:permit|deny) "
    r"|access-group \S+ (?:(?:in|out) interface \S|global\b)"
    r"|nameif \S+\s*$"
    r"|same-security-traffic permit int(?:er|ra)-interface"
    r"|object-group (?:protocol|icmp-type) \S"
    r"|object (?:network|service) \S+\s*$"
    r")",
    re.MULTILINE,
)


class Asa(Vendor):
    """Cisco ASA."""

    name = "asa"
    also: ClassVar[tuple[str, ...]] = ("cisco-asa",)
    title = "Cisco ASA"
    verified: ClassVar[Literal["real files", "rendered files", "documentation"]] = "rendered files"
    writes = True

    def recognises(self, text: str) -> bool:
        """See ``Vendor.recognises``."""
        return _ITS_OWN.search(text) is not None

    def read(self, text: str, *, file: str) -> tuple[RuleSet, Coverage]:
        """See ``Vendor.read``."""
        configuration = read_configuration(text, file)
        if not configuration.is_asa:
            raise FirewallError(
                f"{file} has no line of a Cisco ASA that decides what passes",
                hint="export it with 'show running-config'",
            )
        found = rule_set(configuration, self.name)
        return found, configuration.tally.coverage()

    def render(self, permits: Sequence[Permit]) -> str:
        """See ``Vendor.render``."""
        return write(permits)
