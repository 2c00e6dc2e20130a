"""Work on ranges of points, shared among as many threads as torch is allowed.

The ranges depend on the number of points alone, so results do not depend on the number of threads, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
import torch

from kinn.ops.cpu.loops import Array

#: The least number of points worth a range of its own, and the greatest number of ranges.
LEAST, MOST = 512, 64


@lru_cache(maxsize=64)
def ranges(points: int, least: int = LEAST) -> Array:
    """Return where the ranges begin that a number of points is cut into, and that number.

    Args:
        points: The number of points.
        least: The least number of points of a range, except where there are fewer in all.
    """
    count = max(1, min(MOST, points // max(least, LEAST)))
    edges = np.arange(count + 1) * points // count
    edges.flags.writeable = False
    return edges


def run(work: Callable[[tuple[int, int]], None], count: int) -> None:
    """Call `work((first, step))` on as many threads as torch is set to use: ranges first, first + step, .. of `count`."""
    threads = min(torch.get_num_threads(), count)
    if threads == 1:
        work((0, 1))
        return
    others = [_pool(threads).submit(work, (first, threads)) for first in range(1, threads)]
    work((0, threads))
    for other in others:
        other.result()


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads - 1, thread_name_prefix="kinn-spline")
