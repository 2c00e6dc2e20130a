"""Ranges cover all points once, whatever the number of threads, and threads do not outlive their number."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from kinn.ops.cpu.layer import MAX_RANGES, MIN_RANGE_POINTS, ranges, run


@pytest.mark.parametrize("points", [0, 1, MIN_RANGE_POINTS - 1, 2 * MIN_RANGE_POINTS, 1000 * MIN_RANGE_POINTS + 7])
def test_ranges_cover_all_points_once(points: int) -> None:
    edges = ranges(points)
    assert edges[0] == 0
    assert edges[-1] == points
    sizes = np.diff(edges)
    assert len(sizes) <= MAX_RANGES
    assert sizes.max() - sizes.min() <= 1
    if points >= MIN_RANGE_POINTS:
        assert sizes.min() >= MIN_RANGE_POINTS


def test_a_range_is_worth_its_share_of_the_sums() -> None:
    assert len(ranges(4096, min_points=4096)) == 2


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_every_range_is_done_once_on_as_many_threads_as_torch_uses(threads: int) -> None:
    before = torch.get_num_threads()
    done: list[int] = []
    names: set[str] = set()
    lock = threading.Lock()

    def work(share: tuple[int, int]) -> None:
        with lock:
            names.add(threading.current_thread().name)
            done.extend(range(*share))

    torch.set_num_threads(threads)
    try:
        run(work, ranges(10 * MIN_RANGE_POINTS))
    finally:
        torch.set_num_threads(before)
    assert sorted(done) == list(range(10))
    assert len(names) <= threads


def test_an_error_in_a_thread_is_not_lost() -> None:
    before = torch.get_num_threads()

    def work(share: tuple[int, int]) -> None:
        if share[0]:
            raise ArithmeticError("in the other thread")

    torch.set_num_threads(2)
    try:
        with pytest.raises(ArithmeticError, match="other thread"):
            run(work, ranges(4 * MIN_RANGE_POINTS))
    finally:
        torch.set_num_threads(before)
