"""Checkvalve: AI in operational technology without the chaos.

The plant is declared once; everything else is observed, judged against it, and acted on,
with proof. Each folder below answers one question; see ``docs/architecture.md``.
"""

__version__ = "0.1.0"
