r"""The lines of iptables: words, options with their negation, and which module they are of.

Grammar: iptables(8), iptables-save(8). A ``!`` stands before the option, or, in old files, behind
it. Words in double quotes may hold spaces; ``\`` protects a quote in them.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Final

#: Options of no module, by all their names.
_BASE: Final = {
    "-s": "-s", "--source": "-s", "--src": "-s", "-d": "-d", "--destination": "-d",
    "--dst": "-d", "-i": "-i", "--in-interface": "-i", "-o": "-o", "--out-interface": "-o",
    "-p": "-p", "--protocol": "-p", "--proto": "-p", "-f": "-f", "--fragment": "-f",
    "-4": "-4", "--ipv4": "-4", "-6": "-6", "--ipv6": "-6", "-c": "-c", "--set-counters": "-c",
}  # fmt: skip
_TARGETS: Final = {"-j": "-j", "--jump": "-j", "-g": "-g", "--goto": "-g"}
_MODULE: Final = ("-m", "--match")
#: Options whose one value is free text: it may begin with a dash or be an exclamation mark.
_FREE_TEXT: Final = frozenset(
    {"--comment", "--log-prefix", "--nflog-prefix", "--ulog-prefix", "--string", "--hex-string"}
)
#: Options of the protocol's module, which need no ``-m`` and may stand behind other modules.
_OF_PROTOCOL: Final = frozenset(
    {"--sport", "--source-port", "--dport", "--destination-port", "--syn", "--tcp-flags"}
    | {"--tcp-option", "--icmp-type", "--icmpv6-type"}
)


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a rule, such as ``! --dport 22``."""

    name: str
    values: tuple[str, ...] = ()
    negated: bool = False

    @property
    def value(self) -> str:
        """Its only value.

        Raises:
            ValueError: it has none, or several.
        """
        if len(self.values) != 1:
            raise ValueError(f"{self.name} takes one value")
        return self.values[0]

    def __str__(self) -> str:
        return " ".join((*(["!"] if self.negated else []), self.name, *self.values))


@dataclass(slots=True)
class RuleWords:
    """A rule's options, sorted.

    Attributes:
        base: those of no module.
        modules: the modules in their order, each with its options.
        target: what ``-j`` or ``-g`` names; empty if the rule only counts.
        goes: ``-g``.
        target_options: options of the target.
    """

    base: list[Option] = field(default_factory=list)
    modules: list[tuple[str, list[Option]]] = field(default_factory=list)
    target: str = ""
    goes: bool = False
    target_options: list[Option] = field(default_factory=list)


def words_of(line: str) -> list[str]:
    """The words of a line, without their quotes.

    Raises:
        ValueError: a quote is not closed.
    """
    return shlex.split(line) if '"' in line or "'" in line or "\\" in line else line.split()


def sort_options(words: list[str]) -> RuleWords:
    """Sort what follows ``-A CHAIN`` in a rule.

    Raises:
        ValueError: a word stands where no option is, or there are two targets.
    """
    found = RuleWords()
    own: list[Option] = []  # options of the module or target named last
    of_protocol: list[Option] | None = None
    at = 0
    while at < len(words):
        option, at = _option(words, at)
        if option.name in _MODULE:
            own = []
            found.modules.append((option.value, own))
        elif option.name in _TARGETS:
            if found.target or option.negated:
                raise ValueError("a rule has one target")
            own = found.target_options
            found.target, found.goes = option.value, _TARGETS[option.name] == "-g"
        elif option.name in _BASE:
            found.base.append(Option(_BASE[option.name], option.values, option.negated))
            if _BASE[option.name] == "-p":
                of_protocol = []
                found.modules.append((option.value, of_protocol))
        elif option.name in _OF_PROTOCOL and of_protocol is not None and not _is_ports(found, own):
            of_protocol.append(option)
        elif not found.modules and not found.target:
            raise ValueError(f"{option.name} is an option of no module")
        else:
            own.append(option)
    return found


def _is_ports(found: RuleWords, own: list[Option]) -> bool:
    """Whether the module named last is one that has ports of its own."""
    return bool(found.modules) and found.modules[-1] == ("multiport", own)


def _option(words: list[str], at: int) -> tuple[Option, int]:
    """The option that begins at a word, and where the next one begins."""
    negated = words[at] == "!"
    at += negated
    if at == len(words) or not words[at].startswith("-"):
        raise ValueError(f"{words[min(at, len(words) - 1)]!r} is no option")
    name = words[at]
    at += 1
    if name in _FREE_TEXT:
        return Option(name, tuple(words[at : at + 1]), negated), at + 1
    if at + 1 < len(words) and words[at] == "!" and not words[at + 1].startswith("-"):
        negated = not negated
        at += 1
    end = at
    while end < len(words) and not words[end].startswith("-") and words[end] != "!":
        end += 1
    return Option(name, tuple(words[at:end]), negated), end
