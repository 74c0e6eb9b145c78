"""Cisco: ASA, and the access lists of IOS, NX-OS and IOS XR."""
