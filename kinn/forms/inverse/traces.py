"""Values and tractions on edges as functions of the unknown data, less those of particular solutions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinn.forms.inverse.formulation import BoundaryFormulation
from kinn.forms.inverse.linear_conditions import LinearConditions
from kinn.forms.inverse.particular import particular_traces
from kinn.geometry.types import Array


@dataclass(frozen=True, eq=False)
class Traces:
    """Values and tractions on one side of an edge as functions of the unknown data X (n, m) at its n nodes.

    Attributes:
        values: u without X, (n, C).
        value_slopes: What X adds to u, (n, C, m).
        densities: The traction times ds/dt without X, (n, C).
        density_slopes: What X adds to that, (n, C, m).
    """

    values: Array
    value_slopes: Array
    densities: Array
    density_slopes: Array

    def at(self, x: Array) -> tuple[Array, Array]:
        """Return u and the traction times ds/dt for data x (n, m)."""
        u = self.values + np.einsum("ncm,nm->nc", self.value_slopes, x)
        return u, self.densities + np.einsum("ncm,nm->nc", self.density_slopes, x)


def remaining(setting: BoundaryFormulation, number: int, points: Array, normals: Array) -> LinearConditions:
    """Return what is given on an edge of the solution less the particular ones, at N points of it."""
    given = setting.relations(number, points, normals)
    states = []
    for side, name in enumerate(setting.outline.beside[number]):
        u, t = particular_traces(setting, name, points, -normals if side else normals)
        states += [u, t * (setting.size / setting.equation(name).stiffness)]
    state = np.concatenate(states, axis=1)
    # what a relation does not hold may be infinite at a singular corner
    held = np.where(given.matrix == 0, 0.0, given.matrix * np.where(np.isfinite(state), state, 0.0)[:, None])
    return LinearConditions(given.matrix, given.right - held.sum(axis=2))


def traces_of(
    setting: BoundaryFormulation, number: int, located: tuple[Array, Array, Array], measure: float, scale: float
) -> tuple[list[Traces], int]:
    """Return the traces on each side of an edge, and the number m of unknown data at a node.

    Args:
        setting: The problem.
        number: The number of the edge.
        located: Points, normals and ds/dt at its nodes.
        measure: The length of the edge.
        scale: The size of the values.
    """
    c, known = setting.components, setting.known[number]
    points, normals, rates = located
    constant, slope = remaining(setting, number, points, normals).solved(known)
    unknown = [k for k in range(constant.shape[1]) if k not in known]
    for column, k in enumerate(unknown):
        # the network carries tractions times ds/dt, which is smooth at graded corners
        unit = measure / rates if (k // c) % 2 == 1 else np.ones_like(rates)
        slope[:, :, column] *= scale * unit[:, None]
    out = []
    for side, name in enumerate(setting.outline.beside[number]):
        u, t = (slice(2 * c * side + c * kind, 2 * c * side + c * (kind + 1)) for kind in (0, 1))
        density = setting.equation(name).stiffness / setting.size * rates[:, None]
        out.append(Traces(constant[:, u], slope[:, u], density * constant[:, t], density[..., None] * slope[:, t]))
    return out, len(unknown)
