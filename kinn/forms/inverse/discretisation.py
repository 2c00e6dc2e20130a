"""Nystrom discretisation of boundary data: values and tractions at the nodes of panels, affine in the unknown data.

Particular solutions take up sources and corner singularities; the boundary data are those of the homogeneous remainder.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from kinn.boundary_integrals.boundary_panels import BoundaryPanels
from kinn.boundary_integrals.curve_panels import CurvePanels
from kinn.boundary_integrals.grading import arc_fraction
from kinn.boundary_integrals.representation import Representation
from kinn.forms.inverse.formulation import BoundaryFormulation
from kinn.forms.inverse.linear_conditions import LinearConditions
from kinn.geometry.types import Array


def particular_solution(formulation: BoundaryFormulation, subdomain: str, points: Array) -> tuple[Array, Array]:
    """Return the particular solution of a subdomain at N points: all F fields (N, F), and their gradients (N, F, d).

    Fields that it does not return are zero, and so are all where there is none.
    """
    problem, equation = formulation.problem, formulation.equation(subdomain)
    count, d = len(points), points.shape[1]
    fields = formulation.components + equation.incompressible
    values, gradients = np.zeros((count, fields)), np.zeros((count, fields, d))
    if equation.particular is None:
        return values, gradients
    p = problem.points(torch.as_tensor(points))
    solution = equation.particular(*p.coordinates)
    units = [tuple(row) for row in np.eye(d, dtype=int).tolist()]
    for n, data in enumerate(solution if isinstance(solution, tuple | list) else [solution]):
        field = p.field(data, "the particular solution")
        values[:, n] = torch.as_tensor(field[(0,) * d], dtype=torch.float64).numpy()
        for axis, index in enumerate(units):
            gradients[:, n, axis] = torch.as_tensor(field[index], dtype=torch.float64).numpy()
    return values, gradients


def _particular_traces(
    formulation: BoundaryFormulation, subdomain: str, points: Array, normals: Array
) -> tuple[Array, Array]:
    """Return values and tractions (N, C) of the particular solution on a boundary with its outward normals."""
    c = formulation.components
    values, gradients = particular_solution(formulation, subdomain, points)
    return values[:, :c], formulation.equation(subdomain).traction(gradients[:, :c], normals, values[:, c:])


@dataclass(frozen=True, eq=False)
class Traces:
    """Values and tractions on one side of an edge, affine in the unknown data X (n, m) at its n nodes.

    Attributes:
        values: u at X = 0, (n, C).
        value_slopes: The derivative of u by X, (n, C, m).
        densities: The traction times ds/dt at X = 0, (n, C).
        density_slopes: Its derivative by X, (n, C, m).
    """

    values: Array
    value_slopes: Array
    densities: Array
    density_slopes: Array

    def at(self, x: Array) -> tuple[Array, Array]:
        """Return u and the traction times ds/dt for data x (n, m)."""
        u = self.values + np.einsum("ncm,nm->nc", self.value_slopes, x)
        return u, self.densities + np.einsum("ncm,nm->nc", self.density_slopes, x)


@dataclass(frozen=True, eq=False)
class EdgeData:
    """Boundary data on an edge of a subdomain over the arc length.

    Attributes:
        name: The name of its part of the boundary.
        arc: The arc length at its n nodes, increasing, from the start of the boundary of the subdomain.
        ends: The arc length at its start and end.
        values: u there, (n, C).
        tractions: t there, (n, C).
    """

    name: str
    arc: Array
    ends: tuple[float, float]
    values: Array
    tractions: Array


@dataclass(frozen=True, eq=False)
class BoundaryDiscretisation:
    """Boundary data at the nodes of panels.

    Attributes:
        formulation: The problem.
        panels: The panels of all edges.
        scale: The magnitude of the prescribed data.
        traces: The traces on both sides of each edge.
        columns: The unknown data of each edge in X.
    """

    formulation: BoundaryFormulation
    panels: BoundaryPanels
    scale: float
    traces: list[list[Traces]]
    columns: list[slice]

    @property
    def size(self) -> int:
        """The number Q of unknown data."""
        return int(self.columns[-1].stop)

    def coordinates(self, number: int) -> Array:
        """Return the coordinates of the network of an edge at its nodes, (n, inputs)."""
        return self.formulation.coordinates(self.panels, number)

    def weights(self, number: int) -> Array:
        """Return the weights of the nodes of an edge for integrals over t, (n,)."""
        return np.asarray(self.panels.weights[self.panels.edge_index == number].ravel())

    def located(self, number: int) -> tuple[Array, Array, Array]:
        """Return points, normals and ds/dt at the nodes of an edge."""
        return _located(self.panels, number)

    def particular_traces(self, number: int, side: int = 0) -> tuple[Array, Array]:
        """Return values and tractions (n, C) of the particular solution on a side of an edge."""
        points, normals, _ = self.located(number)
        name = self.formulation.topology.adjacent_subdomains[number][side]
        return _particular_traces(self.formulation, name, points, -normals if side else normals)

    def subdomain_panels(self, subdomain: str) -> BoundaryPanels:
        """Return the panels of the boundary of a subdomain."""
        sides = self.formulation.topology.sides(subdomain)
        return self.panels.select([s.edge for s in sides], [s.opposite for s in sides])

    def unknowns(self, number: int, x: Array) -> Array:
        """Return the unknown data (n, m) at the nodes of an edge."""
        return x[self.columns[number]].reshape(-1, self.traces[number][0].value_slopes.shape[2])

    def boundary_data(self, subdomain: str, x: Array) -> tuple[Array, Array]:
        """Return u and the traction times ds/dt, without the particular solution, (N, C) each, around a subdomain."""
        values, densities = [], []
        for side in self.formulation.topology.sides(subdomain):
            u, t = self.traces[side.edge][int(side.opposite)].at(self.unknowns(side.edge, x))
            values.append(u)
            densities.append(t)
        return np.concatenate(values), np.concatenate(densities)

    def representation(self, subdomain: str, x: Array) -> Representation:
        """Return the solution in a subdomain, without the particular one, for data X."""
        kernel, panels = self.formulation.kernel(subdomain), self.subdomain_panels(subdomain)
        return Representation(kernel, panels, *self.boundary_data(subdomain, x), self.formulation.exterior)

    def unknown_components(self, number: int, side: int) -> NDArray[np.bool_]:
        """Return which components of u on a side of an edge depend on unknown data, (C,)."""
        return np.asarray((self.traces[number][side].value_slopes != 0).any(axis=(0, 2)))


def discretise(formulation: BoundaryFormulation, panels: BoundaryPanels) -> BoundaryDiscretisation:
    """Return the boundary data of a problem on panels."""
    located = [_located(panels, n) for n in range(len(formulation.topology.edges))]
    conditions = [_homogeneous_conditions(formulation, n, x, normals) for n, (x, normals, _) in enumerate(located)]
    scale = max(float(np.abs(c.right).max()) for c in conditions) or 1.0
    traces = [
        _affine_traces(formulation, n, c, speed, panels.measures[n], scale)
        for n, (c, (_, _, speed)) in enumerate(zip(conditions, located, strict=True))
    ]
    counts = [sides[0].value_slopes[:, 0].size for sides in traces]
    ends = np.cumsum(counts)
    columns = [slice(int(end - count), int(end)) for end, count in zip(ends, counts, strict=True)]
    return BoundaryDiscretisation(formulation, panels, scale, traces, columns)


def edge_data(discretisation: BoundaryDiscretisation, subdomain: str, x: Array) -> list[EdgeData]:
    """Return the data on the consecutive edges around a subdomain of the plane, for unknown data X."""
    panels = discretisation.panels
    assert isinstance(panels, CurvePanels)
    start, out = 0.0, []
    for side in discretisation.formulation.topology.sides(subdomain):
        graded, number = panels.edges[side.edge], int(side.opposite)
        length, speed = graded.edge.length, discretisation.located(side.edge)[2]
        u, densities = discretisation.traces[side.edge][number].at(discretisation.unknowns(side.edge, x))
        particular, traction = discretisation.particular_traces(side.edge, number)
        arc = arc_fraction(panels.parameters[panels.edge_index == side.edge].ravel(), graded.orders) * length
        arc = start + (length - arc if side.opposite else arc)
        order = np.argsort(arc)
        ends = (start, start + length)
        start = ends[1]
        tractions = densities / speed[:, None] + traction
        out.append(EdgeData(graded.edge.name, arc[order], ends, (u + particular)[order], tractions[order]))
    return out


def _located(panels: BoundaryPanels, number: int) -> tuple[Array, Array, Array]:
    """Return points, normals and ds/dt at the nodes of an edge."""
    rows, d = panels.edge_index == number, panels.points.shape[2]
    return panels.points[rows].reshape(-1, d), panels.normals[rows].reshape(-1, d), panels.speed[rows].ravel()


def _homogeneous_conditions(
    formulation: BoundaryFormulation, number: int, points: Array, normals: Array
) -> LinearConditions:
    """Return the conditions on an edge for the solution minus the particular one, at N of its points."""
    conditions = formulation.linear_conditions(number, points, normals)
    states = []
    for side, name in enumerate(formulation.topology.adjacent_subdomains[number]):
        u, t = _particular_traces(formulation, name, points, -normals if side else normals)
        states += [u, t * (formulation.size / formulation.equation(name).stiffness)]
    state = np.concatenate(states, axis=1)
    # components without a coefficient may be infinite at a singular corner
    finite = np.where(np.isfinite(state), state, 0.0)
    terms = np.where(conditions.matrix == 0, 0.0, conditions.matrix * finite[:, None])
    return LinearConditions(conditions.matrix, conditions.right - terms.sum(axis=2))


def _affine_traces(
    formulation: BoundaryFormulation,
    number: int,
    conditions: LinearConditions,
    speed: Array,
    measure: float,
    scale: float,
) -> list[Traces]:
    """Return the traces on each side of an edge from its conditions and ds/dt at its nodes, and its length."""
    c, known = formulation.components, formulation.known_columns[number]
    constant, slope = conditions.solve_for(known)
    unknown = [k for k in range(constant.shape[1]) if k not in known]
    for column, k in enumerate(unknown):
        # the network carries tractions times ds/dt, which is smooth at graded corners
        unit = measure / speed if (k // c) % 2 == 1 else np.ones_like(speed)
        slope[:, :, column] *= scale * unit[:, None]
    out = []
    for side, name in enumerate(formulation.topology.adjacent_subdomains[number]):
        u, t = (slice(2 * c * side + c * kind, 2 * c * side + c * (kind + 1)) for kind in (0, 1))
        density = formulation.equation(name).stiffness / formulation.size * speed[:, None]
        out.append(Traces(constant[:, u], slope[:, u], density * constant[:, t], density[..., None] * slope[:, t]))
    return out
