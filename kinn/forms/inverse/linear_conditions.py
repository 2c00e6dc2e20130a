"""Linear conditions on the boundary data of an edge, solved for one half of the data; the network carries the other.

A condition of a linear problem is a linear relation between the values u and the tractions t on the boundary; its
coefficients are its residuals at unit states. An edge needs as many conditions as fields, an interface twice as many; they are
solved for half of u and t, and the other half is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
import torch

from kinn.conditions import Condition
from kinn.equations import Equation
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry.types import Array
from kinn.jets import Component, Index
from kinn.problem import Problem

#: The relative size of coefficients and singular values that count as zero.
_ZERO = 1e-7


@dataclass(frozen=True)
class LinearConditions:
    """Linear conditions R (u, t) = r on an edge, at N points.

    Attributes:
        matrix: R, `N x rows x columns`; columns are u and t of the first side, then of the second. Tractions are in units
            of the stiffness by the size.
        right: r, `N x rows`.
    """

    matrix: Array
    right: Array

    def known_columns(self, components: int) -> tuple[int, ...]:
        """Columns to solve for: those of the second side of an interface, else tractions where possible.

        Raises:
            InputError: If no choice is regular on the whole edge.
        """
        _, rows, columns = self.matrix.shape
        if columns > 2 * components:
            choices = [tuple(range(2 * components, columns))]
        else:
            tractions = range(components, 2 * components)
            choices = sorted(combinations(range(columns), rows), key=lambda k: -len({*k} & {*tractions}))
        for choice in choices:
            values = np.linalg.svd(self.matrix[:, :, choice], compute_uv=False)
            if (values[:, -1] > _ZERO * np.abs(self.matrix).max(axis=(1, 2))).all():
                return choice
        raise InputError(
            "they contradict each other, or act along changing directions, which the inverse form does not support"
        )

    def solve_for(self, known: tuple[int, ...]) -> tuple[Array, Array]:
        """All columns as affine functions of the unknown ones: `N x columns`, `N x columns x unknown`."""
        count, _, columns = self.matrix.shape
        unknown = [c for c in range(columns) if c not in known]
        constant, slope = np.zeros((count, columns)), np.zeros((count, columns, len(unknown)))
        inverse = np.linalg.inv(self.matrix[:, :, known])
        constant[:, known] = np.einsum("nkr,nr->nk", inverse, self.right)
        slope[:, known] = -inverse @ self.matrix[:, :, unknown]
        slope[:, unknown, range(len(unknown))] = 1.0
        slope[np.abs(slope) < 1e-14] = 0.0
        return constant, slope


def linear_conditions(
    problem: Problem,
    equations: Sequence[Equation],
    conditions: Sequence[Condition],
    points: Array,
    normals: Array,
    size: float,
) -> LinearConditions:
    """Conditions on an edge between one or two subdomains in linear form, at N points with normals out of the first.

    The length `size` makes tractions comparable to values.

    Raises:
        InputError: If a condition is not linear, or contains other derivatives than tractions.
    """
    p = problem.points(torch.as_tensor(points), torch.as_tensor(normals))
    for condition in conditions:
        condition.check_data(p)
    residuals = partial(_residuals, problem, equations, conditions, p, normals, size)
    # values, tractions, and derivatives along each tangent
    shape = (len(equations), 1 + points.shape[1], equations[0].components, len(points))
    zero, labels = residuals(np.zeros(shape))
    columns: list[Array] = []
    tangential: list[Array] = []
    for index in np.ndindex(shape[:3]):
        unit = np.zeros(shape)
        unit[index] = 1.0
        (tangential if index[1] >= 2 else columns).append(residuals(unit)[0] - zero)
    matrix = np.stack(columns, axis=2)
    scale = np.abs(matrix).max(axis=2)
    for n, label in enumerate(labels):
        if (scale[:, n] == 0).any():
            raise InputError(f"{label} does not depend on the fields on its boundary")
        if max(np.abs(a[:, n]).max() for a in tangential) > _ZERO * scale[:, n].max():
            raise InputError(
                f"{label} contains a tangential derivative, or a normal derivative that is no traction of "
                f"{equations[0].name}: the inverse form takes values and tractions"
            )
    random = np.random.default_rng(0).normal(size=shape)
    random[:, 2:] = 0.0
    mixed = np.einsum("nrk,kn->nr", matrix, random[:, :2].reshape(-1, len(points)))
    nonlinear = np.abs(residuals(random)[0] - zero - mixed) > 1e-6 * scale * (1 + np.abs(random).max())
    if nonlinear.any():
        raise InputError(f"{labels[int(nonlinear.any(axis=0).argmax())]} is not linear, as the inverse form requires")
    return LinearConditions(matrix / scale[:, :, None], -zero / scale)


def _residuals(
    problem: Problem,
    equations: Sequence[Equation],
    conditions: Sequence[Condition],
    p: Points,
    normals: Array,
    size: float,
    state: Array,
) -> tuple[Array, list[str]]:
    """Residuals (N, rows) of values, tractions and tangential derivatives, (sides, 1 + d, C, N), and their labels."""
    traces = []
    for side, (equation, (u, t, *s)) in enumerate(zip(equations, state, strict=True)):
        data = t.T * equation.stiffness / size, np.stack(s).T / size, -normals if side else normals
        slopes = equation.gradient(*data)
        fields = [_field(problem, u[c], slopes[:, c]) for c in range(equation.components)]
        fields += [_field(problem, pressure, None) for pressure in equation.pressure(*data).T]
        traces.append(dict(zip(problem.names, fields, strict=False)))
    out, labels = [], []
    for condition in conditions:
        for residual in condition.residuals(traces, p):
            values = torch.as_tensor(residual.value, dtype=torch.float64)
            out.append(np.broadcast_to(values.numpy(), len(p)))
            labels.append(condition.label)
    return np.stack(out, axis=1) if out else np.zeros((len(p), 0)), labels


def _field(problem: Problem, value: Array, slopes: Array | None) -> Field:
    """Field with these values (N,) and gradients (N, d)."""
    values, gradient = torch.as_tensor(value.copy()), None if slopes is None else torch.as_tensor(slopes.copy())

    def component(a: Index) -> Component:
        if not any(a):
            return values
        if gradient is not None and sum(a) == 1 and min(a) == 0:
            return gradient[:, list(a).index(1)]
        raise InputError("conditions of the inverse form contain values and first derivatives only")

    return Field(problem.coordinates, component)
