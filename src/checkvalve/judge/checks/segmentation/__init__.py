"""Checks of zones and conduits, against traffic that was seen."""
