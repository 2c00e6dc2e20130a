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
LEAST, MOST = 1024, 64

#: The number of points that a thread takes through all layers before it turns to others: their stacks stay in its caches.
TOGETHER = 4096


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


def run(work: Callable[[tuple[int, int]], None], parts: Array) -> None:
    """Call `work((first, last))` for all ranges, a few neighbours at a time, on as many threads as torch is set to use.

    Args:
        work: Does the ranges first, .., last - 1.
        parts: What `ranges` returned.
    """
    count = len(parts) - 1
    threads = min(torch.get_num_threads(), count)
    together = max(1, min(-(-count // threads), TOGETHER * count // max(int(parts[-1]), 1)))
    shares = [(first, min(first + together, count)) for first in range(0, count, together)]

    def own(thread: int) -> None:
        for share in shares[thread::threads]:
            work(share)

    others = [_pool(threads).submit(own, thread) for thread in range(1, threads)]
    own(0)
    for other in others:
        other.result()


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads - 1, thread_name_prefix="kinn-spline")
