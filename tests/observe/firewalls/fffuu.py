"""Outputs of fffuu, the formally verified reader of iptables, as what iptables-save prints.

It prints what it parsed, closures in the form of ``iptables -L -n`` (whose interfaces it has made
addresses of, so that nothing is left out), and service matrices.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_PART: Final = re.compile(r"`Parsed(Match|NegatedMatch|Action) (.*?)'(?= `|$)")
_FLAGS: Final = re.compile(r"--tcp-flags \[(.*?)\] \[(.*?)\]")
_PORTS: Final = re.compile(r"-[mp] protocolid:0 (?:-m multiport )?--(dpts|spts|ports) \[(.*?)\]")
_LISTED: Final = re.compile(r"(ACCEPT|DROP)\s+(\S+)\s+--\s+(\S+)\s+(\S+)\s*(.*?)\s*$")
_PORT_LISTED: Final = re.compile(r"\b([ds])pts?:(\S+)")
_SET: Final = re.compile(r"\{([\d.]+)(?: \.\. ([\d.]+))?\}")
_OPTIONS: Final = {"dpts": "--dports", "spts": "--sports", "ports": "--ports"}


def as_parsed(text: str) -> str:
    """The section *Parser output*, as iptables-save would print it."""
    section = text.partition("== Parser output ==\n")[2].partition("\n== ")[0]
    return "\n".join(_rule(line) if line.startswith("-A") else line for line in section.split("\n"))


def _rule(line: str) -> str:
    chain = line.split()[1]
    return " ".join(("-A", chain, *(_option(kind, said) for kind, said in _PART.findall(line))))


def _option(kind: str, said: str) -> str:
    negated = "! " if kind == "NegatedMatch" else ""
    if said.startswith("~~"):
        return said.strip("~")
    if flags := _FLAGS.match(said):
        mask, on = (part.replace("TCP_", "").replace(" ", "") for part in flags.groups())
        return f"-m tcp {negated}--tcp-flags {mask} {on}"
    if ports := _PORTS.match(said):
        return f"-m multiport {negated}{_OPTIONS[ports[1]]} {ports[2].replace(' ', '')}"
    if said.startswith("-m "):
        module, option = said.split(" --")
        return f"{module} {negated}--{option}"
    return negated + said.removesuffix(" (call)")


def as_saved(listing: str, chain: str) -> str:
    """A closure of one chain, as iptables-save would print it."""
    lines = ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]"]
    for line in listing.splitlines():
        if found := _LISTED.match(line):
            target, protocol, src, dst, more = found.groups()
            ports = "".join(f" --{end}port {said}" for end, said in _PORT_LISTED.findall(more))
            where = f"-s {src} -d {dst} -p {protocol}"
            match = f" -m {protocol}{ports}" if ports else ""
            lines.append(f"-A {chain} {where}{match} -j {target}")
    return "\n".join((*lines, "COMMIT", ""))


@dataclass(frozen=True)
class Matrix:
    """Which parts of the address space may reach which, at one TCP port.

    Attributes:
        port: the destination port; the source port is 10000.
        parts: by name, (first, last) address of each of its ranges.
        reached: pairs of names.
    """

    port: int
    parts: dict[str, list[tuple[str, str]]]
    reached: set[tuple[str, str]]


def matrices(text: str) -> list[Matrix]:
    """The service matrices of an output."""
    found = []
    for block in text.split("=========== TCP port 10000->")[1:]:
        port, _, body = block.partition(" ")
        parts = {
            line.split()[0]: [(low, high or low) for low, high in _SET.findall(line)]
            for line in body.splitlines()
            if "|->" in line
        }
        pairs = re.findall(r"^\((\w+),(\w+)\)$", body, re.MULTILINE)
        found.append(Matrix(int(port), parts, set(pairs)))
    return found
