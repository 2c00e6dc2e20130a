"""Freed memory stays with the process for the next step.

A step's stacks are megabytes that come and go. The C library returns such memory to the kernel at once, which then
clears every page anew for the next step: a fifth of the time of a step, with 4,096 points. This is a setting of the whole
process, so it is made once, for the GNU library alone, and not where its user has set it.
"""

from __future__ import annotations

import ctypes
import os
import platform

#: The parameters of mallopt (malloc.h), and how many bytes free memory and single pieces of it may have.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
KEPT = 64 * 2**20
LARGEST = 16 * 2**20


def keep_freed_memory() -> None:
    """Let the C library keep up to `KEPT` bytes of free memory."""
    chosen = any(name.startswith("MALLOC_") for name in os.environ) or "GLIBC_TUNABLES" in os.environ
    if chosen or platform.libc_ver()[0] != "glibc":
        return
    mallopt = ctypes.CDLL(None).mallopt
    mallopt(_MMAP_THRESHOLD, LARGEST)
    mallopt(_TRIM_THRESHOLD, KEPT)
