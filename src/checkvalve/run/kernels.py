"""The compiled kernels: whether they are on disk already."""

from __future__ import annotations

from pathlib import Path

import numba

import checkvalve


def are_cached() -> bool:
    """Whether kernels were compiled before; if not, the first use takes a while."""
    named = numba.config.CACHE_DIR
    folder = Path(named) if named else Path(checkvalve.__file__).parent
    return next(folder.rglob("joining.join-*.nbi"), None) is not None
