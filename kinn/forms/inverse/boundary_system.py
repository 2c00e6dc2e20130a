"""Assembly of the boundary integral equations of all subdomains as one linear system."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.linalg
from scipy import sparse

from kinn.boundary_integrals.hmatrix_assembly import BoundaryData, hierarchical_equations
from kinn.boundary_integrals.linear_systems import FullSystem, HierarchicalSystem, LinearSystem
from kinn.boundary_integrals.operators import layer_matrices
from kinn.errors import InputError, ProblemWarning
from kinn.forms.inverse.discretisation import BoundaryDiscretisation, discretise
from kinn.forms.inverse.formulation import BoundaryFormulation
from kinn.forms.inverse.null_space import PointConstraints, gauge_conditions, null_space
from kinn.geometry.types import Array, Indices

#: The largest number of equations with a full matrix, where it can be compressed and where it cannot.
FULL, MAX_FULL = 8_000, 12_000
#: The largest number of equations.
MAX_EQUATIONS = 200_000

#: The reciprocal condition number of the Helmholtz equation at a resonance; elsewhere it is about 1e-3.
RESONANCE = 1e-6


@dataclass(frozen=True, eq=False)
class BoundarySystem:
    """The boundary integral equations of a problem on panels.

    Attributes:
        discretisation: The boundary data at the nodes.
        constraints: The null space of the conditions, and the values at points that fix it.
        equations: The linear system for the unknown data, weighted.
    """

    discretisation: BoundaryDiscretisation
    constraints: PointConstraints
    equations: LinearSystem

    @cached_property
    def solution(self) -> Array | None:
        """The data X of the Nystrom method without a network; None where none was found."""
        return self.equations.solve()


def assemble_system(formulation: BoundaryFormulation, nodes: int = 0) -> BoundarySystem:
    """Boundary integral equations of a problem on panels with at least this number of nodes.

    Raises:
        InputError: If there are too many nodes, or data that are not in equilibrium.
    """
    compressible = formulation.problem.dimension == 2 and formulation.static
    limit = MAX_EQUATIONS if compressible else MAX_FULL
    _check_size(formulation, nodes * formulation.components, limit)
    panels = formulation.panels(nodes)
    sides = sum(len(formulation.topology.adjacent_subdomains[edge]) for edge in panels.edge_index)
    rows = formulation.components * panels.nodes_per_panel * sides
    _check_size(formulation, rows, limit)
    discretisation = discretise(formulation, panels)
    free = null_space(discretisation)
    constraints = PointConstraints(free)
    gauge = gauge_conditions(discretisation, free)
    equations = _equations(discretisation, *gauge, hierarchical=compressible and rows > FULL)
    if not formulation.static:
        _warn_of_resonance(formulation, equations)
    return BoundarySystem(discretisation, constraints, equations)


def _check_size(formulation: BoundaryFormulation, rows: int, limit: int) -> None:
    if rows > limit:
        raise InputError(
            f"the inverse form of problem {formulation.problem.name!r} would need {rows} equations or more, and the limit "
            f"for this equation is {limit}: reduce the number of points"
        )


def _equations(
    discretisation: BoundaryDiscretisation, extra: Array, extra_right: Array, *, hierarchical: bool
) -> LinearSystem:
    """Equations of all subdomains and further rows, with a full matrix or hierarchical ones."""
    formulation = discretisation.formulation
    blocks, parts, rights = [], [], []
    for name in formulation.problem.subdomains:
        panels, kernel = discretisation.subdomain_panels(name), formulation.kernel(name)
        data, factors = _sparse_data(discretisation, name), _row_weights(discretisation, name)
        if hierarchical:
            matrix, right, columns = hierarchical_equations(kernel, panels, data)
            parts.append((matrix, factors, columns))
        else:
            layers = layer_matrices(kernel, panels, exterior=formulation.exterior)
            single, double = (layer.reshape(len(data.values), -1) for layer in layers)
            block = double @ data.value_slopes - single @ data.density_slopes
            block *= factors[:, None]
            blocks.append(block)
            right = single @ data.densities - double @ data.values
        rights.append(factors * right)
    all_right = np.concatenate([*rights, extra_right])
    if hierarchical:
        return HierarchicalSystem(parts, extra, all_right)
    return FullSystem(np.concatenate([*blocks, extra]), all_right)


def _sparse_data(discretisation: BoundaryDiscretisation, subdomain: str) -> BoundaryData:
    """Boundary data of a subdomain, affine in all unknowns."""
    n_panel, size = discretisation.panels.nodes_per_panel, discretisation.size
    columns: list[Indices] = []
    entries: list[list[tuple[Array, Indices, Indices]]] = [[], []]
    values, densities = discretisation.boundary_data(subdomain, np.zeros(size))
    start = 0
    for side in discretisation.formulation.topology.sides(subdomain):
        traces, first = discretisation.traces[side.edge][int(side.opposite)], discretisation.columns[side.edge].start
        n, c, m = traces.value_slopes.shape
        rows = (start + np.arange(n * c)).reshape(n, c, 1)
        numbers = first + np.arange(n * m).reshape(n, 1, m)
        start += n * c
        columns += list(numbers.reshape(-1, n_panel * m))
        for into, slopes in zip(entries, (traces.value_slopes, traces.density_slopes), strict=True):
            k = np.nonzero(slopes)
            into.append((slopes[k], np.broadcast_to(rows, slopes.shape)[k], np.broadcast_to(numbers, slopes.shape)[k]))

    def matrix(parts: list[tuple[Array, Indices, Indices]]) -> sparse.csr_array:
        slopes, rows, numbers = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return sparse.csr_array((slopes, (rows, numbers)), shape=(values.size, size))

    return BoundaryData(values.ravel(), matrix(entries[0]), densities.ravel(), matrix(entries[1]), columns)


def _row_weights(discretisation: BoundaryDiscretisation, subdomain: str) -> Array:
    """Factors (N C,) of the equations at the nodes, whose squares add up to a mean over the boundary."""
    panels, formulation = discretisation.subdomain_panels(subdomain), discretisation.formulation
    lengths = panels.measures[panels.edge_index].repeat(panels.nodes_per_panel)
    fractions = panels.weights.ravel() * lengths / panels.measure / len(formulation.problem.subdomains)
    return np.asarray(np.sqrt(fractions) / discretisation.scale).repeat(formulation.components)


def _warn_of_resonance(formulation: BoundaryFormulation, equations: LinearSystem) -> None:
    """Warn if the equations are almost singular because the wave number is close to a resonance."""
    assert isinstance(equations, FullSystem)
    scaled = equations.matrix / np.linalg.norm(equations.matrix, axis=0)
    factor, _ = scipy.linalg.lu_factor(scaled, check_finite=False)
    inverse, _ = scipy.linalg.lapack.dgecon(factor, np.linalg.norm(scaled, 1))
    if inverse < RESONANCE:
        region = "the region enclosed by its boundary" if formulation.exterior else "its domain"
        warnings.warn(
            f"problem {formulation.problem.name!r} has a wave number at a resonance of {region}, or too close to it: the "
            f"boundary integral equation is singular to {inverse:.1g}; change the wave number slightly",
            ProblemWarning,
            stacklevel=2,
        )
