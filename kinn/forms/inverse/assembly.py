"""The boundary integral equations of all subdomains as one linear system, its matrix held in full or compressed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from kinn.boundary_integrals.hmatrix import HMatrix
from kinn.boundary_integrals.hmatrix_assembly import BoundaryData, hierarchical_equations
from kinn.boundary_integrals.operators import layer_matrices
from kinn.geometry.types import Array, Indices

if TYPE_CHECKING:
    from kinn.forms.inverse.discretisation import BoundaryDiscretisation


class Equations(ABC):
    """Weighted equations A X = b for the unknown data.

    Attributes:
        right: b, (R,).
    """

    right: Array

    @abstractmethod
    def times(self, x: Array, columns: slice = slice(None)) -> Array:
        """Return A x (R, p) for x (q, p), of some of the columns."""

    @abstractmethod
    def adjoint(self, y: Array) -> Array:
        """Return A^T y (Q,) for y (R,)."""


@dataclass(frozen=True, eq=False)
class FullEquations(Equations):
    """Equations with their matrix (R, Q)."""

    matrix: Array
    right: Array

    def times(self, x: Array, columns: slice = slice(None)) -> Array:
        """Return A x (R, p) for x (q, p), of some of the columns."""
        return np.asarray(self.matrix[:, columns] @ x)

    def adjoint(self, y: Array) -> Array:
        """Return A^T y (Q,) for y (R,)."""
        return np.asarray(self.matrix.T @ y)


@dataclass(frozen=True, eq=False)
class CompressedEquations(Equations):
    """Equations whose layers are compressed.

    Attributes:
        parts: The matrix of each subdomain, with the factors of its rows and the numbers of its columns.
        extra: Further rows in full, (E, Q).
        right: b.
    """

    parts: list[tuple[HMatrix, Array, Indices]]
    extra: Array
    right: Array

    def times(self, x: Array, columns: slice = slice(None)) -> Array:
        """Return A x (R, p) for x (q, p), of some of the columns."""
        whole = np.zeros((self.extra.shape[1], x.shape[1]))
        whole[columns] = x
        out = [factors[:, None] * part.times(whole[own]) for part, factors, own in self.parts]
        return np.concatenate([*out, self.extra @ whole])

    def adjoint(self, y: Array) -> Array:
        """Return A^T y (Q,) for y (R,)."""
        out, start = np.zeros(self.extra.shape[1]), 0
        for part, factors, own in self.parts:
            rows = slice(start, start + len(factors))
            start = rows.stop
            out[own] += part.adjoint((factors * y[rows])[:, None])[:, 0]
        return np.asarray(out + self.extra.T @ y[start:])


def full_system(made: BoundaryDiscretisation, extra: Array, extra_right: Array) -> FullEquations:
    """Return the equations of all subdomains and further ones, with their matrix in full."""
    setting = made.setting
    blocks, rights = [], []
    for name in setting.problem.subdomains:
        panels, data = made.of(name), data_of(made, name)
        layers = layer_matrices(setting.kernel(name), panels, exterior=setting.exterior)
        single, double = (layer.reshape(len(data.values), -1) for layer in layers)
        factors = row_weights(made, name)
        block = double @ data.value_slopes - single @ data.density_slopes
        block *= factors[:, None]
        blocks.append(block)
        rights.append(factors * (single @ data.densities - double @ data.values))
    return FullEquations(np.concatenate([*blocks, extra]), np.concatenate([*rights, extra_right]))


def compressed_system(made: BoundaryDiscretisation, extra: Array, extra_right: Array) -> CompressedEquations:
    """Return the same with compressed layers."""
    setting = made.setting
    parts, rights = [], []
    for name in setting.problem.subdomains:
        matrix, right, own = hierarchical_equations(setting.kernel(name), made.of(name), data_of(made, name))
        factors = row_weights(made, name)
        parts.append((matrix, factors, own))
        rights.append(factors * right)
    return CompressedEquations(parts, extra, np.concatenate([*rights, extra_right]))


def data_of(made: BoundaryDiscretisation, subdomain: str) -> BoundaryData:
    """Return what is known on the boundary of a subdomain, and what the unknown data add to it."""
    c, each, count = (
        made.setting.components,
        made.panels.nodes_per_panel,
        made.of(subdomain).nodes * made.setting.components,
    )
    columns: list[Indices] = []
    found: list[list[tuple[Array, Indices, Indices]]] = [[], []]
    values, densities = made.boundary(subdomain, np.zeros(made.size))
    start = 0
    for side in made.setting.outline.sides(subdomain):
        traces, first = made.traces[side.edge][int(side.opposite)], made.columns[side.edge].start
        n, _, m = traces.value_slopes.shape
        rows = (start + np.arange(n * c)).reshape(n, c, 1)
        numbers = first + np.arange(n * m).reshape(n, 1, m)
        start += n * c
        columns += list(numbers.reshape(-1, each * m))
        for into, slopes in zip(found, (traces.value_slopes, traces.density_slopes), strict=True):
            k = np.nonzero(slopes)
            into.append((slopes[k], np.broadcast_to(rows, slopes.shape)[k], np.broadcast_to(numbers, slopes.shape)[k]))
    sparsely = []
    for into in found:
        entries, rows, numbers = (np.concatenate(parts) for parts in zip(*into, strict=True))
        sparsely.append(sparse.csr_array((entries, (rows, numbers)), shape=(count, made.size)))
    return BoundaryData(values.ravel(), sparsely[0], densities.ravel(), sparsely[1], columns)


def row_weights(made: BoundaryDiscretisation, subdomain: str) -> Array:
    """Return the factors (N C,) of the equations at the nodes, whose squares add up to a mean over the boundary."""
    panels = made.of(subdomain)
    lengths = panels.measures[panels.edge_index].repeat(panels.nodes_per_panel)
    shares = panels.weights.ravel() * lengths / panels.measure / len(made.setting.problem.subdomains)
    return np.asarray(np.sqrt(shares) / made.scale).repeat(made.setting.components)
