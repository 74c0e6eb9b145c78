"""Detectors: what differs from what was learnt, one member a file.

To add one: write its file in the folder of its kind, name it below, give it a page in
``docs/rules/``. File ``new_writer.py`` holds class ``NewWriter`` with rule ``new-writer``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from checkvalve.judge.detectors.base import Detector

MEMBERS: Final = (
    "network.changed_rhythm",
    "network.lost_conversation",
    "network.new_conversation",
    "network.new_function",
    "network.new_range",
    "network.new_talker",
    "network.new_writer",
    "network.scan",
    "network.unanswered_requests",
    "network.unlike_peers",
    "network.unusual_sequence",
)


def members() -> tuple[type[Detector], ...]:
    """The class of each detector."""
    return tuple(_class_of(member) for member in MEMBERS)


def _class_of(member: str) -> type[Detector]:
    name = "".join(word.capitalize() for word in member.rsplit(".", 1)[-1].split("_"))
    found: type[Detector] = getattr(import_module(f"{__name__}.{member}"), name)
    return found
