"""Checks of AI components: what is used must be declared."""
