"""Statistics over seeds: quartiles in which failures count, time to an error threshold, a paired test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, floor, inf, isfinite, isinf, log
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
        n = floor(position)
        fraction = position - n
        if fraction == 0:
            return ordered[n]
        return inf if isinf(ordered[n + 1]) else (1 - fraction) * ordered[n] + fraction * ordered[n + 1]

    return Quartiles(quantile(0.25), quantile(0.5), quantile(0.75))


def time_to_threshold(error_history: Sequence[tuple[float, float]], threshold: float) -> float:
    """Seconds of training after which the error was first at most `threshold`; infinite if it never was.

    Args:
        error_history: Seconds and errors, in the order of time.
        threshold: A relative error.
    """
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
    standard_error = (sum((d - mean) ** 2 for d in differences) / (n - 1) / n) ** 0.5
    if standard_error == 0:
        return Comparison(exp(mean), exp(mean), exp(mean), 1.0 if mean == 0 else 0.0, n, len(seeds))
    half_width = float(stats.t.ppf(0.975, n - 1)) * standard_error
    p = float(2 * stats.t.sf(abs(mean) / standard_error, n - 1))
    return Comparison(exp(mean), _exp(mean - half_width), _exp(mean + half_width), p, n, len(seeds))


def holm_correction(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number, by Holm's method (Scand. J. Stat. 6, 1979, 65)."""
    order = sorted(range(len(p_values)), key=lambda n: p_values[n])
    out, highest = [0.0] * len(p_values), 0.0
    for rank, n in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p_values[n]))
        out[n] = highest
    return out


def _exp(x: float) -> float:
    return exp(x) if x < 700 else inf
