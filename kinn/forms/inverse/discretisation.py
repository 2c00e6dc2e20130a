"""The inverse form on panels: a linear system for the unknown boundary data at the nodes."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.linalg
import torch

from kinn.boundary_integrals.operators import layer_matrices
from kinn.boundary_integrals.panels import Panels
from kinn.boundary_integrals.representation import Representation
from kinn.errors import InputError, ProblemWarning
from kinn.forms.inverse.setting import Setting
from kinn.geometry.pieces.base import Array

#: The largest number of rows for which matrices are held in memory.
LARGEST = 12_000

#: What fluxes or tractions that cannot be in balance may add up to, relative to their size.
BALANCE = 1e-6

#: Below this reciprocal of its condition number the Helmholtz equation is at a resonance; elsewhere it is about 1e-3.
RESONANCE = 1e-6


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


class Discretisation:
    """The boundary integral equations of all subdomains on panels, A X = b.

    Args:
        setting: The problem.
        nodes: The least number of nodes.

    Raises:
        InputError: If there are too many nodes, or data that cannot be in balance.
    """

    def __init__(self, setting: Setting, nodes: int = 0) -> None:
        self.setting = setting
        self.panels = setting.panels(nodes)
        rows = setting.components * sum(self._of(name).nodes for name in setting.problem.subdomains)
        if rows > LARGEST:
            raise InputError(
                f"the inverse form of problem {setting.problem.name!r} would need {rows} equations, "
                f"and matrices are held for up to {LARGEST}: ask for fewer points"
            )
        self.rows_of = [np.flatnonzero(self.panels.track == n) for n in range(len(setting.outline.edges))]
        self.traces: list[list[Traces]] = []
        self.unknowns: list[int] = []
        self._scale = self._data_scale()
        for number in range(len(setting.outline.edges)):
            made, unknowns = self._edge(number)
            self.traces.append(made)
            self.unknowns.append(unknowns)
        counts = [len(r) * self.panels.order * m for r, m in zip(self.rows_of, self.unknowns, strict=True)]
        ends = np.cumsum(counts)
        #: Where the unknown data of each edge are in X.
        self.columns = [slice(int(e - c), int(e)) for e, c in zip(ends, counts, strict=True)]
        self.matrix, self.right = self._assembled()
        warn_of_resonance(self)

    def parameters(self, number: int) -> Array:
        """Return the parameters t of the nodes of an edge, (n,)."""
        return self.panels.parameters[self.rows_of[number]].ravel()

    def _of(self, subdomain: str) -> Panels:
        sides = self.setting.outline.sides(subdomain)
        return self.panels.of([s.edge for s in sides], [s.opposite for s in sides])

    def _located(self, number: int) -> tuple[Array, Array, Array]:
        """Return points, normals and ds/dt at the nodes of an edge."""
        rows = self.rows_of[number]
        p = self.panels
        return p.points[rows].reshape(-1, 2), p.normals[rows].reshape(-1, 2), p.rates[rows].ravel()

    def _data_scale(self) -> float:
        """Return the size of the values that go with what is given."""
        largest = 0.0
        for number in range(len(self.setting.outline.edges)):
            points, normals, _ = self._located(number)
            given = self.setting.relations(number, points, normals)
            largest = max(largest, float(np.abs(given.right).max()))
        return largest or 1.0

    def _edge(self, number: int) -> tuple[list[Traces], int]:
        setting, c = self.setting, self.setting.components
        points, normals, rates = self._located(number)
        known = setting.known[number]
        constant, slope = setting.relations(number, points, normals).solved(known)
        unknown = [k for k in range(constant.shape[1]) if k not in known]
        length = setting.outline.edges[number].length
        for column, k in enumerate(unknown):
            # the network carries tractions times ds/dt, which is smooth at graded corners
            unit = length / rates if (k // c) % 2 == 1 else np.ones_like(rates)
            slope[:, :, column] *= self._scale * unit[:, None]
        out = []
        for side, name in enumerate(setting.outline.beside[number]):
            u, t = (slice(2 * c * side + c * kind, 2 * c * side + c * (kind + 1)) for kind in (0, 1))
            stiffness = setting.equation(name).stiffness / setting.size
            density = stiffness * rates[:, None]
            out.append(Traces(constant[:, u], slope[:, u], density * constant[:, t], density[..., None] * slope[:, t]))
        return out, len(unknown)

    def _particular(self, subdomain: str, panels: Panels) -> tuple[Array, Array]:
        """Return the particular solution and its traction times ds/dt at the nodes, (N, C) each."""
        setting = self.setting
        equation = setting.equation(subdomain)
        count, c = panels.nodes, setting.components
        if equation.particular is None:
            return np.zeros((count, c)), np.zeros((count, c))
        values, gradient = particular(setting, subdomain, panels.points.reshape(-1, 2))
        traction = equation.traction(gradient, panels.normals.reshape(-1, 2))
        return values, traction * panels.rates.reshape(-1, 1)

    def boundary(self, subdomain: str, x: Array) -> tuple[Array, Array]:
        """Return u and the traction times ds/dt on the boundary of a subdomain, (N, C) each, for data X."""
        values, densities = [], []
        for side in self.setting.outline.sides(subdomain):
            own = x[self.columns[side.edge]].reshape(-1, self.unknowns[side.edge])
            u, t = self.traces[side.edge][int(side.opposite)].at(own)
            values.append(u)
            densities.append(t)
        return np.concatenate(values), np.concatenate(densities)

    def representation(self, subdomain: str, x: Array) -> Representation:
        """Return the solution inside a subdomain, less the particular one, for data X."""
        panels = self._of(subdomain)
        u, t = self.boundary(subdomain, x)
        up, tp = self._particular(subdomain, panels)
        kernel = self.setting.equation(subdomain).kernel(self.setting.size)
        return Representation(kernel, panels, u - up, t - tp, self.setting.exterior)

    def _assembled(self) -> tuple[Array, Array]:
        setting, c = self.setting, self.setting.components
        total = self.columns[-1].stop
        blocks, rights = [], []
        for name in setting.problem.subdomains:
            panels = self._of(name)
            count = panels.nodes
            single, double = layer_matrices(
                setting.equation(name).kernel(setting.size), panels, exterior=setting.exterior
            )
            u0, t0 = self.boundary(name, np.zeros(total))
            up, tp = self._particular(name, panels)
            right = np.tensordot(single, t0 - tp) - np.tensordot(double, u0 - up)
            block = np.zeros((count, c, total))
            start = 0
            for side in setting.outline.sides(name):
                traces = self.traces[side.edge][int(side.opposite)]
                own = slice(start, start + len(traces.values))
                start = own.stop
                columns = self.columns[side.edge]
                for slopes, layer, sign in ((traces.value_slopes, double, 1.0), (traces.density_slopes, single, -1.0)):
                    if slopes.any():
                        part = np.einsum("kanb,nbm->kanm", layer[:, :, own], slopes, optimize=True)
                        block[:, :, columns] += sign * part.reshape(count, c, -1)
            edges = setting.outline.edges
            lengths = np.array([edges[n].length for n in panels.track]).repeat(panels.order)
            weights = np.sqrt(panels.weights.ravel() * lengths / panels.perimeter / len(setting.problem.subdomains))
            scale = weights[:, None, None] / self._scale
            blocks.append((scale * block).reshape(-1, total))
            rights.append((scale[..., 0] * right).ravel())
        rows, right_rows = self._gauge()
        return np.concatenate([*blocks, rows]), np.concatenate([*rights, right_rows])

    @cached_property
    def free(self) -> list[Array]:
        """The states that nothing fixes, each as its values on all nodes (M n, C): a constant, rigid motions."""
        setting, c = self.setting, self.setting.components
        if setting.exterior or any(not self._kernel(name).static for name in setting.problem.subdomains):
            return []
        nodes = self.panels.points.reshape(-1, 2)
        modes = self._kernel(next(iter(setting.problem.subdomains))).modes(nodes)
        held = []
        for number in range(len(setting.outline.edges)):
            points, normals, _ = self._located(number)
            matrix = setting.relations(number, points, normals).matrix
            own = modes.reshape(len(self.panels), self.panels.order, c, -1)[self.rows_of[number]].reshape(
                -1, c, modes.shape[2]
            )
            sides = matrix.shape[2] // (2 * c)
            held.append(
                sum(
                    np.einsum("nrc,ncm->nrm", matrix[:, :, 2 * c * s : 2 * c * s + c], own) for s in range(sides)
                ).reshape(-1, modes.shape[2])
            )
        _, values, vectors = np.linalg.svd(np.concatenate(held), full_matrices=False)
        loose = vectors[values < 1e-9 * max(1.0, np.sqrt(len(nodes)))]
        return [np.einsum("ncm,m->nc", modes, v) for v in loose]

    def _kernel(self, subdomain: str) -> Any:
        return self.setting.equation(subdomain).kernel(self.setting.size)

    def _gauge(self) -> tuple[Array, Array]:
        """Return the rows that set the mean of what nothing fixes to zero; tractions must be in balance then."""
        total = self.columns[-1].stop
        rows, rights = [], []
        for mode in self.free:
            row, right, load, size = np.zeros(total), 0.0, 0.0, 0.0
            shaped = mode.reshape(len(self.panels), self.panels.order, -1)
            for number, traces in enumerate(self.traces):
                panels = self.rows_of[number]
                own = shaped[panels].reshape(-1, mode.shape[1])
                weights = self.panels.weights[panels].ravel()
                arc = weights * self.panels.rates[panels].ravel()
                row[self.columns[number]] += np.einsum("n,nc,ncm->nm", arc, own, traces[0].value_slopes).ravel()
                right -= float(np.einsum("n,nc,nc->", arc, own, traces[0].values))
                if len(traces) == 1:
                    name = self.setting.outline.beside[number][0]
                    _, tp = self._particular(name, self.panels.of([number], [False]))
                    density = weights[:, None] * (traces[0].densities - tp) * own
                    load += float(density.sum())
                    size += float(np.abs(density).sum())
            if abs(load) > BALANCE * max(size, 1e-300):
                raise InputError(
                    f"problem {self.setting.problem.name!r} fixes its fields only up to a constant or a motion, and what "
                    f"is given on its boundary is not in balance: it adds up to {load:.6g} instead of 0"
                )
            scale = 1.0 / (self.panels.perimeter * self._scale)
            rows.append(scale * row)
            rights.append(scale * right)
        return np.array(rows).reshape(-1, total), np.array(rights)

    @cached_property
    def solution(self) -> Array:
        """The data X of a plain Nystrom method: the least-squares solution of A X = b."""
        scale = 1 / np.maximum(np.linalg.norm(self.matrix, axis=0), 1e-300)
        found, _, _, _ = scipy.linalg.lstsq(
            self.matrix * scale, self.right, cond=1e-13, lapack_driver="gelsy", check_finite=False
        )
        return np.asarray(found * scale)


def warn_of_resonance(made: Discretisation) -> None:
    """Warn where the equations are close to singular because a wave number is close to a resonance."""
    setting = made.setting
    if all(made._kernel(name).static for name in setting.problem.subdomains):
        return
    scaled = made.matrix / np.linalg.norm(made.matrix, axis=0)
    factor, _ = scipy.linalg.lu_factor(scaled, check_finite=False)
    inverse, _ = scipy.linalg.lapack.dgecon(factor, np.linalg.norm(scaled, 1))
    if inverse < RESONANCE:
        of = "what its boundary encloses" if setting.exterior else "its domain"
        warnings.warn(
            f"problem {setting.problem.name!r} has a wave number at a resonance of {of}, or too close to it: the boundary "
            f"integral equation is singular to {inverse:.1g}; change the wave number a little",
            ProblemWarning,
            stacklevel=2,
        )


def particular(setting: Setting, subdomain: str, points: Array) -> tuple[Array, Array]:
    """Return the particular solution of a subdomain at points (N, 2), (N, C), and its gradient (N, C, 2)."""
    p = setting.problem.points(torch.as_tensor(points))
    function = setting.equation(subdomain).particular
    assert function is not None
    given = function(*p.coordinates)
    fields = [p.field(f, "the particular solution") for f in (given if isinstance(given, tuple | list) else [given])]
    columns = [
        [np.broadcast_to(torch.as_tensor(f[a]).numpy(), len(p)) for a in ((0, 0), (1, 0), (0, 1))] for f in fields
    ]
    values = np.array(columns)
    return values[:, 0].T, np.moveaxis(values[:, 1:], 2, 0)
