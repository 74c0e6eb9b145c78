"""Juniper: Junos SRX."""
