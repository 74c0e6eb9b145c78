"""How kernels are compiled, and where they are kept.

Numba keeps a compiled kernel under the time of its own source file, and does not see when a
kernel that it calls has changed: the stale machine code would then be linked, or abort the
process. So all kernels are kept in one folder that is named by a digest of all their sources:
a change of any begins a new folder.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any, Final, cast

import numba
import numpy as np

import checkvalve

_PACKAGE: Final = Path(checkvalve.__file__).parent


def digest_of_sources() -> str:
    """SHA-256, in hex, of every source file that compiles a kernel, cut to 16 digits."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        text = path.read_bytes()
        if b"njit" in text:
            digest.update(path.name.encode() + b"\0" + text)
    return digest.hexdigest()[:16]


def folder() -> Path:
    """Where compiled kernels are kept.

    ``NUMBA_CACHE_DIR`` if it is set; else beside the package, or in the user's cache where
    the package may not be written.
    """
    named = os.environ.get("NUMBA_CACHE_DIR")
    if named:
        base = Path(named)
    elif os.access(_PACKAGE, os.W_OK):
        base = _PACKAGE / "__pycache__"
    else:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        base = Path(home) / "checkvalve"
        if not os.access(base.parent, os.W_OK):
            base = Path(tempfile.gettempdir()) / f"checkvalve-{os.getuid()}"
    return base / f"kernels-{digest_of_sources()}"


def are_compiled() -> bool:
    """Whether kernels were compiled before; if not, the first use takes a while."""
    return next(folder().rglob("joining.join-*.nbi"), None) is not None


#: What NumPy's fixed-width numbers are to a kernel's reader: whole numbers.
i64: Final = cast("type[int]", np.int64)
u64: Final = cast("type[int]", np.uint64)
u32: Final = cast("type[int]", np.uint32)

numba.config.CACHE_DIR = str(folder())  # type: ignore[attr-defined]  # set when imported

#: On disk after the first time, reads checked. Kernels allocate nothing, so they need not
#: count references to their arguments, which would cost as much as their work does. Nothing
#: calls them as C does.
JIT: Final[dict[str, Any]] = {
    "cache": True,
    "boundscheck": True,
    "nogil": True,
    "error_model": "numpy",
    "_nrt": False,
    "no_cfunc_wrapper": True,
}
#: Kernels that only kernels call need no way in from Python: they compile faster without.
INNER: Final[dict[str, Any]] = {**JIT, "no_cpython_wrapper": True}
