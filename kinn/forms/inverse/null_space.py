"""Null space of the boundary conditions: constants, rigid motions, pressures; fixed by zero means, or by values at points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from kinn.conditions import PointValue
from kinn.errors import InputError
from kinn.forms.inverse.discretisation import BoundaryDiscretisation
from kinn.forms.inverse.formulation import BoundaryFormulation
from kinn.forms.trial_functions import FieldDerivative, evaluate_expressions
from kinn.geometry.types import Array

#: The largest sum of fluxes or tractions in equilibrium, relative to their size.
BALANCE = 1e-6

#: Singular values that count as zero, relative to the largest.
_ZERO = 1e-9


@dataclass(frozen=True, eq=False)
class NullSpace:
    """The states that change no condition.

    Attributes:
        formulation: The problem.
        motions: Combinations (modes, A) of the kernel's rigid modes: constants, rigid motions.
        pressures: Combinations (loops, B) of tractions along the normals of the loops, without motion.
    """

    formulation: BoundaryFormulation
    motions: Array
    pressures: Array

    @property
    def constant_pressure(self) -> bool:
        """Whether a constant may be added to the pressure: the sum over all loops is in the null space."""
        total = np.ones(len(self.pressures))
        return bool(len(total) and np.linalg.norm(total - self.pressures @ (self.pressures.T @ total)) < 1e-6)

    @property
    def dimension(self) -> int:
        """The number of independent states of the fields."""
        has_pressure = len(self.formulation.problem.names) > self.formulation.components
        return int(self.motions.shape[1] + (has_pressure and self.constant_pressure))

    def modes(self, points: Array) -> Array:
        """Motions at points (N, d), (N, C, A)."""
        formulation = self.formulation
        lower, upper = formulation.problem.bounds
        scaled = (points - (lower + upper) / 2) / formulation.size
        modes = formulation.kernel(next(iter(formulation.problem.subdomains))).rigid_modes(scaled)
        return np.asarray(np.einsum("ncm,ma->nca", modes, self.motions))

    def values(self, points: Array, wanted: Sequence[FieldDerivative]) -> Array:
        """Fields and first derivatives of all states at points (N, d), (N, len(wanted), dimension)."""
        names, c = self.formulation.problem.names, self.formulation.components
        out = np.zeros((len(points), len(wanted), self.dimension))
        for column, (field, index) in enumerate(wanted):
            component, motions = names.index(field), self.motions.shape[1]
            if component >= c:
                out[:, column, motions:] = 0.0 if any(index) else 1.0
            elif any(index):  # they are affine: a difference is the derivative
                step = self.formulation.size * np.array(index)
                out[:, column, :motions] = (self.modes(points + step) - self.modes(points))[:, component] / step.sum()
            else:
                out[:, column, :motions] = self.modes(points)[:, component]
        return out


def null_space(discretisation: BoundaryDiscretisation) -> NullSpace:
    """Null space of the conditions of a problem."""
    formulation = discretisation.formulation
    topology, c, names = formulation.topology, formulation.components, list(formulation.problem.subdomains)
    modes = formulation.kernel(names[0]).rigid_modes(np.zeros((1, formulation.problem.dimension))).shape[2]
    if formulation.exterior or not formulation.static:
        return NullSpace(formulation, np.zeros((modes, 0)), np.zeros((0, 0)))
    loops = [loop for name in names for loop in topology.loops[name]]
    count = len(loops) if formulation.first_equation.incompressible else 0
    all_modes = NullSpace(formulation, np.eye(modes), np.zeros((0, 0)))
    motion_residuals, pressure_residuals = [], []
    for number in range(len(topology.edges)):
        points, normals, *_ = discretisation.panels.nodes_of(number)
        matrix = formulation.linear_conditions(number, points, normals).matrix
        rows, sides = len(points) * matrix.shape[1], matrix.shape[2] // (2 * c)
        values, tractions = (
            matrix.reshape(len(points), -1, sides, 2, c)[:, :, :, kind].transpose(0, 2, 1, 3) for kind in (0, 1)
        )
        motion_residuals.append(np.einsum("nsrc,ncm->nrm", values, all_modes.modes(points)).reshape(rows, modes))
        outward = np.zeros((len(points), sides, c, count))
        for n, loop in enumerate(loops[:count]):
            for side in loop:
                if side.edge == number:
                    outward[:, int(side.opposite), :, n] = -normals if side.opposite else normals
        pressure_residuals.append(np.einsum("nsrc,nscm->nrm", tractions, outward).reshape(rows, count))
    residuals = motion_residuals, pressure_residuals
    return NullSpace(formulation, *(_null_vectors(np.concatenate(rows)) for rows in residuals))


def gauge_conditions(discretisation: BoundaryDiscretisation, free: NullSpace) -> tuple[Array, Array]:
    """Rows (E, Q) that set the means of null-space components to zero, and their right-hand sides (E,).

    Raises:
        InputError: If the prescribed data are not in equilibrium.
    """
    formulation, measure = discretisation.formulation, discretisation.panels.measure * discretisation.scale
    rows, rights = [], []
    for column in range(free.motions.shape[1]):
        row, right, load, size = np.zeros(discretisation.size), 0.0, 0.0, 0.0
        for number, (traces, *others) in enumerate(discretisation.traces):
            points, _, speed, weights = discretisation.panels.nodes_of(number)
            mode, arc = free.modes(points)[:, :, column], weights * speed
            slopes = np.einsum("n,nc,ncm->nm", arc, mode, traces.value_slopes)
            row[discretisation.columns[number]] += slopes.ravel()
            values = traces.values + discretisation.particular_traces(number)[0]
            right -= float(np.einsum("n,nc,nc->", arc, mode, values))
            if not others:
                density = weights[:, None] * traces.densities * mode
                load += float(density.sum())
                size += float(np.abs(density).sum())
        if abs(load) > BALANCE * max(size, 1e-300):
            raise InputError(
                f"problem {formulation.problem.name!r} fixes its fields only up to a constant or a rigid motion, and the "
                f"data on its boundary are not in balance: they add up to {load:.6g} instead of 0"
            )
        rows.append(row / measure)
        rights.append(right / measure)
    if free.constant_pressure:
        _check_flow(discretisation)
    loops = [loop for name in formulation.problem.subdomains for loop in formulation.topology.loops[name]]
    stiffness = formulation.first_equation.stiffness / formulation.size
    for combination in free.pressures.T:
        row, right = np.zeros(discretisation.size), 0.0
        for coefficient, loop in zip(combination, loops, strict=True):
            for side in loop:
                traces = discretisation.traces[side.edge][int(side.opposite)]
                _, normals, _, weights = discretisation.panels.nodes_of(side.edge)
                outward = coefficient * weights[:, None] * (-normals if side.opposite else normals)
                slopes = np.einsum("nc,ncm->nm", outward, traces.density_slopes)
                row[discretisation.columns[side.edge]] += slopes.ravel()
                right -= float((outward * traces.densities).sum())
        rows.append(row / (measure * stiffness))
        rights.append(right / (measure * stiffness))
    return np.array(rows).reshape(-1, discretisation.size), np.array(rights)


def _check_flow(discretisation: BoundaryDiscretisation) -> None:
    """Raise InputError if prescribed velocities of an incompressible fluid have a net flow."""
    flow, size = 0.0, 0.0
    for number, traces in enumerate(discretisation.traces):
        if len(traces) == 1:
            _, normals, speed, weights = discretisation.panels.nodes_of(number)
            flux = weights * speed * np.sum(normals * traces[0].values, axis=1)
            flow += float(flux.sum())
            size += float(np.abs(flux).sum())
    if abs(flow) > BALANCE * max(size, discretisation.scale * discretisation.panels.measure):
        raise InputError(
            f"problem {discretisation.formulation.problem.name!r} gives the velocity on all of its boundary, and more "
            f"flows out than in: the flow through it adds up to {flow:.6g} instead of 0"
        )


def _null_vectors(matrix: Array) -> Array:
    """Orthonormal basis, as columns, of the null space of a matrix."""
    if matrix.shape[1] == 0:
        return np.zeros((0, 0))
    _, values, vectors = np.linalg.svd(matrix, full_matrices=False)
    return np.asarray(vectors[values < _ZERO * max(1.0, np.sqrt(len(matrix)))].T)


class PointConstraints:
    """Values at points that fix the null space; its states change no residual and are added after the solve.

    Raises:
        InputError: If they are more than its dimension, or fewer.
    """

    def __init__(self, free: NullSpace) -> None:
        self.free = free
        self.conditions = [c for c in free.formulation.problem.conditions if isinstance(c, PointValue)]
        labels = ", ".join(c.label for c in self.conditions)
        where = f"problem {free.formulation.problem.name!r}"
        if not self.conditions:
            return
        if not free.dimension:
            raise InputError(
                f"{where}: in the inverse form values at points fix constants and rigid motions that conditions leave "
                f"undetermined, and they leave none that {labels} could fix"
            )
        self.matrix = np.concatenate(
            [free.values(c.locations, [(c.field, self._index(c.derivative))])[:, 0] for c in self.conditions]
        )
        rank = int(np.linalg.matrix_rank(self.matrix, tol=1e-9))
        if rank < free.dimension or len(self.matrix) > rank:
            raise InputError(
                f"{where}: conditions leave {free.dimension} constants or rigid motions undetermined, and {labels} give "
                f"{len(self.matrix)} values that fix {rank} of them; give {free.dimension}, or none for means of zero on "
                "the boundary"
            )

    def coefficients(self, values: Callable[[str, Array, Sequence[FieldDerivative]], Array]) -> Array:
        """Coefficients (dimension,) of the null-space states that correct a solution, evaluated by `values`."""
        if not self.conditions:
            return np.zeros(self.free.dimension)
        problem = self.free.formulation.problem
        missing = []
        for c in self.conditions:
            expression = f"{c.field}.{c.derivative}" if c.derivative else c.field
            p = problem.points(torch.as_tensor(c.locations))
            value = torch.as_tensor(p.field(c.value, f"the value of {c.label}").value, dtype=torch.float64).numpy()
            missing.append(value - evaluate_expressions(problem, values, c.locations, expression))
        return np.asarray(np.linalg.solve(self.matrix, np.concatenate(missing)))

    def _index(self, derivative: str) -> tuple[int, ...]:
        index = tuple(derivative.count(c) for c in self.free.formulation.problem.coordinates)
        if sum(index) > 1 or sum(index) != len(derivative):
            raise InputError(
                f"in the inverse form values at points are those of fields and first derivatives, not of {derivative!r}"
            )
        return index
