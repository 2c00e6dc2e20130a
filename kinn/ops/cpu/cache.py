"""Where compiled kernels are kept."""

from __future__ import annotations

import os
from pathlib import Path


def folder() -> Path:
    """Return the folder of compiled kernels: `$KINN_CACHE`, or `kinn` in the user's cache folder."""
    chosen = os.environ.get("KINN_CACHE")
    if chosen:
        return Path(chosen).expanduser() / "kernels"
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "kinn" / "kernels"
