"""Taylor coefficients of polynomials by repeated synthetic division, and the same transposed; all in registers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kinn.ops.cpu.ir_builder import Vectors


def taylor(v: Vectors, coefficients: Sequence[Any], s: Any, order: int) -> list[Any]:
    """Return the Taylor coefficients 0..order at s of the polynomial with these coefficients; None for zero."""
    c = list(coefficients)
    for m in range(min(order + 1, len(c))):
        for p in range(len(c) - 2, m - 1, -1):
            c[p] = v.multiply_add(s, c[p + 1], c[p])
    return [*c, *[None] * (order + 1)][: order + 1]


def taylor_adjoint(v: Vectors, cotangents: Sequence[Any], s: Any, degree: int) -> list[Any]:
    """Return the cotangents of a polynomial's coefficients, given those of its Taylor coefficients."""
    g = [*cotangents, *[None] * (degree + 1)][: degree + 1]
    for m in range(min(len(cotangents), degree + 1) - 1, -1, -1):
        for p in range(m, degree):
            g[p + 1] = v.multiply_add(s, g[p], g[p + 1])
    return g
