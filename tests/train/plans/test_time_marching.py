"""Time windows: each starts from where the last one ended, and together they are the solution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import kinn
from kinn import MLP, Dirichlet, Initial, InputError, Interval, Neumann, Observation, Problem, TimeInterval, sin
from kinn.fields import Field
from kinn.forms import DomainTrial
from kinn.train.plans.time_marching import TimeMarching, TimeMarchingSolution
from kinn.train.plans.transferred_data import TerminalState, TransferredInitialData, conditions_of
from tests.train.plans.problems import builder, decay, heat

NETWORK = MLP((10,))


@pytest.mark.parametrize(("enforce", "error"), [("hard", 1e-3), ("soft", 2e-2)])
def test_windows_together_are_the_solution(enforce: str, error: float) -> None:
    solution = kinn.solve(heat(enforce), NETWORK, time_windows=3, iterations=150, points=200, budget=120)
    assert solution.errors["u"].l2 < error
    assert isinstance(solution.fields, TimeMarchingSolution)
    assert solution.parameters == 3 * NETWORK.parameter_count(2, 1)
    stages = dict.fromkeys(record.stage.rpartition(" ")[0] for record in solution.history)
    assert list(stages) == ["window 1", "window 2", "window 3"]
    assert [r.iteration for r in solution.history] == list(range(1, len(solution.history) + 1))
    assert len(solution.history) <= 150
    x = np.linspace(0, 1, 7)
    for t in (0.4 / 3, 0.8 / 3):  # where windows meet, the field has no jump
        before, after = (solution.evaluate("u", np.column_stack([x, np.full(7, t + e)])) for e in (-1e-7, 1e-7))
        np.testing.assert_allclose(before, after, atol=1e-5 if enforce == "hard" else 0.05)
    assert np.isnan(solution.evaluate("u", np.array([[0.5, 0.5]]))).all()


def test_an_ode_has_windows_too() -> None:
    solution = kinn.solve(decay(), NETWORK, time_windows=2, iterations=300, points=60, budget=60)
    assert solution.errors["u"].l2 < 1e-4


def trained(problem: Problem) -> DomainTrial:
    trial = DomainTrial(problem, NETWORK, seed=4)
    trial.flat.set(trial.flat.get() + 0.2)
    return trial


def test_the_work_grows_with_the_number_of_windows_and_no_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    conditions = [Initial(c, 1.0, enforce="hard") for c in "abc"]
    problem = Problem(
        "ode",
        TimeInterval(0, 1),
        fields=("a", "b", "c"),
        strong=lambda a, b, c, p: (a.t + b, b.t - c, c.t + a),
        conditions=conditions,
    )
    calls = []
    evaluate = DomainTrial.evaluate

    def counted(self: DomainTrial, *args: Any, **options: Any) -> Any:
        calls.append(self)
        return evaluate(self, *args, **options)

    monkeypatch.setattr(DomainTrial, "evaluate", counted)
    counts = []
    for windows in (2, 4, 6):
        fields = kinn.solve(problem, MLP((3,)), time_windows=windows, iterations=windows, points=10, budget=60).fields
        calls.clear()
        fields.evaluate(np.array([[0.99]]), ("a", "b", "c"))
        counts.append(len(calls))
    assert counts[1] - counts[0] == counts[2] - counts[1]


def test_what_is_carried_over_has_all_derivatives() -> None:
    trial = trained(heat())
    x = np.linspace(0.1, 0.9, 5)
    p = trial.problem.points(torch.as_tensor(np.column_stack([x, np.full(5, 0.39)])))
    at = np.column_stack([x, np.full(5, 0.2)])
    for expression in ("u", "u.t"):
        field = p.field(TransferredInitialData(TerminalState(trial, 0.2), expression), "it")
        for a, letters in (((0, 0), ""), ((1, 0), "x"), ((2, 0), "xx")):
            name = expression + ("." if letters and "." not in expression else "") + letters
            np.testing.assert_allclose(field[a], trial.evaluate(at, name), rtol=1e-12)
        assert field[(0, 1)] == 0.0
        assert field[(1, 1)] == 0.0
    assert p.field(TransferredInitialData(TerminalState(trial, 0.2), "u"), "it")[(-2, -2)] == pytest.approx(
        trial.evaluate(at, "u.xx")
    )


def test_on_a_face_it_is_constant_along_the_normal() -> None:
    trial = trained(heat("soft"))
    p = trial.problem.points(torch.rand(3, 2, dtype=torch.float64))
    face = p.field(1.0, "the face")
    field = TransferredInitialData(TerminalState(trial, 0.2), "u")(face, p.t)
    assert float(field.value) == pytest.approx(float(trial.evaluate(np.array([[1.0, 0.2]]), "u")[0]))
    assert field[(1, 0)] == 0.0
    with pytest.raises(InputError, match="at points, not at functions of them"):
        TransferredInitialData(TerminalState(trial, 0.2), "u")(p.x * p.x, p.t)


def labels(problem: Problem, span: tuple[float, float], last: bool, previous: DomainTrial | None) -> list[str]:
    return [c.label for c in conditions_of(problem, span, last=last, previous=previous)]


def test_each_window_has_the_conditions_of_its_time() -> None:
    at = np.array([[0.5, 0.1], [0.5, 0.2], [0.5, 0.4]])
    base = heat("soft")
    problem = Problem(
        "p", base.domain, strong=base.strong,
        conditions=[*base.conditions, Observation("u", at, np.ones(3)), Neumann("u", 0.0, on="final")],
    )  # fmt: skip
    first = conditions_of(problem, (0.0, 0.2), last=False, previous=None)
    assert [c.label for c in first][-1] == "Observation('u')"
    assert len(first[-1].values) == 1  # type: ignore[attr-defined]
    last = conditions_of(problem, (0.2, 0.4), last=True, previous=trained(base))
    assert len(last[-2].values) == 2  # type: ignore[attr-defined]
    assert last[-1].label == "Neumann('u', on='final')"
    assert isinstance(last[0].value, TransferredInitialData)  # type: ignore[attr-defined]
    assert labels(base, (0.1, 0.2), False, None) == [c.label for c in base.conditions]
    odd = Problem("odd", base.domain, strong=base.strong, conditions=[Neumann("u", 0.0, on="initial")])
    with pytest.raises(InputError, match=r"carry over values and rates at the start, and not Neumann\('u'"):
        conditions_of(odd, (0.2, 0.4), last=True, previous=trained(base))


def test_values_at_the_start_may_be_given_as_dirichlet() -> None:
    problem = Problem(
        "p", Interval(0, 1) * TimeInterval(0, 1), strong=lambda u, p: u.t,
        conditions=[Dirichlet("u", lambda x, t: sin(x), on="initial")],
    )  # fmt: skip
    solution = kinn.solve(problem, NETWORK, time_windows=2, iterations=60, points=60)
    x = np.linspace(0, 1, 9)
    np.testing.assert_allclose(solution.evaluate("u", np.column_stack([x, np.ones(9)])), np.sin(x), atol=1e-3)


def test_points_of_the_problems_own_sampler_are_cut() -> None:
    def late(geometry: Any, n: int, seed: int) -> Any:
        unit = np.random.default_rng(seed).random((n, 2))
        return np.column_stack([unit[:, 0], 0.4 * unit[:, 1] ** 0.5])

    plan = TimeMarching(heat(sampler=late), builder(NETWORK), 2)
    for stage, span in enumerate(((0.0, 0.2), (0.2, 0.4))):
        trial = plan.trial(stage)
        (geometry,) = trial.problem.subdomains.values()
        draw = trial.problem.defaults.sampler
        assert draw is not None
        x = draw(geometry, 500, 0)
        assert geometry.contains(x).all()
        assert x[:, 1].min() >= span[0]
        assert x[:, 1].max() <= span[1]
        assert len(x) == pytest.approx(250 if span[0] == 0 else 750, rel=0.15)


def test_problems_without_windows_say_so() -> None:
    def plan(problem: Problem, count: int = 2) -> TimeMarching:
        return TimeMarching(problem, builder(NETWORK), count)

    still = Problem("still", Interval(0, 1), strong=lambda u, p: u.xx, conditions=[Dirichlet("u", 0.0, on="left")])
    with pytest.raises(InputError, match="problem 'still' has no time to cut into windows"):
        plan(still)
    with pytest.raises(InputError, match="at least 1 time window, not 0"):
        plan(heat(), 0)
    with pytest.raises(InputError, match="time_windows is a whole number of at least 1, not 0"):
        kinn.solve(heat(), NETWORK, time_windows=0)
    with pytest.raises(InputError, match="time windows or a curriculum, not both"):
        kinn.solve(decay(), NETWORK, time_windows=2, curriculum={"rate": (1.0, 4.0)})


def test_fields_name_what_they_carry() -> None:
    assert repr(TransferredInitialData(TerminalState(trained(heat()), 0.25), "u")) == "u at t = 0.25"
    assert isinstance(p_field(), Field)


def p_field() -> Field:
    problem = heat()
    p = problem.points(torch.rand(3, 2, dtype=torch.float64))
    return p.field(TransferredInitialData(TerminalState(trained(problem), 0.1), "u"), "it")
