"""Cook's membrane: a tapered panel that is clamped at one end and sheared at the other, in plane stress.

    div sigma = 0 on the panel with corners (0, 0), (48, 44), (48, 60), (0, 44), E = 1, nu = 1/3, clamped on x = 0, traction
    (0, 1/16) on x = 48, so that the force is 1, nothing on the rest

Biquadratic elements on a grid of x and of t, the share of the height between the lower and the upper edge. It is crowded
towards the four sides: where the clamped one meets the upper edge the stress is infinite, and at both ends of the sheared
one, where the tractions disagree, the displacement goes as r log r. Every second node is stored, and what is between is a
cubic spline of x and t.

Source: R. D. Cook, J. Struct. Div. ASCE 100 (1974) 1851; on record for the middle of the end is v = 23.96.

Needs scikit-fem; what it computed is stored. Run as a script it prints the convergence.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.interpolate import RectBivariateSpline

from kinn.fields import Field
from kinn.geometry.types import Array
from kinn.jets import Index
from kinn.problems.references.tensor_grids import on_grid

LENGTH, CORNERS = 48.0, ((0.0, 0.0), (48.0, 44.0), (48.0, 60.0), (0.0, 44.0))
YOUNG, POISSON, TRACTION = 1.0, 1 / 3, 1 / 16

#: Elements along and across.
ELEMENTS = (96, 64)

#: The power of their number with which the elements shrink towards the sides.
CROWDING = 3

#: The largest difference of the displacement at the elements' corners from that with half the elements, relative to the
#: largest; it falls ten times with each halving. Between the corners the spline is within twice as much.
CONVERGED = 2e-5

STORED = Path(__file__).parent / "cooks_membrane.npz"


def lower(x: Any) -> Any:
    """Return the height of the lower edge."""
    return 44 / 48 * x


def height(x: Any) -> Any:
    """Return how far the upper edge lies above the lower one."""
    return 44 - 28 / 48 * x


def crowded(n: int) -> Array:
    """Return n + 1 numbers from 0 to 1, crowded towards both."""
    a = np.linspace(0, 1, n + 1) ** CROWDING
    return a / (a + a[::-1])


def compute(elements: tuple[int, int] = ELEMENTS) -> tuple[Array, Array, Array]:
    """Return the nodes' x (n,) and t (m,), and the displacement (2, n, m) there."""
    import skfem
    from skfem.models.elasticity import lame_parameters, linear_elasticity

    along, across = (crowded(n) for n in elements)
    unit = skfem.MeshQuad.init_tensor(LENGTH * along, across)
    x, t = unit.p
    mesh = skfem.MeshQuad(np.stack([x, lower(x) + t * height(x)]), unit.t)
    element = skfem.ElementVector(skfem.ElementQuad2())
    basis = skfem.Basis(mesh, element, intorder=5)
    lame, shear = lame_parameters(YOUNG, POISSON)
    stiffness = linear_elasticity(2 * lame * shear / (lame + 2 * shear), shear).assemble(basis)
    x, y = basis.doflocs
    upwards = np.concatenate([basis.nodal_dofs[1], basis.facet_dofs[1]])
    upwards = upwards[np.isclose(x[upwards], LENGTH, rtol=1e-12)]
    upwards = upwards[np.argsort(y[upwards])]  # a corner, a middle, a corner, ..: Simpson's rule is exact
    ends = y[upwards[::2]]
    load = basis.zeros()
    for share, dofs in ((1 / 6, upwards[:-2:2]), (2 / 3, upwards[1::2]), (1 / 6, upwards[2::2])):
        load[dofs] += share * TRACTION * np.diff(ends)
    u = skfem.solve(*skfem.condense(stiffness, load, D=np.flatnonzero(np.isclose(x, 0.0))))
    return on_grid(basis, u, np.stack([x, (y - lower(x)) / height(x)]))


def save(x: Array, t: Array, values: Array) -> None:
    """Write what `compute` returns, at the corners of the elements, beside this module."""
    np.savez_compressed(STORED, x=x[::2], t=t[::2], values=values[:, ::2, ::2])


@cache
def load() -> tuple[RectBivariateSpline, RectBivariateSpline]:
    """Return the splines of what is stored: both components."""
    with np.load(STORED) as file:
        x, t, values = file["x"], file["t"], file["values"]
    first, second = (RectBivariateSpline(x, t, v, kx=3, ky=3) for v in values)
    return first, second


def derivative(points: Array, index: Index = (0, 0)) -> Array:
    """Return the displacement (N, 2), or a derivative of it up to the second, at points (N, 2)."""
    x, y = points.T
    h, dh = height(x), -28 / 48
    t = (y - lower(x)) / h
    tx, ty = -(44 / 48 + t * dh) / h, 1 / h
    txx, txy = -2 * dh * tx / h, -dh / h**2

    def column(spline: RectBivariateSpline) -> Array:
        def d(a: int, b: int) -> Array:
            return np.asarray(spline.ev(x, t, dx=a, dy=b))

        formulas: dict[Index, Callable[[], Array]] = {
            (0, 0): lambda: d(0, 0),
            (1, 0): lambda: d(1, 0) + d(0, 1) * tx,
            (0, 1): lambda: d(0, 1) * ty,
            (2, 0): lambda: d(2, 0) + 2 * d(1, 1) * tx + d(0, 2) * tx**2 + d(0, 1) * txx,
            (1, 1): lambda: d(1, 1) * ty + d(0, 2) * tx * ty + d(0, 1) * txy,
            (0, 2): lambda: d(0, 2) * ty**2,
        }
        return formulas[tuple(index)]()

    return np.stack([column(spline) for spline in load()], axis=1)


def reference(points: Array) -> Array:
    """Return the displacement (N, 2) at points (N, 2)."""
    return derivative(points)


def displacement(x: Field, y: Field) -> tuple[Field, Field]:
    """Return u and v as fields with their derivatives."""
    points = np.stack([torch.as_tensor(c.value).numpy() for c in (x, y)], axis=1)

    def component(n: int) -> Field:
        return Field(("x", "y"), lambda a: torch.as_tensor(derivative(points, a)[:, n]))

    return component(0), component(1)


def convergence() -> list[tuple[tuple[int, int], float, float]]:
    """Return for numbers of elements the deflection of the middle of the end, and what is left to gain.

    That is the largest change of the displacement at the elements' corners against twice the elements, relative to the
    largest.
    """
    counts = [(ELEMENTS[0] // k, ELEMENTS[1] // k) for k in (4, 2, 1)]
    found = [compute(count)[2][:, ::2, ::2] for count in counts]
    changes = [float(np.abs(b[:, ::2, ::2] - a).max() / np.abs(b).max()) for a, b in pairwise(found)]
    middles = [float(v[1, -1, n // 2]) for v, (_, n) in zip(found, counts, strict=True)]
    return list(zip(counts, middles, changes, strict=False))


if __name__ == "__main__":
    for elements, middle, change in convergence():
        print(f"{elements} elements: v = {middle:.5f}, change {change:.1e}")  # noqa: T201
