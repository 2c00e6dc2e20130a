"""The inverse form on panels: a linear system for the unknown boundary data at the nodes."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kinn.boundary_integrals.boundary_panels import BoundaryPanels
from kinn.boundary_integrals.representation import Representation
from kinn.errors import InputError
from kinn.forms.inverse.assembly import Equations, compressed_system, full_system
from kinn.forms.inverse.formulation import BoundaryFormulation
from kinn.forms.inverse.null_space import NullSpace, free_states, gauge
from kinn.forms.inverse.nystrom import solve_direct, warn_of_resonance
from kinn.forms.inverse.particular import particular_traces
from kinn.forms.inverse.point_constraints import PointConstraints
from kinn.forms.inverse.traces import Traces, remaining, traces_of
from kinn.geometry.types import Array

#: The largest number of equations whose matrix is held in full where it can be compressed, and where it cannot be.
FULL, FULL_AT_MOST = 8_000, 12_000
#: The largest number of equations.
LARGEST = 200_000

#: The dimension of a plane, where matrices can be compressed.
PLANE = 2


class BoundaryDiscretisation:
    """The boundary integral equations of all subdomains on panels, A X = b.

    Args:
        setting: The problem.
        nodes: The least number of nodes.

    Raises:
        InputError: If there are too many nodes, or data that cannot be in balance.
    """

    def __init__(self, setting: BoundaryFormulation, nodes: int = 0) -> None:
        self.setting = setting
        compressible = setting.problem.dimension == PLANE and all(
            setting.kernel(name).static for name in setting.problem.subdomains
        )
        limit = LARGEST if compressible else FULL_AT_MOST
        _check_size(setting, nodes * setting.components, limit)
        self.panels = setting.panels(nodes)
        rows = setting.components * sum(self.of(name).nodes for name in setting.problem.subdomains)
        _check_size(setting, rows, limit)
        edges, measures = range(len(setting.outline.edges)), self.panels.measures
        self.rows_of = [np.flatnonzero(self.panels.edge_index == n) for n in edges]
        #: The size of the values that go with what is given.
        self.scale = max(self._largest(n) for n in edges) or 1.0
        self.traces: list[list[Traces]] = []
        self.unknowns: list[int] = []
        for number in edges:
            made, unknowns = traces_of(setting, number, self.located(number), measures[number], self.scale)
            self.traces.append(made)
            self.unknowns.append(unknowns)
        counts = [len(r) * self.panels.nodes_per_panel * m for r, m in zip(self.rows_of, self.unknowns, strict=True)]
        ends = np.cumsum(counts)
        #: Where the unknown data of each edge are in X.
        self.columns = [slice(int(e - c), int(e)) for e, c in zip(ends, counts, strict=True)]
        self.free: NullSpace = free_states(self)
        self.anchors = PointConstraints(self.free)
        extra, extra_right = gauge(self, self.free)
        assemble = compressed_system if compressible and rows > FULL else full_system
        self.equations: Equations = assemble(self, extra, extra_right)
        warn_of_resonance(self)

    @property
    def size(self) -> int:
        """The number Q of unknown data."""
        return self.columns[-1].stop

    def coordinates(self, number: int) -> Array:
        """Return what the network of an edge is a function of, at its nodes, (n, inputs)."""
        return self.setting.coordinates(self.panels, number)

    def weights(self, number: int) -> Array:
        """Return the weights for integrals over t of the nodes of an edge, (n,)."""
        return self.panels.weights[self.rows_of[number]].ravel()

    def located(self, number: int) -> tuple[Array, Array, Array]:
        """Return points, normals and ds/dt at the nodes of an edge."""
        rows, p, d = self.rows_of[number], self.panels, self.setting.problem.dimension
        return p.points[rows].reshape(-1, d), p.normals[rows].reshape(-1, d), p.speed[rows].ravel()

    def particular(self, number: int, side: int = 0) -> tuple[Array, Array]:
        """Return values and tractions (n, C) of the particular solution on a side of an edge."""
        points, normals, _ = self.located(number)
        name = self.setting.outline.beside[number][side]
        return particular_traces(self.setting, name, points, -normals if side else normals)

    def of(self, subdomain: str) -> BoundaryPanels:
        """Return the panels of the boundary of a subdomain."""
        sides = self.setting.outline.sides(subdomain)
        return self.panels.select([s.edge for s in sides], [s.opposite for s in sides])

    def boundary(self, subdomain: str, x: Array) -> tuple[Array, Array]:
        """Return u and the traction times ds/dt, less the particular solution's, (N, C) each, around a subdomain."""
        values, densities = [], []
        for side in self.setting.outline.sides(subdomain):
            own = x[self.columns[side.edge]].reshape(-1, self.unknowns[side.edge])
            u, t = self.traces[side.edge][int(side.opposite)].at(own)
            values.append(u)
            densities.append(t)
        return np.concatenate(values), np.concatenate(densities)

    def representation(self, subdomain: str, x: Array) -> Representation:
        """Return the solution inside a subdomain, less the particular one, for data X."""
        kernel = self.setting.kernel(subdomain)
        return Representation(kernel, self.of(subdomain), *self.boundary(subdomain, x), self.setting.exterior)

    def moves(self, number: int, side: int) -> NDArray[np.bool_]:
        """Return which components of u on a side of an edge depend on unknown data, (C,)."""
        return np.asarray((self.traces[number][side].value_slopes != 0).any(axis=(0, 2)))

    @cached_property
    def solution(self) -> Array | None:
        """The data X of a plain Nystrom method: the least-squares solution of A X = b; None where none was found."""
        return solve_direct(self.equations)

    def _largest(self, number: int) -> float:
        points, normals, _ = self.located(number)
        return float(np.abs(remaining(self.setting, number, points, normals).right).max())


def _check_size(setting: BoundaryFormulation, rows: int, limit: int) -> None:
    if rows > limit:
        raise InputError(
            f"the inverse form of problem {setting.problem.name!r} would need {rows} equations or more, and up to {limit} "
            "are solved of its kind: ask for fewer points"
        )
