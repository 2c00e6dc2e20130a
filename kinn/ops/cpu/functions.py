"""The univariate functions of a KAN layer with their derivatives, several points at once.

Everything follows from one exponential: exp(x) = 2^n exp(r) with |r| <= log(2) / 2, exp(r) - 1 by its Taylor series
(the remainder is below a rounding error), 2^n by writing n into the exponent's bits. Values of NaN come out as NaN.
Derivatives of the logistic function and of tanh are polynomials in the function, those of softsign in the argument.
Behind a bounded map the logistic function itself is a polynomial.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import factorial
from typing import Any

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial

from kinn.jets.univariate import derivative_coefficients, softsign_coefficients
from kinn.ops.cpu.ir_builder import Vectors

LOG2E = 1.4426950408889634


@dataclass(frozen=True)
class Format:
    """Constants of the exponential in one precision.

    Attributes:
        ln2: log(2) in two parts, the first with so few digits that its multiples are exact (Cody and Waite).
        digits: The bits after the leading one; 1.5 * 2^digits, added, leaves the nearest whole number in the low bits.
        bias: The exponent's bits for 2^0.
        smallest: The exponential of less is a subnormal number.
        order: The order of the Taylor series.
    """

    ln2: tuple[float, float]
    digits: int
    bias: int
    smallest: float
    order: int


FORMATS = {
    4: Format((0.693359375, -2.12194440054690583e-4), 23, 127, -87.0, 7),
    8: Format((6.93147180369123816490e-01, 1.90821492927058770002e-10), 52, 1023, -700.0, 13),
}


def expm1(v: Vectors, x: Any) -> Any:
    """exp(x) - 1 for numbers x <= 0."""
    b, exact = v.builder, ("contract",)  # regrouping would undo the rounding
    f = FORMATS[v.bytes]
    x = b.select(b.fcmp_ordered("<", x, v.constant(f.smallest)), v.constant(f.smallest), x)
    magic = v.constant(1.5 * 2**f.digits)
    rounded = b.fadd(b.fmul(x, v.constant(LOG2E), flags=exact), magic, flags=exact)
    n = b.fsub(rounded, magic)
    r = x
    for part in f.ln2:
        r = b.fsub(r, b.fmul(n, v.constant(part), flags=exact), flags=exact)
    series = polynomial(v, [0.0, *(1.0 / factorial(p) for p in range(1, f.order + 1))], r)
    bits = b.shl(b.bitcast(rounded, v.integers(0).type), v.integers(f.digits))
    scale = b.bitcast(b.add(bits, v.integers(f.bias << f.digits)), v.vector)
    return v.add(v.multiply(scale, series), b.fsub(scale, v.constant(1.0)))


def polynomial(v: Vectors, coefficients: Sequence[float], t: Any) -> Any:
    """Polynomial c_0 + c_1 t + .. at t; an even or odd polynomial is one in t^2."""
    even, odd = coefficients[::2], coefficients[1::2]
    if len(coefficients) > 2 and not any(odd):
        return polynomial(v, even, v.multiply(t, t))
    if len(coefficients) > 3 and not any(even):
        return v.multiply(t, polynomial(v, odd, v.multiply(t, t)))
    out: Any = None
    for c in reversed(coefficients):
        out = v.add(v.multiply(out, t), v.constant(c) if c else None)
    return v.constant(0.0) if out is None else out


def silu(v: Vectors, x: Any, count: int, *, bounded: bool = False) -> list[Any]:
    """The function x s and its derivatives x s^(m) + m s^(m-1), `count` in all; s is the logistic function.

    Args:
        v: The instructions.
        x: The arguments.
        count: The number of derivatives, the value included.
        bounded: Whether |x| <= 1.
    """
    if bounded:
        centred = v.multiply(x, polynomial(v, _logistic_series(v.bytes), v.multiply(x, x)))
        s = v.add(centred, v.constant(0.5))
    else:
        e = expm1(v, v.builder.fneg(_magnitude(v, x)))
        smaller = v.divide(v.add(e, v.constant(1.0)), v.add(e, v.constant(2.0)))
        s = v.builder.select(_negative(v, x), smaller, v.subtract(v.constant(1.0), smaller))
        centred = v.subtract(s, v.constant(0.5))
    slopes = [derivative_coefficients((0.25, 0.0, -1.0), m) for m in range(1, count)]
    rows = [s, *(polynomial(v, slope, centred) for slope in slopes)]
    steps = [v.multiply(below, v.constant(m)) for m, below in enumerate(rows[:-1], start=1)]
    return [v.multiply(x, s), *(v.multiply_add(x, row, step) for row, step in zip(rows[1:], steps, strict=True))]


@cache
def _logistic_series(precision: int) -> list[float]:
    """Coefficients of p, where 1/2 + x p(x^2) is the logistic function on [-1, 1] to within rounding.

    That function has its nearest singularities at +-i pi, so that interpolation in Chebyshev points gains a factor of 40 a
    coefficient.
    """

    def centred(z: Any) -> Any:
        x = np.sqrt(z)
        return np.tanh(x / 2) / (2 * x)

    series = Chebyshev.interpolate(centred, {4: 4, 8: 9}[precision], domain=[0.0, 1.0])
    return [float(c) for c in series.convert(kind=Polynomial, domain=[-1, 1], window=[-1, 1]).coef]


def tanh(v: Vectors, x: Any, count: int) -> list[Any]:
    """The hyperbolic tangent and its derivatives, `count` in all."""
    e = expm1(v, v.multiply(v.constant(-2.0), _magnitude(v, x)))
    magnitude = v.divide(e, v.add(e, v.constant(2.0)))
    t = v.builder.select(_negative(v, x), magnitude, v.builder.fneg(magnitude))
    return [polynomial(v, derivative_coefficients((1.0, 0.0, -1.0), m), t) for m in range(count)]


def softsign(v: Vectors, x: Any, count: int) -> list[Any]:
    """The function x q^-1/2 and its derivatives p_m(x) q^-(m + 1/2), `count` in all; q = 1 + x^2."""
    inverse = v.divide(v.constant(1.0), v.multiply_add(x, x, v.constant(1.0)))
    power, out = v.call(f"llvm.sqrt.{v.suffix}", v.vector, inverse), []
    for m in range(count):
        out.append(v.multiply(polynomial(v, softsign_coefficients(m), x), power))
        power = v.multiply(power, inverse)
    return out


#: The bounded maps by name.
BOUNDED_MAPS: dict[str, Callable[[Vectors, Any, int], list[Any]]] = {"tanh": tanh, "softsign": softsign}


def _magnitude(v: Vectors, x: Any) -> Any:
    return v.call(f"llvm.fabs.{v.suffix}", v.vector, x)


def _negative(v: Vectors, x: Any) -> Any:
    return v.builder.fcmp_ordered("<", x, v.constant(0.0))
