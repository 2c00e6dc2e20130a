from __future__ import annotations

import pytest
import torch

from kinn import LBFGS, Adam, Auto, InputError, LastLayerLeastSquares, LevenbergMarquardt, SelfScaledBroyden
from kinn.optim import OPTIMIZERS, Optimizer
from kinn.optim.broyden import self_scaled_update
from kinn.optim.gauss_newton import DualNormalEquations, NormalEquations, TriangularFactor
from kinn.optim.least_squares import solve_rows
from tests.optim.contract import run
from tests.optim.fakes import Residuals, linear, rosenbrock

START = torch.tensor([-1.2, 1.0], dtype=torch.float64)


@pytest.mark.parametrize(
    ("method", "steps", "loss"),
    [
        (LevenbergMarquardt(), 60, 1e-20),
        (LevenbergMarquardt(linear_algebra="qr"), 60, 1e-20),
        (SelfScaledBroyden(), 200, 1e-16),
        (SelfScaledBroyden(gauss_newton_start=False), 300, 1e-14),
        (LBFGS(), 200, 1e-10),
        (Adam(lr=0.05), 2000, 1e-2),
        (Auto(), 200, 1e-20),
    ],
)
def test_rosenbrock(method: Optimizer, steps: int, loss: float) -> None:
    state = run(method, Residuals(rosenbrock, 2), START, steps)
    assert state.loss < loss


@pytest.mark.parametrize("method", [LevenbergMarquardt(), SelfScaledBroyden(), LBFGS()])
def test_monotone_methods_never_rise(method: Optimizer) -> None:
    objective = Residuals(rosenbrock, 2)
    state = method.start(objective, START)
    for _ in range(25):
        following = method.step(objective, state)
        assert following.loss <= state.loss * (1 + 1e-12)
        state = following


def test_accepted_steps_keep_the_target_ratio() -> None:
    method, objective = LevenbergMarquardt(gain_ratio=0.3), Residuals(rosenbrock, 2)
    state = method.start(objective, START)
    for _ in range(8):
        model = NormalEquations(objective, state.theta)
        following = method.step(objective, state)
        predicted = model.decrease(following.theta - state.theta)
        assert state.loss - following.loss >= 0.3 * predicted * (1 - 1e-9)
        state = following


class Bent(Residuals):
    """Residuals that say how they bend."""

    def geodesic_correction(self, theta: torch.Tensor, d: torch.Tensor) -> torch.Tensor:
        def along(t: torch.Tensor) -> torch.Tensor:
            return self.function(theta + t * d)

        zero = torch.zeros((), dtype=torch.float64)
        second = torch.autograd.functional.jacobian(
            lambda t: torch.autograd.functional.jacobian(along, t, create_graph=True), zero
        )
        jacobian: torch.Tensor = torch.autograd.functional.jacobian(self.function, theta)
        return jacobian.T @ second


def test_an_acceleration_follows_a_bent_valley() -> None:
    for bend, worst, least in ((1e3, 1e-12, 0.0), (0.0, torch.inf, 1.0)):  # the valley is a parabola: of second order
        method, objective = LevenbergMarquardt(damping=1e-14, geodesic_limit=bend, max_trials=1), Bent(rosenbrock, 2)
        model = NormalEquations(objective, START)
        d = model.step(1e-14 * model.scale)
        assert d is not None
        corrected = method._corrected(objective, model, START, d, 1e-14 * model.scale)
        assert corrected is not None
        assert least <= objective.loss(START + corrected) <= worst
    assert method._corrected(objective, model, START, d, 1.0) is d


def test_a_step_that_bends_too_much_is_not_taken() -> None:
    objective = Bent(rosenbrock, 2)
    model = NormalEquations(objective, START)
    d = model.step(1e-14 * model.scale)
    assert d is not None
    assert LevenbergMarquardt(geodesic_limit=1e-3)._corrected(objective, model, START, d, 1e-14 * model.scale) is None


def test_the_three_forms_give_one_step() -> None:
    objective, theta = Residuals(rosenbrock, 2), START
    normal, factor, kernel = (m(objective, theta) for m in (NormalEquations, TriangularFactor, DualNormalEquations))
    for damping in (1e-3, 1.0):
        expected = normal.step(damping)
        assert expected is not None
        for other in (factor, kernel):
            step = other.step(damping)
            assert step is not None
            torch.testing.assert_close(step, expected)
            assert other.decrease(step) == pytest.approx(normal.decrease(expected))
            assert other.scale == pytest.approx(normal.scale)
            torch.testing.assert_close(other.half_gradient, normal.half_gradient)
    inverse = normal.inverse_hessian(0.5)
    assert inverse is not None
    jacobian = torch.cat([j for _, j in objective.blocks(theta)])
    torch.testing.assert_close(inverse, torch.linalg.inv(2 * jacobian.T @ jacobian + torch.eye(2)))


def test_qr_keeps_the_digits_that_normal_equations_lose() -> None:
    objective = linear(40, 12, condition=1e9)
    theta = torch.zeros(12, dtype=torch.float64)
    precise = TriangularFactor(objective, theta).step(1e-24)
    assert precise is not None
    squared = NormalEquations(objective, theta).step(1e-16)
    left = objective.loss(theta + precise)
    assert left < 1e-20
    assert squared is None or objective.loss(theta + squared) > 1e3 * left


def test_fewer_residuals_than_parameters() -> None:
    objective = linear(8, 30)
    state = run(LevenbergMarquardt(), objective, torch.zeros(30, dtype=torch.float64), 25)
    assert state.loss < 1e-20


def test_a_minimum_exhausts_the_damping() -> None:
    objective = Residuals(lambda t: torch.cat([t - 1, torch.ones(1, dtype=torch.float64)]), 3)
    state = run(LevenbergMarquardt(), objective, torch.zeros(3, dtype=torch.float64), 200)
    assert state.stalled == "damping exhausted"
    assert state.loss == pytest.approx(1.0)


def test_update_satisfies_the_secant_equation_and_stays_positive() -> None:
    generator = torch.Generator().manual_seed(0)
    hessian = torch.randn(6, 6, generator=generator, dtype=torch.float64)
    hessian = hessian @ hessian.T + torch.eye(6, dtype=torch.float64)
    inverse, theta = torch.eye(6, dtype=torch.float64), torch.ones(6, dtype=torch.float64)
    for _ in range(5):
        gradient = hessian @ theta
        step = -0.1 * inverse @ gradient
        change = hessian @ step
        inverse = self_scaled_update(inverse, step, change, gradient, 0.1)
        torch.testing.assert_close(inverse @ change, step)
        torch.testing.assert_close(inverse, inverse.T)
        assert float(torch.linalg.eigvalsh(inverse).min()) > 0
        theta = theta + step


def test_update_refuses_negative_curvature() -> None:
    inverse = torch.eye(3, dtype=torch.float64)
    step = torch.ones(3, dtype=torch.float64)
    assert torch.equal(self_scaled_update(inverse.clone(), step, -step, -step, 1.0), inverse)


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_first_matrix_follows_the_scale(scale: float, dtype: torch.dtype) -> None:
    """The steps do not depend on the units of the loss: the first trial step and the first matrix follow it."""
    inner = linear(30, 10)
    objective = Residuals(lambda theta: scale * inner.function(theta.double()), 10)
    method, start = SelfScaledBroyden(gauss_newton_start=False), torch.zeros(10, dtype=dtype)
    first = method.step(objective, method.start(objective, start))
    reference = method.step(inner, method.start(inner, start.double()))
    torch.testing.assert_close(first.theta.double(), reference.theta, rtol=2e-3, atol=1e-4)
    assert first.detail["evaluations"] <= 4
    state = run(method, objective, start, 100)
    assert state.loss < (1e-10 if dtype == torch.float32 else 1e-20) * objective.loss(start)


def test_a_failed_search_takes_the_lowest_point_it_has_seen() -> None:
    """A kink: nowhere does the slope fall to 0.9 of the first, but the loss falls."""
    objective = Residuals(lambda t: (t.abs() + 0.5).sqrt(), 1)
    state = SelfScaledBroyden(gauss_newton_start=False, curvature=1e-3, decrease=1e-4)
    start = state.start(objective, torch.tensor([1.0], dtype=torch.float64))
    found = state.step(objective, start)
    assert found.loss < start.loss
    assert found.loss == pytest.approx(objective.loss(found.theta))


class WithInnerParameter(Residuals):
    """Residuals of a network whose first parameter lies below the last layer."""

    def last_layer(self) -> torch.Tensor:
        return torch.arange(1, self.size)


def test_a_fall_of_the_loss_by_its_rounding_is_no_step() -> None:
    class Noise(Residuals):
        """Gradient of noise at the minimum, and a loss that is less by its last bit at all other places."""

        def gradient(self, theta: torch.Tensor) -> tuple[float, torch.Tensor]:
            away = bool(theta.any())
            return 1.0 - away * 2.0**-53, torch.tensor([1e-17, 2e-17], dtype=torch.float64) * (0.5 if away else 1.0)

    method, start = SelfScaledBroyden(), torch.zeros(2, dtype=torch.float64)
    objective = Noise(lambda theta: torch.cat([theta, torch.ones(1, dtype=torch.float64)]), 2)
    state = method.step(objective, method.start(objective, start))
    assert torch.equal(state.theta, start)
    assert state.detail["evaluations"] == 0


def test_last_layer_is_exact_and_for_linear_problems_alone() -> None:
    state = run(LastLayerLeastSquares(), linear(30, 10), torch.zeros(10, dtype=torch.float64), 3)
    assert state.loss < 1e-24
    assert state.stalled
    with pytest.raises(InputError, match="linear in the fields"):
        LastLayerLeastSquares().start(WithInnerParameter(rosenbrock, 2), START)


def test_auto_names_its_stages() -> None:
    objective = WithInnerParameter(rosenbrock, 2)
    assert [name for name, _ in Auto().stages(objective)] == ["race"]
    assert [name for name, _ in Auto(warm_up=5).stages(objective)] == ["adam", "race"]
    assert [name for name, _ in Auto(max_parameters=1).stages(objective)] == ["adam", "lbfgs"]


def test_gauss_newton_steps_where_the_last_layer_alone_is_trained() -> None:
    objective = Residuals(rosenbrock, 2)
    state = run(LastLayerLeastSquares(), objective, START, 30)
    torch.testing.assert_close(state.theta, torch.ones(2, dtype=torch.float64))
    state = run(Auto(), objective, START, 30)
    assert (state.stage, state.stalled) == ("lstsq", "last layer is optimal")


def test_auto_keeps_least_squares_only_where_it_pays() -> None:
    theta = torch.zeros(11, dtype=torch.float64)
    line = linear(30, 10)
    good = WithInnerParameter(lambda t: line.function(t[1:]), 11, affine=True)
    state = Auto().step(good, Auto().start(good, theta))
    assert state.stage == "lm"
    assert state.loss < 1e-20
    shifted = WithInnerParameter(
        lambda t: torch.cat([good.function(t), torch.ones(1, dtype=torch.float64)]), 11, affine=True
    )
    state = Auto().step(shifted, Auto().start(shifted, theta))
    assert torch.equal(state.theta, theta)


def test_auto_ends_with_least_squares_where_nothing_else_is_trained() -> None:
    state = run(Auto(), linear(30, 10), torch.zeros(10, dtype=torch.float64), 5)
    assert (state.stage, state.stalled) == ("lstsq", "last layer is optimal")
    assert state.loss < 1e-24


@pytest.mark.parametrize(("rows", "columns"), [(40, 12), (4_000, 5), (8, 20)])
def test_least_squares_in_blocks_is_that_of_all_rows(rows: int, columns: int) -> None:
    generator = torch.Generator().manual_seed(2)
    jacobian = torch.randn(rows, columns, generator=generator, dtype=torch.float64)
    jacobian[:, 0] = 0.0
    residual = torch.randn(rows, generator=generator, dtype=torch.float64)
    blocks = zip(residual.split(7), jacobian.split(7), strict=True)
    step = solve_rows(blocks, 1e-14)
    expected = torch.linalg.lstsq(jacobian, -residual.unsqueeze(1), driver="gelsd").solution.squeeze(1)
    if rows > columns:
        torch.testing.assert_close(step, expected)
    assert float((residual + jacobian @ step).norm()) == pytest.approx(float((residual + jacobian @ expected).norm()))


def test_least_squares_solves_for_columns_of_any_length_and_bounds_dependent_ones() -> None:
    objective = linear(40, 12, condition=1e3)
    jacobian = torch.autograd.functional.jacobian(objective.function, torch.zeros(12, dtype=torch.float64))
    lengths = torch.logspace(-9, 9, 12, dtype=torch.float64)
    residual = -jacobian @ torch.ones(12, dtype=torch.float64)
    scaled = solve_rows([(residual, jacobian * lengths)], 1e-14)
    torch.testing.assert_close(scaled * lengths, torch.ones(12, dtype=torch.float64), rtol=1e-10, atol=0.0)
    twice = solve_rows([(residual, torch.cat([jacobian, jacobian], dim=1))], 1e-14)
    torch.testing.assert_close(twice[:12] + twice[12:], torch.ones(12, dtype=torch.float64), rtol=1e-9, atol=0.0)
    assert float(twice.abs().max()) < 1e3


@pytest.mark.parametrize(
    "make",
    [
        lambda: LevenbergMarquardt(gain_ratio=2.0),
        lambda: LevenbergMarquardt(factor=0.5),
        lambda: LevenbergMarquardt(damping=0.0),
        lambda: LevenbergMarquardt(geodesic_limit=-1.0),
        lambda: LevenbergMarquardt(linear_algebra="svd"),
        lambda: SelfScaledBroyden(decrease=0.95),
        lambda: Auto(race_work=-1.0),
        lambda: LBFGS(history=0),
        lambda: Adam(lr=-1.0),
    ],
)
def test_bad_settings_are_named(make: object) -> None:
    with pytest.raises(InputError, match=r"optimizer\."):
        make()  # type: ignore[operator]


def test_names() -> None:
    assert all(cls.name == name for name, cls in OPTIMIZERS.items())
