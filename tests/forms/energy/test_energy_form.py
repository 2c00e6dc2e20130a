"""The energy form: against autograd, against solutions that are known, and its refusals."""

from __future__ import annotations

from dataclasses import replace
from math import pi

import pytest
import torch

import kinn
from kinn import (
    MLP,
    Dirichlet,
    InputError,
    Interface,
    Neumann,
    Observation,
    PointValue,
    Problem,
    Rectangle,
    Unknown,
    problems,
)
from kinn.calculus import grad
from kinn.forms import DomainTrial
from kinn.forms.energy import energy_form
from kinn.geometry import Grading
from kinn.problem import Defaults

SQUARE = Rectangle((-1.0, -1.0), (1.0, 1.0))


def exact(x, y):
    return kinn.sin(pi * x) * kinn.sin(pi * y)


def density(u, p):
    return 0.5 * grad(u) @ grad(u) - 2 * pi**2 * exact(p.x, p.y) * u


def poisson(enforce="hard", **changes):
    given = {"energy": density, "conditions": [Dirichlet("u", 0.0, on="boundary", enforce=enforce)], "exact": exact}
    return Problem("poisson", SQUARE, **(given | changes))


def objective_of(problem, points=200, network=None):
    trial = DomainTrial(problem.in_form("energy"), network or MLP((5,)), seed=1)
    return energy_form(trial, points=points)


def test_gradient_is_that_of_autograd():
    objective = objective_of(poisson("soft"))
    theta = objective.start()
    loss, gradient = objective.gradient(theta)
    step = 1e-6 * torch.randn(len(theta), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert objective.loss(theta) == pytest.approx(loss, rel=1e-12)
    assert objective.loss(theta + step) - objective.loss(theta - step) == pytest.approx(
        2 * float(gradient @ step), rel=1e-6
    )
    curvature = objective.curvature(theta)
    assert curvature.loss == pytest.approx(loss, rel=1e-12)
    assert torch.allclose(2 * curvature.half_gradient, gradient, rtol=1e-9, atol=1e-12)


def test_bend_is_that_of_differences():
    objective = objective_of(poisson("soft"))
    theta, generator = objective.start(), torch.Generator().manual_seed(0)
    d, v = (torch.randn(len(theta), generator=generator, dtype=torch.float64) for _ in range(2))

    def components(term, block, moved):
        objective.trial.flat.set(moved)
        with torch.no_grad():
            return term.components(objective.trial, block)

    expected, h = 0.0, 1e-3
    for term in objective.terms:
        for n, p in enumerate(term.blocks):
            here = components(term, n, theta)
            ahead, behind = (components(term, n, theta + s * h * d) for s in (1, -1))
            across = (components(term, n, theta + h * v) - components(term, n, theta - h * v)) / (2 * h)
            resisted = torch.einsum("nij,jn->in", term.hessian(here, n), (ahead - 2 * here + behind) / h**2)
            expected += 0.5 * float((p.weights * across * resisted).sum())
    assert float(objective.geodesic_correction(theta, 0.01 * d) @ v) == pytest.approx(1e-4 * expected, rel=1e-3)
    assert objective_of(poisson("hard")).geodesic_correction(theta, d) is None  # nothing is held stiffly


@pytest.mark.parametrize("enforce", ["hard", "soft"])
def test_matrix_is_the_hessian_where_fields_are_linear_in_the_parameters(enforce):
    objective = objective_of(poisson(enforce))
    theta, last = objective.start(), objective.last_layer()
    matrix = 2 * objective.curvature(theta).matrix[last][:, last]
    columns = []
    for position in last:
        step = torch.zeros_like(theta)
        step[position] = 1e-3  # the energy is quadratic there: differences are exact
        columns.append((objective.gradient(theta + step)[1] - objective.gradient(theta - step)[1])[last] / 2e-3)
    assert torch.allclose(matrix, torch.stack(columns), rtol=1e-7, atol=1e-7 * float(matrix.abs().max()))


def test_minimum_is_the_solution():
    solution = kinn.solve(poisson(), kinn.KAN((8,), 6, 5), form="energy", iterations=30)
    assert solution.errors["u"].l2 < 1e-3
    assert solution.loss == pytest.approx(-(pi**2), rel=1e-5)
    assert solution.quadrature is not None
    assert solution.quadrature.reliable


def test_methods_all_go_down():
    for optimizer in ("adam", "lbfgs", "ssbroyden", "lm"):
        solution = kinn.solve(poisson(), MLP((8,)), form="energy", optimizer=optimizer, iterations=6, points=256)
        assert solution.history[-1].loss < solution.history[0].loss, optimizer


def test_multipliers_make_penalties_exact():
    problem = Problem(
        "bar",
        kinn.Interval(0.0, 1.0),
        energy=lambda u, p: 0.5 * u.x * u.x,
        conditions=[Dirichlet("u", 0.0, on="left"), Dirichlet("u", 1.0, on="right")],
        exact=lambda x: 1.0 * x,
        defaults=Defaults(penalty=10.0),
    )
    errors = {n: kinn.solve(problem, MLP((4,)), form="energy", iterations=n).errors["u"].l2 for n in (5, 100)}
    assert errors[5] > 0.03  # by the penalty alone the ends give way
    assert errors[100] < 1e-5


def bars(*conditions, **changes):
    """Two bars in a row, the second four times as stiff, held at the left end."""
    corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    soft = kinn.Polygon(corners, edges=["sides", "middle", "sides", "left"])
    stiff = kinn.Polygon([(x + 1, y) for x, y in corners], edges=["sides", "right", "sides", "middle"])
    return Problem(
        "bars",
        {"soft": soft, "stiff": stiff},
        energy={"soft": lambda u, p: 0.5 * grad(u) @ grad(u), "stiff": lambda u, p: 2.0 * grad(u) @ grad(u)},
        conditions=[Dirichlet("u", 0.0, on="left"), *conditions],
        **changes,
    )


def test_multipliers_are_fluxes():
    """Of the stiffness on each side, through the normal that points outwards from the first; their mean where two meet."""
    objective = objective_of(bars(Interface("u", on="middle"), PointValue("u", 1.0, at=(2.0, 0.5))))
    assert objective.accumulates_multipliers  # at the point
    objective.set_multipliers(objective.updated_multipliers(objective.start())[0])
    left, middle, point = (term for term in objective.terms if hasattr(term, "multipliers"))

    def slope(term, subdomain):
        return torch.as_tensor(objective.trial.evaluate(term.blocks[0].tensor.numpy(), "u.x", subdomain=subdomain))

    torch.testing.assert_close(left.multipliers[0][0], -slope(left, "soft"))
    torch.testing.assert_close(middle.multipliers[0][0], 0.5 * slope(middle, "soft") + 2.0 * slope(middle, "stiff"))
    assert not point.fluxes


def test_network_that_exploits_the_rule_is_found_out():
    solution = kinn.solve(poisson(), kinn.KAN((6,), 8, 5), form="energy", points=60, iterations=60)
    assert any(record.detail.get("rejected") for record in solution.history)
    assert solution.quadrature.rejected > 0
    assert solution.errors["u"].l2 < 0.1
    assert max(record.detail["refinement"] for record in solution.history) > 1


def test_a_uniform_density_hides_nothing_from_the_guard():
    """As that of a far field, which any quadrature integrates, around what is not resolved."""
    plain, flow = poisson(), poisson(energy=lambda u, p: density(u, p) + 1e4)
    first, second = (objective_of(problem, 100) for problem in (plain, flow))
    theta = 3.0 * first.start()
    gap = first.quadrature_gap(theta)
    assert gap > 1e-9
    assert second.quadrature_gap(theta) == pytest.approx(gap, rel=1e-3)


def test_loads_and_interfaces():
    """Pulled at the end: u' = 1 / k in each bar."""
    problem = bars(Interface("u", on="middle", coefficients=(1, 4)), work={"right": lambda u, p: 1.0 * u})
    solution = kinn.solve(problem, MLP((4,)), form="energy", iterations=80, points=200)
    assert solution([[1.0, 0.3], [2.0, 0.7]])[:, 0] == pytest.approx([1.0, 1.25], abs=1e-3)


REFUSED = [
    ({"energy": None, "strong": lambda u, p: u.xx}, "does not state the energy form"),
    ({"conditions": []}, "'u' may be shifted at will"),
    ({"conditions": [Neumann("u", 0.0, on="boundary")]}, "'u' may be shifted at will"),
    ({"conditions": [Neumann("u", 1.0, on="left"), Dirichlet("u", 0.0, on="right")]}, "work= says nothing of it"),
    ({"work": {"left": lambda u, p: u}}, "a load on 'left' that does no work: 'u' is given there"),
    ({"work": {"lefty": lambda u, p: u}}, "did you mean 'left'"),
    ({"work": {"left": lambda u: u}}, "must take u, p"),
    ({"energy": lambda u, p: 1.0}, "returns float where a field is needed"),
    ({"energy": lambda u, p: p.x}, "depends on no field"),
    (
        {"unknowns": [Unknown("k", initial=1.0)]},
        r"unknowns \('k'\), which an energy does not determine, .* strong form",
    ),
    ({"conditions": [Observation("u", [[0.0, 0.0]], [1.0])]}, "solve the strong form"),
    ({"conditions": [PointValue("u", 1.0, at=(0.0, 0.0), derivative="x")]}, "an energy does not feel"),
    (
        {"defaults": Defaults(grading=Grading([(3.0, 4.0)], 0.5))},
        r"graded towards \(3.0, 4.0\), which is no corner of its domain",
    ),
]


@pytest.mark.filterwarnings("ignore::kinn.errors.ProblemWarning")
@pytest.mark.parametrize(("changes", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_refusals(changes, message):
    with pytest.raises(InputError, match=message):
        kinn.solve(poisson(**changes), MLP((4,)), form="energy", iterations=1)


def test_rigid_body_modes_are_found():
    def elastic(u, v, p):
        return u.x * u.x + v.y * v.y + 0.5 * (u.y + v.x) * (u.y + v.x)

    body = Problem("body", SQUARE, fields=("u", "v"), energy=elastic, conditions=[Dirichlet("u", 0.0, on="left")])
    with pytest.raises(InputError, match="'v' may be shifted at will"):
        objective_of(body)
    held = [PointValue("u", 0.0, at=(0.0, 0.0)), PointValue("v", 0.0, at=(0.0, 0.0))]
    with pytest.raises(InputError, match="the body may be turned"):
        objective_of(replace(body, conditions=held))
    objective_of(replace(body, conditions=[*held, PointValue("v", 0.0, at=(1.0, 0.0))]))


def test_natural_conditions_hold_no_motion():
    """The traction's residual is not linear in a turn of the body: its square is no measure of what is held."""
    problem = problems.get("hyperelastic-beam")
    objective_of(problem)
    free = [c for c in problem.conditions if not isinstance(c, Dirichlet)]
    with pytest.raises(InputError, match="'u', 'v' may be shifted at will"):
        objective_of(replace(problem, conditions=free))


def test_strategies_of_the_strong_form_are_refused():
    with pytest.raises(InputError, match="weights is for the strong form"):
        kinn.solve(poisson(), MLP((4,)), form="energy", weights="ntk")


def test_energy_that_breaks_down_says_where():
    problem = Problem(
        "log",
        kinn.Interval(0.0, 1.0),
        energy=lambda u, p: -kinn.log(1 + u.x) * 0.0 + kinn.sqrt(u.x - 5.0 + 0.0 * p.x),
        conditions=[Dirichlet("u", 0.0, on="left", enforce="hard"), Dirichlet("u", 0.0, on="right", enforce="hard")],
    )
    with pytest.raises(kinn.SolveError, match="the energy, first at x ="):
        kinn.solve(problem, MLP((4,)), form="energy", iterations=5)
