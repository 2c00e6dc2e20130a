"""What conditions give on an edge, and what they leave to the network.

Every condition of a linear problem is a linear relation between the values u and the tractions t on the boundary, which
its own residual tells: it is tried on unit states. On an edge there are as many relations as fields, on one between two
subdomains twice as many; they are solved for half of u and t, the other half is unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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

#: Relative to the largest, a coefficient of a relation or a singular value below this is zero.
_ZERO = 1e-7


@dataclass(frozen=True)
class LinearConditions:
    """Linear relations R (u, t) = r on each side of an edge, at N points.

    Attributes:
        matrix: R, `N x rows x columns`; columns are u and t of the first side, then of the second. Those of tractions
            are in units of the stiffness by the size.
        right: r, `N x rows`.
    """

    matrix: Array
    right: Array

    def known(self, components: int) -> tuple[int, ...]:
        """Return the columns that they are solved for: of the second side, or tractions where these can be told.

        Raises:
            InputError: If there is no choice that serves the whole edge.
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
        raise InputError("they contradict each other, or hold along changing directions, which the inverse form cannot")

    def solved(self, known: tuple[int, ...]) -> tuple[Array, Array]:
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


def relations(
    problem: Problem,
    subdomains: Sequence[str],
    equations: Sequence[Equation],
    conditions: Sequence[Condition],
    points: Array,
    normals: Array,
    size: float,
) -> LinearConditions:
    """Return what conditions say on an edge.

    Args:
        problem: The problem.
        subdomains: Those beside the edge, one or two.
        equations: Their equations.
        conditions: Those that hold there.
        points: N points of it.
        normals: The normals out of the first subdomain.
        size: The length that tractions are made comparable to values with.

    Raises:
        InputError: If a condition is not linear, or about other derivatives than tractions.
    """
    p = problem.points(torch.as_tensor(points), torch.as_tensor(normals))
    for condition in conditions:
        condition.check_data(p)
    trial = _Trial(problem, conditions, p, equations, normals, size)
    c, sides = trial.components, len(subdomains)
    shape = (sides, 1 + points.shape[1], c, len(points))  # values, tractions, and slopes along each tangent
    zero = trial.residuals(np.zeros(shape))
    columns: list[Array] = []
    along: list[Array] = []
    for side in range(sides):
        for kind in range(shape[1]):
            for component in range(c):
                state = np.zeros(shape)
                state[side, kind, component] = 1.0
                (along if kind >= 2 else columns).append(trial.residuals(state) - zero)
    matrix = np.stack(columns, axis=2)
    scale = np.abs(matrix).max(axis=2)
    labels = trial.labels
    for n, label in enumerate(labels):
        if (scale[:, n] == 0).any():
            raise InputError(f"{label} says nothing of the fields on its boundary")
        if max(np.abs(a[:, n]).max() for a in along) > _ZERO * scale[:, n].max():
            raise InputError(
                f"{label} holds a derivative along the boundary, or a normal derivative that is no traction of "
                f"{equations[0].name}: the inverse form takes values and tractions"
            )
    random = np.random.default_rng(0).normal(size=shape)
    random[:, 2:] = 0.0
    mixed = np.einsum("nrk,kn->nr", matrix, random[:, :2].reshape(-1, len(points)))
    wrong = np.abs(trial.residuals(random) - zero - mixed) > 1e-6 * scale * (1 + np.abs(random).max())
    if wrong.any():
        raise InputError(f"{labels[int(wrong.any(axis=0).argmax())]} is not linear, and the inverse form is")
    return LinearConditions(matrix / scale[:, :, None], -zero / scale)


class _Trial:
    """Conditions tried on states of the boundary."""

    def __init__(
        self,
        problem: Problem,
        conditions: Sequence[Condition],
        p: Points,
        equations: Sequence[Equation],
        normals: Array,
        size: float,
    ) -> None:
        self.problem, self.conditions, self.p = problem, conditions, p
        self.equations, self.normals, self.size = equations, normals, size
        self.components = equations[0].components
        self.labels: list[str] = []

    def residuals(self, state: Array) -> Array:
        """Return the residuals (N, rows) of values, tractions and slopes along the boundary, (sides, 1 + d, C, N)."""
        traces = []
        for side, (equation, (u, t, *s)) in enumerate(zip(self.equations, state, strict=True)):
            normals = self.normals if side == 0 else -self.normals
            known = t.T * equation.stiffness / self.size, np.stack(s).T / self.size, normals
            slopes = equation.gradient(*known)
            fields = [self._field(u[c], slopes[:, c]) for c in range(self.components)]
            fields += [self._field(p, None) for p in equation.pressure(*known).T]
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
            raise InputError("conditions of the inverse form hold values and first derivatives, and no others")

        return Field(self.problem.coordinates, component)
