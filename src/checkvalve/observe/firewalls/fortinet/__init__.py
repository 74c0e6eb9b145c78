"""Fortinet: FortiOS."""
