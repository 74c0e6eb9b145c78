"""What is remembered: the store, the record archive and the ledger.

One process at a time writes (``lock``); others leave their acts in its ``inbox``. ``keeper``
holds the parts together, so that a crash at any moment loses nothing that was reported.
"""
