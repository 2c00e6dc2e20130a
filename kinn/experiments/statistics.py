"""Statistics over seeds: quartiles in which failures count, time to an error threshold, a paired test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, exp, floor, inf, isfinite, isinf, log
from typing import NamedTuple

#: The p-value below which a difference is statistically significant.
SIGNIFICANCE_LEVEL = 0.05


class Quartiles(NamedTuple):
    """Lower quartile, median and upper quartile; infinite if too many runs failed."""

    lower: float
    median: float
    upper: float


def quartiles(values: Iterable[float]) -> Quartiles:
    """Quartiles of values, of which those of failed runs are infinite.

    Linear interpolation between two values (Hyndman and Fan, Am. Stat. 50, 1996, 361, definition 7).

    Raises:
        ValueError: If there are no values.
    """
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")

    def quantile(q: float) -> float:
        position = q * (len(ordered) - 1)
        lower, upper, fraction = ordered[floor(position)], ordered[ceil(position)], position % 1
        return inf if isinf(upper) else (1 - fraction) * lower + fraction * upper

    return Quartiles(quantile(0.25), quantile(0.5), quantile(0.75))


def time_to_threshold(error_history: Sequence[tuple[float, float]], threshold: float) -> float:
    """Seconds of training after which the error was first at most `threshold`; infinite if it never was."""
    return next((seconds for seconds, error in error_history if error <= threshold), inf)


@dataclass(frozen=True)
class Comparison:
    """Paired comparison of two methods on one problem, over seeds.

    Attributes:
        ratio: The geometric mean of the errors of the second method over those of the first.
        low: The lower end of its 95 % confidence interval.
        high: The upper end.
        p: The p-value of the difference.
        pairs: The number of seeds with a result of both.
        seeds: The number of seeds that both tried.
    """

    ratio: float
    low: float
    high: float
    p: float
    pairs: int
    seeds: int

    def describe(self, first: str, second: str) -> str:
        """The comparison as a sentence."""
        lost = self.seeds - self.pairs
        pairs = f"{self.pairs} pairs" + (f", {lost} without a result" if lost else "")
        if self.pairs < 2:
            return f"{first} against {second}: too few pairs to compare ({pairs})"
        better, worse = (first, second) if self.ratio > 1 else (second, first)
        if self.p >= SIGNIFICANCE_LEVEL:
            return f"{first} against {second}: no statistically significant difference (p = {self.p:.2g}, {pairs})"
        ends = (self.low, self.high) if self.ratio > 1 else (1 / self.high, 1 / self.low)
        factor = max(self.ratio, 1 / self.ratio)
        interval = f"{ends[0]:.2g} to {ends[1]:.2g}"
        return f"{better} is {factor:.2g} times ({interval}) as accurate as {worse} (p = {self.p:.2g}, {pairs})"


def compare(first: Mapping[int, float], second: Mapping[int, float]) -> Comparison:
    """Student's paired t test on the logarithms of errors by seed.

    Errors of such runs spread over orders of magnitude, evenly on a logarithmic scale. Pairs in which a run failed have no
    difference; they are counted separately.
    """
    from scipy import stats

    seeds = sorted(set(first) & set(second))
    differences = [
        log(second[s]) - log(first[s])
        for s in seeds
        if isfinite(first[s]) and isfinite(second[s]) and first[s] > 0 and second[s] > 0
    ]
    n = len(differences)
    if not n:
        return Comparison(1.0, 0.0, inf, 1.0, 0, len(seeds))
    mean = sum(differences) / n
    if n < 2:
        return Comparison(exp(mean), 0.0, inf, 1.0, n, len(seeds))
    if min(differences) == max(differences):
        return Comparison(exp(mean), exp(mean), exp(mean), 1.0 if mean == 0 else 0.0, n, len(seeds))
    test = stats.ttest_1samp(differences, 0.0)
    low, high = test.confidence_interval(0.95)
    return Comparison(exp(mean), _exp(low), _exp(high), float(test.pvalue), n, len(seeds))


def holm_correction(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number, by Holm's method (Scand. J. Stat. 6, 1979, 65)."""
    order = sorted(range(len(p_values)), key=lambda n: p_values[n])
    scaled = (min(1.0, (len(order) - rank) * p_values[n]) for rank, n in enumerate(order))
    corrected = dict(zip(order, accumulate(scaled, max), strict=True))
    return [corrected[n] for n in range(len(order))]


def _exp(x: float) -> float:
    return exp(x) if x < 700 else inf
