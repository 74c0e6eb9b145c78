"""Sign-ins for tests, each what differs from a vendor's at noon."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from checkvalve.observe.sign_ins.base import SignIn
from checkvalve.testing.segmentation import NOON

#: Anna of acme signs in on the controller from the vendor's network, at noon of a Monday.
ANNA: Final = SignIn(
    time=NOON,
    account="aberg",
    source="10.9.0.3",
    target="plc",
    service="ssh",
    outcome="success",
    mfa=True,
    method="publickey",
    session="7",
    ended=NOON + timedelta(hours=1),
    line=12,
    file="auth.log",
)


def anna(**fields: Any) -> SignIn:
    """Her sign-in with some fields else."""
    return replace(ANNA, **fields)


def later(hours: float) -> datetime:
    """Hours after noon."""
    return NOON + timedelta(hours=hours)
