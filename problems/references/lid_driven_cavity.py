"""The flow in a lid-driven cavity, by finite elements.

    u u_x + v u_y = -p_x + (u_xx + u_yy) / Re, u v_x + v v_y = -p_y + (v_xx + v_yy) / Re, u_x + v_y = 0 on (0, 1)^2,
    u = 1, v = 0 on the lid y = 1, u = v = 0 on the other sides, p = 0 at the lower left corner

Taylor-Hood elements (biquadratic velocity, bilinear pressure) on a tensor grid that is crowded towards the sides, and
Newton's method from a smaller Reynolds number on. At the upper corners the velocity jumps and the pressure grows like the
inverse distance: no grid resolves that, and the relative error of 2e-3 (root mean square) is that of the cells there;
elsewhere the velocity is good to 3e-4.

Needs scikit-fem; what it computed is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import RectBivariateSpline

from kinn.geometry.types import Array

#: The Reynolds numbers stored, each the start of the next.
REYNOLDS = (100, 400, 1000)

#: Elements along each side, and points along each side at which the flow is stored.
ELEMENTS, STORED = 64, 65

#: Degrees of the splines between these points: the singular pressure would make smooth ones ring.
DEGREES = (3, 3, 1)

#: The largest difference of the velocity on the centre lines from that with half the elements.
CONVERGED = 4e-4


def lines(count: int) -> Array:
    """Return `count` coordinates from 0 to 1, crowded towards both ends."""
    return np.asarray((1 - np.cos(np.pi * np.arange(count) / (count - 1))) / 2)


@dataclass(frozen=True, eq=False)
class Grid:
    """Values of u, v and p on the tensor grid `lines`.

    Attributes:
        values: An array (3, n, n); axes u v p, x, y.
    """

    values: Array

    def __call__(self, points: Array) -> Array:
        """Return u, v and p (N, 3) at points (N, 2)."""
        return np.stack([s.ev(points[:, 0], points[:, 1]) for s in self.splines], axis=1)

    @cached_property
    def splines(self) -> list[RectBivariateSpline]:
        """The splines through the values of each."""
        at = lines(self.values.shape[1])
        return [RectBivariateSpline(at, at, v, kx=k, ky=k) for v, k in zip(self.values, DEGREES, strict=True)]


def compute(elements: int = ELEMENTS, numbers: Sequence[int] = REYNOLDS) -> dict[int, Grid]:
    """Return the flow at each of increasing Reynolds numbers.

    Args:
        elements: The number of elements along each side.
        numbers: The Reynolds numbers.
    """
    import skfem
    from scipy.sparse import bmat
    from scipy.sparse.linalg import splu
    from skfem.helpers import ddot, div, dot, grad, mul

    at = lines(elements + 1)
    mesh = skfem.MeshQuad.init_tensor(at, at)
    velocity = skfem.Basis(mesh, skfem.ElementVector(skfem.ElementQuad2()), intorder=5)
    pressure = velocity.with_element(skfem.ElementQuad1())

    viscous = skfem.BilinearForm(lambda u, w, _: ddot(grad(u), grad(w)))
    divergence = skfem.BilinearForm(lambda u, q, _: -div(u) * q)
    inertia = skfem.LinearForm(lambda w, data: dot(mul(grad(data["known"]), data["known"]), w))
    linearised = skfem.BilinearForm(
        lambda u, w, data: dot(mul(grad(u), data["known"]) + mul(grad(data["known"]), u), w)
    )

    a, b = viscous.assemble(velocity), divergence.assemble(velocity, pressure)
    where = velocity.doflocs
    first = np.isin(np.arange(velocity.N), velocity.get_dofs().all("u^1"))
    flow = np.zeros(velocity.N)
    fixed = velocity.get_dofs().flatten()
    moving = first & (where[1] > 1 - 1e-12) & (where[0] > 1e-12) & (where[0] < 1 - 1e-12)
    flow[moving] = 1.0
    corner = np.argmin(np.abs(pressure.doflocs).sum(axis=0))
    fixed_dofs = np.concatenate([fixed, [velocity.N + corner]])
    free = np.setdiff1d(np.arange(velocity.N + pressure.N), fixed_dofs)
    state = np.concatenate([flow, np.zeros(pressure.N)])
    out = {}
    for reynolds in numbers:
        for _ in range(20):
            known = velocity.interpolate(state[: velocity.N])
            convection = linearised.assemble(velocity, known=known)
            matrix = bmat([[a / reynolds + convection, b.T], [b, None]]).tocsc()
            stokes = bmat([[a / reynolds, b.T], [b, None]]).tocsr()
            residual = stokes @ state
            residual[: velocity.N] += inertia.assemble(velocity, known=known)
            change = splu(matrix[free][:, free]).solve(-residual[free])
            state[free] += change
            if np.abs(change[: velocity.N // 2]).max() < 1e-10:
                break
        out[reynolds] = Grid(_sampled(velocity, pressure, state, STORED))
    return out


def _sampled(velocity: Any, pressure: Any, state: Array, count: int) -> Array:
    """Return u, v and p (3, count, count) on the grid of lines."""
    inner = np.clip(lines(count), 1e-13, 1 - 1e-13)
    points = np.stack(np.meshgrid(inner, inner, indexing="ij")).reshape(2, -1)
    u = (velocity.probes(points) @ state[: velocity.N]).reshape(2, -1)
    p = pressure.probes(points) @ state[velocity.N :]
    return np.stack([*u, p]).reshape(3, count, count)


def path(reynolds: int) -> Path:
    """Return where a flow is stored."""
    return Path(__file__).parent / f"lid_driven_cavity_{reynolds}.npz"


@cache
def stored(reynolds: int) -> Grid:
    """Return the flow that is kept beside this module."""
    with np.load(path(reynolds), allow_pickle=False) as data:
        return Grid(data["values"].astype(np.float64))


def save(flows: dict[int, Grid]) -> None:
    """Write flows in single precision."""
    for reynolds, grid in flows.items():
        np.savez_compressed(path(reynolds), values=grid.values.astype(np.float32))


def reference(points: Array, reynolds: int) -> Array:
    """Return u, v and p (N, 3) at points (N, 2)."""
    return stored(reynolds)(points)
