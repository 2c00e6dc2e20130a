"""Univariate functions as streams of derivatives: f(u), f'(u), f''(u), ... on demand.

A jet composes with a function by way of its derivatives at the value, and asks for no more of them than it needs, so
each function here is a generator that never ends and shares the costly part (the exponential, the tanh) between orders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import count, cycle
from typing import TypeAlias

import torch
from numpy.polynomial.polynomial import polyder, polymul, polysub
from torch import Tensor

#: The elementary functions, of the same names in numpy, scipy or torch.
NAMES = (
    "exp", "log", "sin", "cos", "tan", "arctan", "sinh", "cosh", "tanh", "sqrt", "erf", "sigmoid", "silu", "gelu", "abs",
    "sign", "floor",
)  # fmt: skip

#: Maps the values u to the endless stream f(u), f'(u), f''(u), ...
Univariate: TypeAlias = Callable[[Tensor], Iterator[Tensor]]


def exp(u: Tensor) -> Iterator[Tensor]:
    """The exponential: its own derivative."""
    e = torch.exp(u)
    while True:
        yield e


def sin(u: Tensor) -> Iterator[Tensor]:
    """The sine."""
    yield (s := torch.sin(u))
    yield (c := torch.cos(u))
    yield from cycle((-s, -c, s, c))


def cos(u: Tensor) -> Iterator[Tensor]:
    """The cosine."""
    yield (c := torch.cos(u))
    s = torch.sin(u)
    yield -s
    yield from cycle((-c, s, c, -s))


def _horner(t: Tensor, coefficients: Sequence[float]) -> Tensor:
    total = torch.zeros_like(t)
    for c in reversed(coefficients):
        total = total * t + c
    return total


@cache
def derivative_coefficients(slope: tuple[float, ...], k: int) -> tuple[float, ...]:
    """Coefficients of the k-th derivative of t as a polynomial in t, where t' is the polynomial `slope` in t."""
    if k == 0:
        return 0.0, 1.0
    return tuple(polymul(polyder(derivative_coefficients(slope, k - 1)), slope).tolist())


def _in_powers(t: Tensor, slope: tuple[float, ...]) -> Iterator[Tensor]:
    """The function t and its derivatives."""
    return (_horner(t, derivative_coefficients(slope, k)) for k in count())


def tanh(u: Tensor) -> Iterator[Tensor]:
    """The hyperbolic tangent, t' = 1 - t^2."""
    return _in_powers(torch.tanh(u), (1.0, 0.0, -1.0))


def sigmoid(u: Tensor) -> Iterator[Tensor]:
    """The logistic function, s' = s - s^2."""
    return _in_powers(torch.sigmoid(u), (0.0, 1.0, -1.0))


def tan(u: Tensor) -> Iterator[Tensor]:
    """The tangent, t' = 1 + t^2."""
    return _in_powers(torch.tan(u), (1.0, 0.0, 1.0))


def sinh(u: Tensor) -> Iterator[Tensor]:
    """The hyperbolic sine."""
    return cycle((torch.sinh(u), torch.cosh(u)))


def cosh(u: Tensor) -> Iterator[Tensor]:
    """The hyperbolic cosine."""
    return cycle((torch.cosh(u), torch.sinh(u)))


def power(exponent: float) -> Univariate:
    """The power u -> u^exponent for any real exponent (u > 0 unless the exponent is a whole number >= 0)."""

    def stream(u: Tensor) -> Iterator[Tensor]:
        factor, remaining = 1.0, exponent
        while True:
            # a whole exponent ends in zeros; 0 * u^-1 would make NaN of them at u = 0
            yield factor * u**remaining if factor else torch.zeros_like(u)
            factor, remaining = factor * remaining, remaining - 1.0

    return stream


sqrt: Univariate = power(0.5)
reciprocal: Univariate = power(-1.0)


def log(u: Tensor) -> Iterator[Tensor]:
    """The natural logarithm."""
    yield torch.log(u)
    yield from power(-1.0)(u)


def arctan(u: Tensor) -> Iterator[Tensor]:
    """The inverse tangent; (1 + u^2) f^(k+1) = -2 k u f^(k) - k (k-1) f^(k-1)."""
    yield torch.arctan(u)
    scale = 1.0 / (1.0 + u * u)
    previous, current, k = torch.zeros_like(u), scale, 1
    while True:
        yield current
        previous, current = current, -scale * (2 * k * u * current + k * (k - 1) * previous)
        k += 1


def erf(u: Tensor) -> Iterator[Tensor]:
    """The error function; its derivatives are Hermite functions, h_{k+1} = -2 u h_k - 2 k h_{k-1}."""
    yield torch.erf(u)
    previous, current, k = torch.zeros_like(u), 2.0 / torch.pi**0.5 * torch.exp(-u * u), 0
    while True:
        yield current
        previous, current = current, -2.0 * (u * current + k * previous)
        k += 1


def _times_identity(f: Univariate) -> Univariate:
    """The function u -> u f(u), whose k-th derivative is u f^(k) + k f^(k-1)."""

    def stream(u: Tensor) -> Iterator[Tensor]:
        previous: Tensor | None = None
        for k, current in enumerate(f(u)):
            yield u * current if previous is None else u * current + k * previous
            previous = current

    return stream


def normal_cdf(u: Tensor) -> Iterator[Tensor]:
    """The distribution function of the standard normal, (1 + erf(u / sqrt 2)) / 2."""
    scale = 0.5**0.5
    for k, f in enumerate(erf(scale * u)):
        yield 0.5 * (1.0 + f) if k == 0 else 0.5 * scale**k * f


silu: Univariate = _times_identity(sigmoid)  #: u / (1 + e^-u), also called swish
gelu: Univariate = _times_identity(normal_cdf)  #: u Phi(u), the exact GELU


def abs(u: Tensor) -> Iterator[Tensor]:
    """The absolute value; at 0 its derivatives are taken as 0."""
    yield torch.abs(u)
    yield from sign(u)


def sign(u: Tensor) -> Iterator[Tensor]:
    """The sign; its derivatives are taken as 0 everywhere."""
    yield torch.sign(u)
    while True:
        yield torch.zeros_like(u)


def floor(u: Tensor) -> Iterator[Tensor]:
    """The largest whole number up to u; its derivatives are taken as 0 everywhere."""
    yield torch.floor(u)
    while True:
        yield torch.zeros_like(u)


@cache
def softsign_coefficients(k: int) -> tuple[float, ...]:
    """Coefficients of the polynomial p_k of `softsign`."""
    if k == 0:
        return 0.0, 1.0
    p = softsign_coefficients(k - 1)
    return tuple(polysub(polymul(polyder(p), (1.0, 0.0, 1.0)), polymul((0.0, 2.0 * k - 1.0), p)).tolist())


def softsign(u: Tensor) -> Iterator[Tensor]:
    """The smooth bounded map u / sqrt(1 + u^2) = u (1 + u^2)^-1/2.

    With q = 1 + u^2 its derivatives are p_k(u) q^-(k + 1/2): p_0 = u, p_{k+1} = p_k' q - (2 k + 1) u p_k.
    """
    root = torch.rsqrt(1.0 + u * u)
    return (_horner(u, softsign_coefficients(k)) * root ** (2 * k + 1) for k in count())
