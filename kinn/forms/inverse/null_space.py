"""What conditions leave free: constants, rigid motions, pressures; within the equations means of zero fix it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kinn.errors import InputError
from kinn.forms.inverse.formulation import BoundaryFormulation
from kinn.forms.trial_functions import Wanted
from kinn.geometry.types import Array

if TYPE_CHECKING:
    from kinn.forms.inverse.discretisation import BoundaryDiscretisation

#: What fluxes or tractions that cannot be in balance may add up to, relative to their size.
BALANCE = 1e-6

#: Singular values below this, relative to the largest, are zero.
_ZERO = 1e-9


@dataclass(frozen=True, eq=False)
class NullSpace:
    """The states that conditions leave free, each a combination of simple ones.

    Attributes:
        setting: The problem.
        motions: Combinations (modes, A) of the kernel's modes: constants, rigid motions.
        pressures: Combinations (chains, B) of tractions along the normals of the chains, without motion.
    """

    setting: BoundaryFormulation
    motions: Array
    pressures: Array

    @property
    def constant_pressure(self) -> bool:
        """Whether a constant may be added to the pressure: the combination of all chains is free."""
        whole = np.ones(len(self.pressures))
        left = whole - self.pressures @ (self.pressures.T @ whole)
        return bool(len(whole) and np.linalg.norm(left) < 1e-6)

    @property
    def count(self) -> int:
        """The number of free states of the fields."""
        named = len(self.setting.problem.names) > self.setting.components
        return int(self.motions.shape[1] + (named and self.constant_pressure))

    def modes(self, points: Array) -> Array:
        """Return the free motions at points (N, d), (N, C, A)."""
        setting = self.setting
        lower, upper = setting.problem.bounds
        scaled = (points - (lower + upper) / 2) / setting.size
        modes = setting.kernel(next(iter(setting.problem.subdomains))).rigid_modes(scaled)
        return np.asarray(np.einsum("ncm,ma->nca", modes, self.motions))

    def at(self, points: Array, wanted: Sequence[Wanted]) -> Array:
        """Return what the free states of the fields are at points (N, d), (N, len(wanted), count)."""
        names, c = self.setting.problem.names, self.setting.components
        out = np.zeros((len(points), len(wanted), self.count))
        for column, (field, index) in enumerate(wanted):
            component, motions = names.index(field), self.motions.shape[1]
            if component >= c:
                out[:, column, motions:] = 0.0 if any(index) else 1.0
            elif any(index):  # they are affine: a difference is the derivative
                step = self.setting.size * np.array(index)
                out[:, column, :motions] = (self.modes(points + step) - self.modes(points))[:, component] / step.sum()
            else:
                out[:, column, :motions] = self.modes(points)[:, component]
        return out


def free_states(made: BoundaryDiscretisation) -> NullSpace:
    """Return what the conditions of a problem leave free."""
    setting, c = made.setting, made.setting.components
    first = next(iter(setting.problem.subdomains))
    modes = setting.kernel(first).rigid_modes(np.zeros((1, setting.problem.dimension))).shape[2]
    chains = [chain for name in setting.problem.subdomains for chain in setting.outline.chains[name]]
    count = len(chains) if setting.equation(first).incompressible else 0
    if setting.exterior or any(not setting.kernel(name).static for name in setting.problem.subdomains):
        return NullSpace(setting, np.zeros((modes, 0)), np.zeros((0, 0)))
    every = NullSpace(setting, np.eye(modes), np.zeros((0, 0)))
    moved, pressed = [], []
    for number in range(len(setting.outline.edges)):
        points, normals, _ = made.located(number)
        matrix = setting.relations(number, points, normals).matrix
        sides = matrix.shape[2] // (2 * c)
        values, tractions = (
            matrix.reshape(len(points), -1, sides, 2, c)[:, :, :, kind].transpose(0, 2, 1, 3) for kind in (0, 1)
        )
        moved.append(
            np.einsum("nsrc,ncm->nrm", values, every.modes(points)).reshape(len(points) * matrix.shape[1], modes)
        )
        along = np.zeros((len(points), sides, c, count))
        for n, chain in enumerate(chains[:count]):
            for side in chain:
                if side.edge == number:
                    along[:, int(side.opposite), :, n] = -normals if side.opposite else normals
        pressed.append(np.einsum("nsrc,nscm->nrm", tractions, along).reshape(len(points) * matrix.shape[1], count))
    return NullSpace(setting, _nullspace(np.concatenate(moved)), _nullspace(np.concatenate(pressed)))


def gauge(made: BoundaryDiscretisation, free: NullSpace) -> tuple[Array, Array]:
    """Return the rows that set means of what nothing fixes to zero, and their right sides.

    Raises:
        InputError: If what is given is not in balance.
    """
    setting, total = made.setting, made.size
    rows, rights = [], []
    for column in range(free.motions.shape[1]):
        row, right, load, size = np.zeros(total), 0.0, 0.0, 0.0
        for number, traces in enumerate(made.traces):
            points, _, rates = made.located(number)
            mode = free.modes(points)[:, :, column]
            weights = made.weights(number)
            arc = weights * rates
            row[made.columns[number]] += np.einsum("n,nc,ncm->nm", arc, mode, traces[0].value_slopes).ravel()
            values = traces[0].values + made.particular(number)[0]
            right -= float(np.einsum("n,nc,nc->", arc, mode, values))
            if len(traces) == 1:
                density = weights[:, None] * traces[0].densities * mode
                load += float(density.sum())
                size += float(np.abs(density).sum())
        if abs(load) > BALANCE * max(size, 1e-300):
            raise InputError(
                f"problem {setting.problem.name!r} fixes its fields only up to a constant or a motion, and what "
                f"is given on its boundary is not in balance: it adds up to {load:.6g} instead of 0"
            )
        rows.append(row / (made.panels.measure * made.scale))
        rights.append(right / (made.panels.measure * made.scale))
    if free.constant_pressure:
        _check_flow(made)
    sides = [chain for name in setting.problem.subdomains for chain in setting.outline.chains[name]]
    stiffness = setting.equation(next(iter(setting.problem.subdomains))).stiffness / setting.size
    for combination in free.pressures.T:
        row, right = np.zeros(total), 0.0
        for share, chain in zip(combination, sides, strict=True):
            for side in chain:
                own = made.traces[side.edge][int(side.opposite)]
                _, normals, _ = made.located(side.edge)
                along = share * made.weights(side.edge)[:, None] * (-normals if side.opposite else normals)
                row[made.columns[side.edge]] += np.einsum("nc,ncm->nm", along, own.density_slopes).ravel()
                right -= float((along * own.densities).sum())
        unit = made.panels.measure * made.scale * stiffness
        rows.append(row / unit)
        rights.append(right / unit)
    return np.array(rows).reshape(-1, total), np.array(rights)


def _check_flow(made: BoundaryDiscretisation) -> None:
    """Refuse velocities that let more in than out, of a fluid that nothing compresses."""
    flow, size = 0.0, 0.0
    for number, traces in enumerate(made.traces):
        if len(traces) == 1:
            _, normals, rates = made.located(number)
            through = made.weights(number) * rates * np.sum(normals * traces[0].values, axis=1)
            flow += float(through.sum())
            size += float(np.abs(through).sum())
    if abs(flow) > BALANCE * max(size, made.scale * made.panels.measure):
        raise InputError(
            f"problem {made.setting.problem.name!r} gives the velocity on all of its boundary, and more flows out than "
            f"in: the flow through it adds up to {flow:.6g} instead of 0"
        )


def _nullspace(matrix: Array) -> Array:
    """Return an orthonormal basis, as columns, of what a matrix makes nothing of."""
    if matrix.shape[1] == 0:
        return np.zeros((0, 0))
    _, values, vectors = np.linalg.svd(matrix, full_matrices=False)
    return np.asarray(vectors[values < _ZERO * max(1.0, np.sqrt(len(matrix)))].T)
