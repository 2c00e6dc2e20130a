"""A quarter of a plate with a hole under tension, in plane stress, by finite elements on curved quadratic elements.

    div sigma = 0 on [0, 20]^2 without the disk of radius 5 around the origin, E = 1000, nu = 0.3; u_x = 0 on x = 0,
    u_y = 0 on y = 0, traction (100, 0) on x = 20, nothing on the rest

The plate is two patches, below and above the diagonal, each a map of the unit square: s along the ray from the hole to
the outer side, t across. In (s, t) the displacement is smooth, and what is stored is its Chebyshev coefficients: with them
come its derivatives. By Hooke's law it goes as 1 / E.

Needs scikit-fem; what it computed is stored. Run as a script it prints the convergence.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kinn.fields import Field, Points
from kinn.geometry.types import Array, Mask
from kinn.math import arctan2, sqrt, where

SIDE, RADIUS, YOUNG, POISSON, TENSION = 20.0, 5.0, 1000.0, 0.3, 100.0

#: Elements along the rays and across each patch, and the degree of what is stored.
ELEMENTS, DEGREE = 64, 20

#: The largest difference of the displacement from that with half the elements, relative to the largest; at points it falls
#: 30 times with each halving, so that what is stored is good to 1e-6.
CONVERGED = 3e-5

STORED = Path(__file__).parent / "plate_hole.npz"


def mapped(s: Array, angle: Array) -> Array:
    """Return the points (2, N) at a share s of the ray of an angle."""
    outer = SIDE / np.maximum(np.cos(angle), np.sin(angle))
    r = RADIUS + s * (outer - RADIUS)
    return np.stack([r * np.cos(angle), r * np.sin(angle)])


def compute(elements: int = ELEMENTS) -> Array:
    """Return the coefficients (2 patches, 2 components, DEGREE + 1, DEGREE + 1)."""
    import skfem
    from skfem.models.elasticity import lame_parameters, linear_elasticity

    unit = skfem.MeshQuad.init_tensor(np.linspace(0, 1, elements + 1), np.linspace(0, 1, 2 * elements + 1))
    mesh = skfem.MeshQuad2.from_mesh(unit)
    nodes = mesh.doflocs.copy()
    mesh = skfem.MeshQuad2(mapped(nodes[0], np.pi / 2 * nodes[1]), mesh.t)
    basis = skfem.Basis(mesh, skfem.ElementVector(skfem.ElementQuad2()), intorder=6)
    lame, shear = lame_parameters(YOUNG, POISSON)
    plane = 2 * lame * shear / (lame + 2 * shear)
    stiffness = linear_elasticity(plane, shear).assemble(basis)
    right = mesh.facets_satisfying(lambda x: np.isclose(x[0], SIDE))
    pull = skfem.LinearForm(lambda v, w: TENSION * v[0]).assemble(
        skfem.FacetBasis(mesh, skfem.ElementVector(skfem.ElementQuad2()), facets=right, intorder=6)
    )
    at = basis.doflocs
    across = np.array([name.startswith("u^1") for name in _components(basis)])
    fixed = np.flatnonzero((across & np.isclose(at[0], 0)) | (~across & np.isclose(at[1], 0)))
    values = skfem.solve(*skfem.condense(stiffness, pull, D=fixed))
    return np.stack([_fitted(at, across, values, patch) for patch in (0, 1)])


def _components(basis: Any) -> list[str]:
    """Return the name of each degree of freedom, "u^1" or "u^2" with what it sits on."""
    names = np.empty(basis.N, dtype=object)
    for table in (basis.nodal_dofs, basis.facet_dofs, basis.interior_dofs):
        for row, dofs in enumerate(table):
            names[dofs] = f"u^{row + 1}"
    return list(names)


def _fitted(at: Array, across: Mask, values: Array, patch: int) -> Array:
    """Return the coefficients (2, DEGREE + 1, DEGREE + 1) of a patch, by least squares at the nodes there."""
    angle = np.arctan2(at[1], at[0])
    outer = SIDE / np.maximum(np.cos(angle), np.sin(angle))
    s, t = 2 * (np.hypot(*at) - RADIUS) / (outer - RADIUS) - 1, 4 * angle / (np.pi / 2) - 1 - 2 * patch
    out = []
    for chosen in (across, ~across):
        here = chosen & (np.abs(t) <= 1 + 1e-9)
        table = np.polynomial.chebyshev.chebvander2d(s[here], t[here], [DEGREE, DEGREE])
        out.append(np.linalg.lstsq(table, values[here], rcond=None)[0].reshape(DEGREE + 1, DEGREE + 1))
    return np.stack(out)


def save(coefficients: Array) -> None:
    """Write what `compute` returns beside this module."""
    np.savez_compressed(STORED, coefficients=coefficients)


@cache
def load() -> Array:
    """Return what is stored."""
    with np.load(STORED) as file:
        return np.asarray(file["coefficients"])


def displacement(x: Any, y: Any) -> tuple[Any, Any]:
    """Return u and v at points, as arrays or as fields with all their derivatives."""
    angle, r = arctan2(y, x), sqrt(x * x + y * y)
    low = (x.value if isinstance(x, Field) else x) >= (y.value if isinstance(y, Field) else y)
    # the ray ends at x = SIDE below the diagonal and at y = SIDE above it
    outer = SIDE * r / where(low, x, y)
    along = chebyshev(2 * (r - RADIUS) / (outer - RADIUS) - 1)
    patches = []
    for patch in (0, 1):
        across = chebyshev(angle * (8 / np.pi) - 1 - 2 * patch)
        patches.append([series(load()[patch, component], along, across) for component in (0, 1)])
    return where(low, patches[0][0], patches[1][0]), where(low, patches[0][1], patches[1][1])


def chebyshev(x: Any) -> list[Any]:
    """Return the polynomials T_0 to T_DEGREE at x."""
    found = [x * 0 + 1, x]
    for _ in range(DEGREE - 1):
        found.append(2 * x * found[-1] - found[-2])
    return found


def series(coefficients: Array, along: list[Any], across: list[Any]) -> Any:
    """Return the sum of c_jk T_j(s) T_k(t), given the polynomials at s and at t."""
    products = [first * combined(row.tolist(), across) for first, row in zip(along, coefficients, strict=True)]
    return combined([1.0] * len(products), products)


def combined(coefficients: list[float], terms: list[Any]) -> Any:
    """Return the sum of c_j f_j, of which a field keeps no partial sums: the derivatives of thousands take gigabytes."""

    def total(values: list[Any]) -> Any:
        return sum(c * value for c, value in zip(coefficients, values, strict=True))

    if isinstance(terms[0], Field):
        return Field(terms[0].coordinates, lambda index: total([term[index] for term in terms]))
    return total(terms)


def reference(points: Array) -> Array:
    """Return the displacement (N, 2) at points (N, 2)."""
    return np.stack(displacement(*points.T), axis=1)


def derivative(points: Array, index: tuple[int, int]) -> Array:
    """Return a derivative of the displacement (N, 2) at points (N, 2)."""
    return np.stack([torch.as_tensor(u[index]).numpy() for u in _fields(points.tobytes())], axis=1)


@lru_cache(maxsize=4)
def _fields(points: bytes) -> tuple[Field, Field]:
    """Return the displacement at points as fields, which keep the derivatives that were computed."""
    x = torch.as_tensor(np.frombuffer(points).reshape(-1, 2).copy())
    u, v = displacement(*Points(("x", "y"), x).coordinates)
    return u, v


def convergence() -> list[tuple[int, float]]:
    """Return for numbers of elements the largest change of the displacement against the next, relative to the largest."""
    counts = (16, 32, ELEMENTS)
    s, t = np.random.default_rng(0).uniform(-1, 1, (2, 500))
    grid = np.polynomial.chebyshev.chebvander2d(s, t, [DEGREE, DEGREE])
    found = [grid @ compute(count).reshape(4, -1).T for count in counts]
    largest = float(np.abs(found[-1]).max())
    return [(n, float(np.abs(a - b).max()) / largest) for n, a, b in zip(counts, found, found[1:], strict=False)]


if __name__ == "__main__":
    for elements, change in convergence():
        print(f"{elements} elements: {change:.1e}")  # noqa: T201
