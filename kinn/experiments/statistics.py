"""Honest figures of a few runs: quartiles in which a failure counts, seconds to an accuracy, a paired test over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, floor, inf, isfinite, isinf, log
from typing import NamedTuple

#: The probability of a difference by chance below which it is called one.
LEVEL = 0.05


class Spread(NamedTuple):
    """The lower quartile, the median and the upper quartile; infinite where too many runs failed."""

    low: float
    median: float
    high: float


def spread(values: Iterable[float]) -> Spread:
    """Return the quartiles of values, of which some may be infinite: those of runs that failed.

    Between two values they are interpolated linearly (Hyndman and Fan, Am. Stat. 50, 1996, 361, definition 7).

    Raises:
        ValueError: If there are none.
    """
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")

    def quantile(q: float) -> float:
        position = q * (len(ordered) - 1)
        n = floor(position)
        share = position - n
        if share == 0:
            return ordered[n]
        return inf if isinf(ordered[n + 1]) else (1 - share) * ordered[n] + share * ordered[n + 1]

    return Spread(quantile(0.25), quantile(0.5), quantile(0.75))


def seconds_to(trace: Sequence[tuple[float, float]], accuracy: float) -> float:
    """Return the seconds of training after which the error was first at most `accuracy`; infinite where it never was.

    Args:
        trace: Seconds and errors, in the order of time.
        accuracy: A relative error.
    """
    return next((seconds for seconds, error in trace if error <= accuracy), inf)


@dataclass(frozen=True)
class Comparison:
    """Two ways to solve one problem, seed by seed.

    Attributes:
        ratio: The geometric mean of the errors of the second over those of the first.
        low: The lower end of its confidence interval of 95 %.
        high: The upper end.
        p: The probability that errors differ so much by chance.
        pairs: The number of seeds with which both came to an end.
        seeds: The number of seeds with which both were tried.
    """

    ratio: float
    low: float
    high: float
    p: float
    pairs: int
    seeds: int

    def verdict(self, first: str, second: str) -> str:
        """Return the comparison as a sentence."""
        lost = self.seeds - self.pairs
        counted = f"{self.pairs} pairs" + (f", {lost} without a result" if lost else "")
        if self.pairs < 2:
            return f"{first} against {second}: too few pairs to tell ({counted})"
        better, worse = (first, second) if self.ratio > 1 else (second, first)
        if self.p >= LEVEL:
            return f"{first} against {second}: no difference beyond noise (p = {self.p:.2g}, {counted})"
        ends = (self.low, self.high) if self.ratio > 1 else (1 / self.high, 1 / self.low)
        factor = max(self.ratio, 1 / self.ratio)
        interval = f"{ends[0]:.2g} to {ends[1]:.2g}"
        return f"{better} is {factor:.2g} times ({interval}) as accurate as {worse} (p = {self.p:.2g}, {counted})"


def compared(first: Mapping[int, float], second: Mapping[int, float]) -> Comparison:
    """Return a comparison of errors by seed: Student's t test of the differences of their logarithms.

    Errors of such runs spread over orders of magnitude, evenly on a logarithmic scale. Pairs in which one run failed have
    no difference; they are counted beside.
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
    error = (sum((d - mean) ** 2 for d in differences) / (n - 1) / n) ** 0.5
    if error == 0:
        return Comparison(exp(mean), exp(mean), exp(mean), 1.0 if mean == 0 else 0.0, n, len(seeds))
    reach = float(stats.t.ppf(0.975, n - 1)) * error
    p = float(2 * stats.t.sf(abs(mean) / error, n - 1))
    return Comparison(exp(mean), _exp(mean - reach), _exp(mean + reach), p, n, len(seeds))


def adjusted(probabilities: Sequence[float]) -> list[float]:
    """Return probabilities corrected for how many there are, by Holm's method (Scand. J. Stat. 6, 1979, 65)."""
    order = sorted(range(len(probabilities)), key=lambda n: probabilities[n])
    out, highest = [0.0] * len(probabilities), 0.0
    for rank, n in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * probabilities[n]))
        out[n] = highest
    return out


def _exp(x: float) -> float:
    return exp(x) if x < 700 else inf
