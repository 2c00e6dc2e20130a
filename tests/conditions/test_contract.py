"""Every condition keeps the contract, a user's own too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import pi
from typing import Any, ClassVar

import pytest

import kinn
from kinn import (
    MLP,
    BoundaryCondition,
    Dirichlet,
    Disk,
    Initial,
    InputError,
    Integral,
    Interface,
    Neumann,
    Observation,
    Periodic,
    PointValue,
    Problem,
    ResidualCondition,
    Robin,
    cos,
    exp,
    grad,
    sin,
)
from kinn.conditions import Traces
from kinn.fields import Field, Points
from kinn.forms import DomainTrial
from kinn.mechanics import Bonded, PlaneStress, Traction
from tests.conditions.contract import INCLUSION, SPACE_TIME, ConditionContract


class TestDirichlet(ConditionContract):
    condition = Dirichlet("u", lambda x, y: x * x + y, on="left")
    hard = True

    def exact(self, x: Any, y: Any) -> Any:
        return x * x + y


class TestDirichletOnACurve(TestDirichlet):
    condition = Dirichlet("u", lambda x, y: x * x + y, on="boundary")
    domain = Disk((0, 0), 1)


class TestNeumann(ConditionContract):
    condition = Neumann("u", lambda x, y: 2 * x, on="right")
    hard, natural = True, True

    def exact(self, x: Any, y: Any) -> Any:
        return x * x + y


class TestRobin(ConditionContract):
    condition = Robin("u", 2.0, 3.0, lambda x, y: 2 * (x * y) + 3 * y, on="right")
    hard, natural = True, True

    def exact(self, x: Any, y: Any) -> Any:
        return x * y


class TestInitialValue(ConditionContract):
    condition = Initial("u", sin)
    domain = SPACE_TIME
    hard = True

    def exact(self, x: Any, t: Any) -> Any:
        return sin(x) * exp(-t)


class TestInitialRate(ConditionContract):
    condition = Initial("u", lambda x: -sin(x), derivative="t")
    domain = SPACE_TIME
    hard = True

    def exact(self, x: Any, t: Any) -> Any:
        return sin(x) * exp(-t)


class TestInterface(ConditionContract):
    condition = Interface("u", on="disk", value=0.0, coefficients=(1.0, 1.0))
    domain = INCLUSION

    def exact(self, x: Any, y: Any) -> Any:
        return x * y


class TestPeriodic(ConditionContract):
    condition = Periodic("u", on=("left", "right"))
    hard, natural = True, None

    def exact(self, x: Any, y: Any) -> Any:
        return y * cos(2 * pi * x)


class TestPointValue(ConditionContract):
    condition = PointValue("u", lambda x, y: x + y, at=[(0.2, 0.3), (0.5, 0.5)])

    def exact(self, x: Any, y: Any) -> Any:
        return x + y


class TestObservation(ConditionContract):
    condition = Observation("u", [(0.2, 0.3), (0.5, 0.5)], [0.5, 1.0], noise=0.1)  # type: ignore[arg-type]
    natural = None

    def exact(self, x: Any, y: Any) -> Any:
        return x + y


class TestObservationOfADerivative(TestObservation):
    condition = Observation("u.x", [(0.2, 0.3), (0.5, 0.5)], [0.3, 0.5])  # type: ignore[arg-type]

    def exact(self, x: Any, y: Any) -> Any:
        return x * y


class TestObservationOfAFunction(TestObservation):
    condition = Observation(lambda u, v, p: kinn.sqrt(u * u + v * v), [(0.3, 0.4), (0.6, 0.8)], [[0.5], [1.0]])  # type: ignore[arg-type]
    fields = ("u", "v")

    def exact(self, x: Any, y: Any) -> Any:
        return x, y


class TestResidualAtPoints(ConditionContract):
    condition = ResidualCondition(lambda u, p: u.x * u - p.y, at=[(0.2, 0.3), (0.5, 0.5)])

    def exact(self, x: Any, y: Any) -> Any:
        return (2 * x * y) ** 0.5


class TestResidualCondition(ConditionContract):
    condition = ResidualCondition(lambda u, p: grad(u) @ p.n - u, on="right")

    def exact(self, x: Any, y: Any) -> Any:
        return exp(x) * y


class TestResidualInTheInterior(ConditionContract):
    condition = ResidualCondition(lambda u, p: u.x - u, on="interior")

    def exact(self, x: Any, y: Any) -> Any:
        return exp(x) * y


class TestIntegral(ConditionContract):
    condition = Integral("u", 0.25)
    natural = None

    def exact(self, x: Any, y: Any) -> Any:
        return x * y


class TestTraction(ConditionContract):
    condition = Traction(on="right", material=PlaneStress(1.0, 0.0), value=(1.0, 0.0))
    fields = ("u", "v")
    natural = True

    def exact(self, x: Any, y: Any) -> Any:
        return x, 0 * y


class TestBonded(ConditionContract):
    condition = Bonded("u", on="disk", materials=(PlaneStress(1.0, 0.3), PlaneStress(1.0, 0.3)))
    domain = INCLUSION
    fields = ("u", "v")

    def exact(self, x: Any, y: Any) -> Any:
        return x * y, x + y


@dataclass(frozen=True)
class TangentialDerivative(BoundaryCondition):
    """The derivative along the boundary takes a value: a condition that the library does not have."""

    data_names: ClassVar[tuple[str, ...]] = ("value",)

    value: Any

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        nx, ny = p.n
        slope_x, slope_y = grad(traces[0][self.field])
        return [nx * slope_y - ny * slope_x - self.datum("value", p)]


class TestTangentialDerivative(ConditionContract):
    condition = TangentialDerivative("u", lambda x, y: x, on="right")

    def exact(self, x: Any, y: Any) -> Any:
        return x * y

    def test_hard_it_holds_for_every_network(self) -> None:
        """What is no value and no normal derivative cannot be built in, which is said when trial functions are built."""
        with pytest.raises(InputError, match=r"TangentialDerivative\('u', on='right'\) cannot be enforced hard"):
            DomainTrial(self.problem(replace(self.condition, enforce="hard")), MLP((4,)))  # type: ignore[call-arg]


def test_a_new_condition_solves_a_problem() -> None:
    """Laplace's equation with tangential derivatives all around has a solution up to a constant, which a point fixes."""
    boundary = [
        TangentialDerivative("u", lambda x, y, s=sign, first=first: s * (2 * x if first else -2 * y), on=on)  # type: ignore[misc]
        for on, sign, first in (("right", 1, False), ("top", -1, True), ("left", -1, False), ("bottom", 1, True))
    ]
    problem = Problem(
        "p", kinn.Rectangle((0, 0), (1, 1)), strong=lambda u, p: u.xx + u.yy, exact=lambda x, y: x * x - y * y,
        conditions=[*boundary, PointValue("u", 0.0, at=(0, 0))],
    )  # fmt: skip
    assert kinn.solve(problem, MLP((12,)), iterations=80).errors["u"].l2 < 1e-4
