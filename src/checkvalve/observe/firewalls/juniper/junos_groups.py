"""Configuration groups of Junos: what ``apply-groups`` brings into the tree.

Private to the Junos reader. Follows *Use Configuration Groups to Quickly Configure Devices* of
the Junos CLI guide: a statement's own values count before those of a group, an inner
``apply-groups`` before an outer one, an earlier group before a later one; ``<*>`` stands for
names that are there. A group that applies another is not read.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from checkvalve.observe.firewalls.juniper.junos_tree import Node, Tree

_APPLY: Final = "apply-groups"
_EXCEPT: Final = "apply-groups-except"
_ACTIONS: Final = frozenset({"permit", "deny", "reject"})
#: Statements that hold one value, so that their own counts alone.
_SINGLE: Final = frozenset(
    {"protocol", "source-port", "destination-port", "icmp-type", "icmp-code", "icmp6-type"}
    | {"icmp6-code", "scheduler-name", "default-policy", "description"}
)
#: Parts of a configuration that could decide what passes.
_DECIDE: Final = frozenset({"security", "applications", "schedulers", "firewall", "interfaces"})


@dataclass(frozen=True, slots=True)
class _Use:
    """One ``apply-groups``: the group's part for that place goes there."""

    target: Node
    group: str
    sources: tuple[Node, ...]


def apply_groups(tree: Tree) -> None:
    """Bring into the tree what its groups hold for it; what can't be is a doubt."""
    groups = {one.word: one for one in tree.root.at("groups").active()}
    uses: list[_Use] = []
    stack: list[tuple[Node, dict[str, tuple[Node, ...]]]] = [
        (tree.root, {name: (node,) for name, node in groups.items()})
    ]
    while stack:
        node, here = stack.pop()
        # The last use is brought in first of all, so that later and outer ones find its values.
        for word in reversed([one.word for one in node.at(_APPLY).active()]):
            if word not in groups:
                _undefined(tree, node, word, groups)
            elif word in here:
                uses.append(_Use(node, word, here[word]))
        stack += [
            (child, _inside(here, child.word))
            for child in node.active()
            if child.word != "groups" or node is not tree.root
        ]
    for use in reversed(uses):
        for source in use.sources:
            _merge(tree, use, source)


def _undefined(tree: Tree, node: Node, word: str, groups: dict[str, Node]) -> None:
    line = node.at(_APPLY).children[word].line
    if not word.startswith("${"):
        tree.doubts.append((line, f"nobody defines the group {word!r}"))
        return
    ours = [one for name, one in groups.items() if name.startswith("node")]
    held = {child.word for one in ours for child in one.active()} & (_DECIDE - {"interfaces"})
    if held:
        tree.doubts.append((line, f"which group {word!r} stands for depends on the node"))


def _inside(here: dict[str, tuple[Node, ...]], word: str) -> dict[str, tuple[Node, ...]]:
    """What groups hold for a child of a place."""
    inner = {
        name: tuple(one for node in nodes for one in node.active() if _names(one.word, word))
        for name, nodes in here.items()
    }
    return {name: nodes for name, nodes in inner.items() if nodes}


def _names(pattern: str, word: str) -> bool:
    return pattern == word or (_is_pattern(pattern) and fnmatchcase(word, pattern[1:-1]))


def _is_pattern(word: str) -> bool:
    return word.startswith("<") and word.endswith(">")


def _merge(tree: Tree, use: _Use, source: Node) -> None:
    stack = [(use.target, source)]
    while stack:
        target, from_group = stack.pop()
        if use.group in target.at(_EXCEPT).children:
            continue
        own = {one.word for one in target.children.values()}
        for one in from_group.active():
            if one.word in (_APPLY, _EXCEPT):
                tree.doubts.append((one.line, "a group that applies groups is not read"))
            elif _is_pattern(one.word):
                matched = [node for node in target.active() if _names(one.word, node.word)]
                stack += [(node, one) for node in matched]
            elif not _counts_before(target, own, one.word):
                stack.append((_child(target, one), one))


def _counts_before(target: Node, own: set[str], word: str) -> bool:
    """Whether a statement's own value counts, so that a group's does not."""
    if word in own or not own:
        return False
    return target.word in _SINGLE or (word in _ACTIONS and bool(own & _ACTIONS))


def _child(target: Node, one: Node) -> Node:
    child = target.children.setdefault(one.word, Node(one.word, one.line))
    child.lines += one.lines
    return child
