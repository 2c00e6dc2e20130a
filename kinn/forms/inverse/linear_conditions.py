"""Linear conditions on the boundary data of an edge, solved for one half of the data; the network carries the other.

A condition of a linear problem is a linear relation between the values u and the tractions t on the boundary; its
coefficients are its residuals at unit states. An edge needs as many conditions as fields, an interface twice as many; they are
solved for half of u and t, and the other half is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
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
        """Return the columns to solve for: those of the second side of an interface, else tractions where possible.

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
        """Return all columns as affine functions of the unknown ones: `N x columns`, `N x columns x unknown`."""
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
    """Return the conditions on an edge in linear form.

    Args:
        problem: The problem.
        equations: The equations of the adjacent subdomains, one or two.
        conditions: The conditions on the edge.
        points: N points of it.
        normals: The normals out of the first subdomain.
        size: The length that makes tractions comparable to values.

    Raises:
        InputError: If a condition is not linear, or contains other derivatives than tractions.
    """
    p = problem.points(torch.as_tensor(points), torch.as_tensor(normals))
    for condition in conditions:
        condition.check_data(p)
    states = _BoundaryStates(problem, conditions, p, equations, normals, size)
    c, sides = equations[0].components, len(equations)
    shape = (sides, 1 + points.shape[1], c, len(points))  # values, tractions, and derivatives along each tangent
    zero = states.residuals(np.zeros(shape))
    columns: list[Array] = []
    tangential: list[Array] = []
    for side in range(sides):
        for kind in range(shape[1]):
            for component in range(c):
                unit = np.zeros(shape)
                unit[side, kind, component] = 1.0
                (tangential if kind >= 2 else columns).append(states.residuals(unit) - zero)
    matrix = np.stack(columns, axis=2)
    scale = np.abs(matrix).max(axis=2)
    labels = states.labels
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
    nonlinear = np.abs(states.residuals(random) - zero - mixed) > 1e-6 * scale * (1 + np.abs(random).max())
    if nonlinear.any():
        raise InputError(f"{labels[int(nonlinear.any(axis=0).argmax())]} is not linear, as the inverse form requires")
    return LinearConditions(matrix / scale[:, :, None], -zero / scale)


@dataclass
class _BoundaryStates:
    """The residuals of conditions at boundary data, and the label of each residual."""

    problem: Problem
    conditions: Sequence[Condition]
    p: Points
    equations: Sequence[Equation]
    normals: Array
    size: float
    labels: list[str] = field(default_factory=list)

    def residuals(self, state: Array) -> Array:
        """Return the residuals (N, rows) of values, tractions and tangential derivatives, (sides, 1 + d, C, N)."""
        traces = []
        for side, (equation, (u, t, *s)) in enumerate(zip(self.equations, state, strict=True)):
            normals = self.normals if side == 0 else -self.normals
            data = t.T * equation.stiffness / self.size, np.stack(s).T / self.size, normals
            slopes = equation.gradient(*data)
            fields = [self._field(u[c], slopes[:, c]) for c in range(equation.components)]
            fields += [self._field(p, None) for p in equation.pressure(*data).T]
            traces.append(dict(zip(self.problem.names, fields, strict=False)))
        out, self.labels = [], []
        for condition in self.conditions:
            for residual in condition.residuals(traces, self.p):
                values = torch.as_tensor(residual.value, dtype=torch.float64)
                out.append(np.broadcast_to(values.numpy(), len(self.p)))
                self.labels.append(condition.label)
        return np.stack(out, axis=1) if out else np.zeros((len(self.p), 0))

    def _field(self, value: Array, slopes: Array | None) -> Field:
        values, gradient = torch.as_tensor(value.copy()), None if slopes is None else torch.as_tensor(slopes.copy())

        def component(a: Index) -> Component:
            if not any(a):
                return values
            if gradient is not None and sum(a) == 1 and min(a) == 0:
                return gradient[:, list(a).index(1)]
            raise InputError("conditions of the inverse form contain values and first derivatives only")

        return Field(self.problem.coordinates, component)
