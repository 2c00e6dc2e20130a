"""Quartiles with failures, times to thresholds, and the paired test, against figures worked out elsewhere."""

from __future__ import annotations

from math import inf, log

import numpy as np
import pytest
from scipy import stats

from kinn.experiments.statistics import compare, holm_correction, quartiles, time_to_threshold


def test_quartiles_are_those_of_numpy_and_failures_are_at_their_end() -> None:
    values = [3.0, 1.0, 4.0, 1.5, 9.0, 2.6]
    assert quartiles(values) == pytest.approx(tuple(np.percentile(values, (25, 50, 75))))
    assert quartiles([1.0, 2.0, 3.0, inf, inf]) == (2.0, 3.0, inf)
    assert quartiles([1.0, inf]).median == inf
    with pytest.raises(ValueError, match="no values"):
        quartiles([])


def test_the_first_time_at_an_accuracy_counts() -> None:
    trace = [(1.0, 0.5), (2.0, 0.01), (3.0, 0.02), (4.0, 1e-4)]
    assert [time_to_threshold(trace, e) for e in (1.0, 0.02, 1e-3, 1e-5)] == [1.0, 2.0, 4.0, inf]


def test_the_paired_test_is_students_on_logarithms() -> None:
    first = {0: 1e-4, 1: 3e-4, 2: 2e-4, 3: 8e-5}
    second = {0: 9e-4, 1: 8e-4, 2: 1.5e-3, 3: 7e-4}
    found = compare(first, second)
    reference = stats.ttest_rel([log(second[s]) for s in range(4)], [log(first[s]) for s in range(4)])
    interval = np.exp(reference.confidence_interval(0.95))
    assert found.p == pytest.approx(reference.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(interval))
    assert "kan is 6" in found.describe("kan", "mlp")
    back = compare(second, first)
    assert back.ratio == pytest.approx(1 / found.ratio)
    assert "mlp is 6" in back.describe("kan", "mlp")


def test_insignificant_differences_are_named_and_failures_counted() -> None:
    same = compare({0: 1.0, 1: 2.0, 2: 1.0}, {0: 2.0, 1: 1.0, 2: 1.1})
    assert "no statistically significant difference" in same.describe("a", "b")
    lost = compare({0: 1.0, 1: inf, 2: 1.0}, {0: 2.0, 1: 1.0, 2: 1.9})
    assert (lost.pairs, lost.seeds) == (2, 3)
    assert "2 pairs, 1 without a result" in lost.describe("a", "b")
    assert "too few pairs to compare" in compare({0: inf}, {0: 1.0}).describe("a", "b")


def test_a_difference_that_never_varies_is_certain() -> None:
    assert compare({0: 1.0, 1: 1.0}, {0: 2.0, 1: 2.0}).p == 0.0
    assert compare({0: 1.0, 1: 1.0}, {0: 1.0, 1: 1.0}).p == 1.0


def test_many_tests_are_corrected_by_holm() -> None:
    # 0.01 x 4, 0.02 x 3 and 0.03 x 2, which must not be below the one before
    assert holm_correction([0.02, 0.01, 0.03, 0.9]) == pytest.approx([0.06, 0.04, 0.06, 0.9])
    assert holm_correction([]) == []


def test_the_test_finds_a_difference_by_chance_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    draws = 10 ** rng.normal(size=(2000, 2, 5))
    p = [compare(dict(enumerate(a)), dict(enumerate(b))).p for a, b in draws]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.015)
