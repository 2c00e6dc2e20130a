"""A clamped beam of rubber bent by a dead load, in plane strain, by finite elements.

    psi = lambda (ln J)^2 / 2 - mu ln J + mu (tr C - 2) / 2 on [0, 4] x [0, 1], E = 1000, nu = 0.3; clamped on x = 0,
    traction (0, -5) on the undeformed x = 4

Biquadratic elements on a tensor grid that is crowded towards the clamped corners, where the stress is singular, and
Newton's method in steps of the load.

Needs scikit-fem; what it computed is stored.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import RectBivariateSpline

from kinn.geometry.types import Array
from kinn.problems.references.tensor_grids import on_grid

LENGTH, HEIGHT, YOUNG, POISSON, LOAD = 4.0, 1.0, 1000.0, 0.3, 5.0

#: Elements along and across, and steps of the load.
ELEMENTS, STEPS = (64, 24), 3

#: The largest difference of the displacement from that with half the elements, relative to the largest.
CONVERGED = 1e-4

STORED = Path(__file__).parent / "hyperelastic_beam.npz"


def lines(elements: tuple[int, int]) -> tuple[Array, Array]:
    """Return the corners of the elements along x and y."""
    along, across = (np.linspace(0, 1, n + 1) for n in elements)
    return LENGTH * along**1.7, HEIGHT * (1 - np.cos(np.pi * across)) / 2


def compute(elements: tuple[int, int] = ELEMENTS) -> tuple[Array, Array, Array]:
    """Return the nodes' x (nx,) and y (ny,), and the displacement (2, nx, ny) there."""
    import skfem
    from skfem.helpers import ddot, grad, identity

    lame = YOUNG * POISSON / ((1 + POISSON) * (1 - 2 * POISSON))
    shear = YOUNG / (2 * (1 + POISSON))
    mesh = skfem.MeshQuad.init_tensor(*lines(elements))
    element = skfem.ElementVector(skfem.ElementQuad2())
    basis = skfem.Basis(mesh, element, intorder=5)
    end = skfem.FacetBasis(mesh, element, facets=mesh.facets_satisfying(lambda x: np.isclose(x[0], LENGTH)))
    load = skfem.LinearForm(lambda v, w: -LOAD * v[1]).assemble(end)

    def state(w: Any) -> tuple[Any, Any, Any]:
        """Return F, F^-T and ln J."""
        f = grad(w["u"]) + identity(grad(w["u"]))
        j = f[0, 0] * f[1, 1] - f[0, 1] * f[1, 0]
        inverse = np.array([[f[1, 1], -f[1, 0]], [-f[0, 1], f[0, 0]]]) / j
        return f, inverse, np.log(j)

    def virtual_work(v: Any, w: Any) -> Any:
        f, inverse, volume = state(w)
        return ddot(shear * (f - inverse) + lame * volume * inverse, grad(v))

    def tangent(u: Any, v: Any, w: Any) -> Any:
        _, inverse, volume = state(w)
        du, dv = grad(u), grad(v)
        turned = np.einsum("ij...,kj...,kl...->il...", inverse, du, inverse)
        return (
            shear * ddot(du, dv)
            + (shear - lame * volume) * ddot(turned, dv)
            + lame * ddot(inverse, du) * ddot(inverse, dv)
        )

    clamped = np.flatnonzero(np.isclose(basis.doflocs[0], 0.0))
    u = basis.zeros()
    for step in range(1, STEPS + 1):
        for _ in range(12):
            at = basis.interpolate(u)
            out = load * (step / STEPS) - skfem.LinearForm(virtual_work).assemble(basis, u=at)
            matrix = skfem.BilinearForm(tangent).assemble(basis, u=at)
            change = skfem.solve(*skfem.condense(matrix, out, D=clamped))
            u += change
            if np.abs(change).max() < 1e-11:
                break
    return on_grid(basis, u, basis.doflocs)


def save(x: Array, y: Array, values: Array) -> None:
    """Write what `compute` returns beside this module."""
    np.savez_compressed(STORED, x=x, y=y, values=values)


@cache
def load() -> tuple[RectBivariateSpline, RectBivariateSpline]:
    """Return the splines of what is stored: both components."""
    with np.load(STORED) as file:
        x, y, values = file["x"], file["y"], file["values"]
    first, second = (RectBivariateSpline(x, y, v, kx=3, ky=3) for v in values)
    return first, second


def reference(points: Array, dx: int = 0, dy: int = 0) -> Array:
    """Return the displacement (N, 2), or a derivative of it, at points (N, 2)."""
    return np.stack([s.ev(*points.T, dx=dx, dy=dy) for s in load()], axis=1)


def convergence() -> float:
    """Return the largest change of the displacement against half the elements, relative to the largest."""
    fine, coarse = (compute(n) for n in (ELEMENTS, (ELEMENTS[0] // 2, ELEMENTS[1] // 2)))
    x, y, values = fine
    other = np.stack([RectBivariateSpline(coarse[0], coarse[1], v, kx=3, ky=3)(x, y) for v in coarse[2]])
    return float(np.abs(other - values).max() / np.abs(values).max())


if __name__ == "__main__":
    print(f"{ELEMENTS} elements: {convergence():.1e}")  # noqa: T201
