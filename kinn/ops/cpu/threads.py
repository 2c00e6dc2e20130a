"""Work on ranges of points, shared among as many threads as torch is allowed.

The ranges depend on the number of points alone, so results do not depend on the number of threads, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise

import torch

#: The least number of points worth a range of its own, and the greatest number of ranges.
LEAST, MOST = 512, 64


def ranges(points: int, least: int = LEAST) -> list[tuple[int, int]]:
    """Return the ranges (start, stop) that a number of points is cut into.

    Args:
        points: The number of points.
        least: The least number of points of a range, except where there are fewer in all.
    """
    count = max(1, min(MOST, points // max(least, LEAST)))
    edges = [points * n // count for n in range(count + 1)]
    return list(pairwise(edges))


def run(work: Callable[[int, int, int], None], parts: list[tuple[int, int]]) -> None:
    """Call `work(n, start, stop)` for every range, on as many threads as torch is set to use."""
    threads = min(torch.get_num_threads(), len(parts))
    if threads <= 1:
        for n, (start, stop) in enumerate(parts):
            work(n, start, stop)
        return

    def share(first: int) -> None:
        for n in range(first, len(parts), threads):
            work(n, *parts[n])

    others = [_pool(threads).submit(share, first) for first in range(1, threads)]
    share(0)
    for other in others:
        other.result()


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads - 1, thread_name_prefix="kinn-spline")
