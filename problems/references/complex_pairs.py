"""Complex numbers as pairs of real ones, which may be arrays or fields: harmonic functions with their derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos as cosine
from math import sin as sine
from typing import Any, TypeAlias

from kinn.jets.jet import Jet
from kinn.math import arctan2, cos, exp, log, sin, where

#: Real and imaginary part.
Pair: TypeAlias = tuple[Any, Any]


def times(a: Pair, b: Pair) -> Pair:
    """Return the product."""
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def reciprocal(a: Pair) -> Pair:
    """Return 1 / a."""
    squared = a[0] * a[0] + a[1] * a[1]
    return a[0] / squared, -a[1] / squared


def turned(a: Pair, angle: float) -> Pair:
    """Return a e^(-i angle): a in axes that are turned by the angle."""
    c, s = cosine(angle), sine(angle)
    return a[0] * c + a[1] * s, a[1] * c - a[0] * s


def polynomial(coefficients: Sequence[float], a: Pair) -> Pair:
    """Return sum_k coefficients[k] a^k, by Horner's scheme."""
    total: Pair = (coefficients[-1], 0.0)
    for c in reversed(coefficients[:-1]):
        re, im = times(total, a)
        total = (re + c, im)
    return total


def positive(v: Any) -> Any:
    """Return v where it is positive and 1 elsewhere, to keep logarithms and powers finite."""
    values = v.value if isinstance(v, Jet) else v
    return where(values > 0, v, 1.0)


def logarithm(a: Pair) -> Pair:
    """Return log a, its imaginary part between -pi and pi; the modulus of 0 counts as 1."""
    return log(positive(a[0] * a[0] + a[1] * a[1])) / 2, arctan2(a[1], a[0])


def power(a: Pair, exponent: float) -> Pair:
    """Return a^exponent, the argument of a between -pi and pi; the modulus of 0 counts as 1."""
    modulus = positive(a[0] * a[0] + a[1] * a[1]) ** (exponent / 2)
    angle = exponent * arctan2(a[1], a[0])
    return modulus * cos(angle), modulus * sin(angle)


def complex_power(a: Pair, exponent: complex) -> Pair:
    """Return a^exponent, the argument of a between -pi and pi; that of 0 is 0."""
    squared = a[0] * a[0] + a[1] * a[1]
    stretch, angle = logarithm(a)
    modulus = exp(exponent.real * stretch - exponent.imag * angle)
    turn = exponent.imag * stretch + exponent.real * angle
    inside = (squared.value if isinstance(squared, Jet) else squared) > 0
    return where(inside, modulus * cos(turn), 0.0), where(inside, modulus * sin(turn), 0.0)
