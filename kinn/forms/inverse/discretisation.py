"""Nystrom discretisation of boundary data: values and tractions at the nodes of panels, affine in the unknown data.

Particular solutions take up sources and corner singularities; the boundary data are those of the homogeneous remainder.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from kinn.boundary_integrals.boundary_panels import BoundaryPanels
from kinn.boundary_integrals.curve_panels import CurvePanels
from kinn.boundary_integrals.grading import arc_fraction
from kinn.forms.inverse.formulation import BoundaryFormulation
from kinn.forms.inverse.linear_conditions import LinearConditions
from kinn.geometry.types import Array


def particular_solution(formulation: BoundaryFormulation, subdomain: str, points: Array) -> tuple[Array, Array]:
    """Particular solution of a subdomain at N points: all F fields (N, F), and their gradients (N, F, d).

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
    for n, data in enumerate(solution if isinstance(solution, tuple | list) else [solution]):
        field = p.field(data, "the particular solution")
        values[:, n] = torch.as_tensor(field[(0,) * d], dtype=torch.float64).numpy()
        for axis in range(d):
            slope = field[tuple(int(k == axis) for k in range(d))]
            gradients[:, n, axis] = torch.as_tensor(slope, dtype=torch.float64).numpy()
    return values, gradients


def _particular_traces(
    formulation: BoundaryFormulation, number: int, side: int, points: Array, normals: Array
) -> tuple[Array, Array]:
    """Values and tractions (N, C) of the particular solution on a side of an edge, at points with normals of the first."""
    c, name = formulation.components, formulation.topology.adjacent_subdomains[number][side]
    values, gradients = particular_solution(formulation, name, points)
    outward = -normals if side else normals
    return values[:, :c], formulation.equation(name).traction(gradients[:, :c], outward, values[:, c:])


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
        """Values u and the traction times ds/dt for data x (n, m)."""
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

    def particular_traces(self, number: int, side: int = 0) -> tuple[Array, Array]:
        """Values and tractions (n, C) of the particular solution on a side of an edge."""
        return _particular_traces(self.formulation, number, side, *self.panels.nodes_of(number)[:2])

    def subdomain_panels(self, subdomain: str) -> BoundaryPanels:
        """Panels of the boundary of a subdomain."""
        sides = self.formulation.topology.sides(subdomain)
        return self.panels.select([s.edge for s in sides], [s.opposite for s in sides])

    def unknowns(self, number: int, x: Array) -> Array:
        """Unknown data (n, m) at the nodes of an edge."""
        return x[self.columns[number]].reshape(-1, self.traces[number][0].value_slopes.shape[2])

    def boundary_data(self, subdomain: str, x: Array) -> tuple[Array, Array]:
        """Values u and the traction times ds/dt, without the particular solution, (N, C) each, around a subdomain."""
        sides = self.formulation.topology.sides(subdomain)
        data = [self.traces[s.edge][int(s.opposite)].at(self.unknowns(s.edge, x)) for s in sides]
        return np.concatenate([u for u, _ in data]), np.concatenate([t for _, t in data])


def discretise(formulation: BoundaryFormulation, panels: BoundaryPanels) -> BoundaryDiscretisation:
    """Boundary data of a problem on panels."""
    nodes = [panels.nodes_of(n) for n in range(len(formulation.topology.edges))]
    conditions = [_homogeneous_conditions(formulation, n, x, normals) for n, (x, normals, *_) in enumerate(nodes)]
    scale = max(float(np.abs(c.right).max()) for c in conditions) or 1.0
    traces = [
        _affine_traces(formulation, n, c, speed, panels.measures[n], scale)
        for n, (c, (_, _, speed, _)) in enumerate(zip(conditions, nodes, strict=True))
    ]
    ends = np.cumsum([0, *(sides[0].value_slopes[:, 0].size for sides in traces)]).tolist()
    columns = [slice(start, end) for start, end in pairwise(ends)]
    return BoundaryDiscretisation(formulation, panels, scale, traces, columns)


def edge_data(discretisation: BoundaryDiscretisation, subdomain: str, x: Array) -> list[EdgeData]:
    """Data on the consecutive edges around a subdomain of the plane, for unknown data X."""
    panels = discretisation.panels
    assert isinstance(panels, CurvePanels)
    start, out = 0.0, []
    for side in discretisation.formulation.topology.sides(subdomain):
        graded, number = panels.edges[side.edge], int(side.opposite)
        length, speed = graded.edge.length, panels.nodes_of(side.edge)[2]
        u, densities = discretisation.traces[side.edge][number].at(discretisation.unknowns(side.edge, x))
        particular, traction = discretisation.particular_traces(side.edge, number)
        arc = arc_fraction(panels.parameters[panels.edge_index == side.edge].ravel(), graded.orders) * length
        arc = start + (length - arc if side.opposite else arc)
        order, ends = np.argsort(arc), (start, start + length)
        start = ends[1]
        tractions = densities / speed[:, None] + traction
        out.append(EdgeData(graded.edge.name, arc[order], ends, (u + particular)[order], tractions[order]))
    return out


def _homogeneous_conditions(
    formulation: BoundaryFormulation, number: int, points: Array, normals: Array
) -> LinearConditions:
    """Conditions on an edge for the solution minus the particular one, at N of its points."""
    conditions = formulation.linear_conditions(number, points, normals)
    states = []
    for side, name in enumerate(formulation.topology.adjacent_subdomains[number]):
        u, t = _particular_traces(formulation, number, side, points, normals)
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
    """Traces on each side of an edge from its conditions and ds/dt at its nodes, and its length."""
    c, known = formulation.components, formulation.known_columns[number]
    constant, slope = conditions.solve_for(known)
    for column, k in enumerate(k for k in range(constant.shape[1]) if k not in known):
        # the network carries tractions times ds/dt, which is smooth at graded corners
        unit = measure / speed if (k // c) % 2 == 1 else np.ones_like(speed)
        slope[:, :, column] *= scale * unit[:, None]
    out = []
    for side, name in enumerate(formulation.topology.adjacent_subdomains[number]):
        u, t = (slice(2 * c * side + c * kind, 2 * c * side + c * (kind + 1)) for kind in (0, 1))
        density = formulation.equation(name).stiffness / formulation.size * speed[:, None]
        out.append(Traces(constant[:, u], slope[:, u], density * constant[:, t], density[..., None] * slope[:, t]))
    return out
