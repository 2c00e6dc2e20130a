"""Growth: stages follow each other without a change of the function, and what the user states stays as it is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import kinn
from kinn import (
    KAN,
    MLP,
    Callback,
    Defaults,
    Dirichlet,
    Initial,
    InputError,
    Interval,
    LevenbergMarquardt,
    Observation,
    Problem,
    RandomFeatures,
    Rectangle,
    Solution,
    TensorSplines,
    TimeInterval,
    Unknown,
    problems,
    sin,
)
from kinn.arguments import resolve_growth, resolve_optimizer
from kinn.forms import DomainTrial, FormObjective, build_objective
from kinn.train.plans import growth
from kinn.train.state import StopReason, TrainingState
from kinn.training_options import TrainingOptions

T = np.linspace(0, 1, 41)[:, None]


def identification(**options: Any) -> Problem:
    """Return u' = -k u^2, u(0) = 1 with k = 3 to be found: features of fixed form, which know no unknowns, do not start it."""
    t = np.linspace(0, 1, 30)[:, None]
    return Problem(
        "identification", TimeInterval(0, 1), strong=lambda u, p: u.t + p.rate * u * u,
        conditions=[Initial("u", 1.0), Observation("u", t, 1 / (1 + 3 * t[:, 0]))],
        unknowns=[Unknown("rate", initial=1.0)], exact=lambda t: 1 / (1 + 3 * t), defaults=Defaults(**options),
    )  # fmt: skip


def poisson(**options: Any) -> Problem:
    """Return -lap u = f on the unit square, u = sin(2 x) sin(3 y)."""
    return Problem(
        "square", Rectangle((0, 0), (1, 1)), strong=lambda u, p: u.xx + u.yy + 13 * sin(2 * p.x) * sin(3 * p.y),
        conditions=[Dirichlet("u", lambda x, y: sin(2 * x) * sin(3 * y), on="boundary")],
        exact=lambda x, y: sin(2 * x) * sin(3 * y), defaults=Defaults(**options),
    )  # fmt: skip


def cubic() -> Problem:
    """Return u'' + u^3 = f, u = sin(6 x) exp(x / 2): not linear, so that features take several steps."""

    def exact(x: Any) -> Any:
        return sin(6 * x)

    return Problem(
        "cubic", Interval(0, 2), strong=lambda u, p: u.xx + u**3 - sin(6 * p.x) ** 3 + 36 * sin(6 * p.x), exact=exact,
        conditions=[Dirichlet("u", exact, on="boundary")],
    )  # fmt: skip


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Smaller networks and shorter stages than those of a solve, so that a few steps go through all of them; no corrections."""
    monkeypatch.setattr("kinn.solver.GROWTH_CORRECTIONS", 0)
    monkeypatch.setattr(KAN, "START_SIZES", ({"width": (2,), "grid": 2}, {"width": (2, 2), "grid": 2}))
    monkeypatch.setattr(MLP, "START_SIZES", ({"width": (4,)}, {"width": (4, 4)}))
    monkeypatch.setattr(growth, "NOMINAL_FLOPS", 1e6)
    monkeypatch.setattr(growth, "FEWEST_POINTS", 50)
    monkeypatch.setattr(growth, "RICHNESS", 1.0)
    return monkeypatch


@dataclass
class StageRecord:
    """What a stage began and ended with."""

    label: str
    objective: FormObjective
    start: torch.Tensor
    fields: np.ndarray
    end: torch.Tensor | None = None
    end_fields: np.ndarray | None = None

    @property
    def lever(self) -> str:
        return self.label.split()[0]


@dataclass
class Recorder(Callback):
    """Records parameters and fields at the beginning and at the end of every stage."""

    stages: list[StageRecord] = field(default_factory=list)

    def on_stage_start(self, state: TrainingState) -> None:
        values = state.fields.evaluate(T, ["u", "u.t"])
        self.stages.append(StageRecord(state.stage.label, state.stage.objective, state.theta.clone(), values))

    def on_stage_end(self, state: TrainingState) -> None:
        last = self.stages[-1]
        last.end = state.result("").theta.clone()
        state.stage.trial.flat.set(last.end)
        last.end_fields = state.stage.trial.evaluate(T, ["u", "u.t"])


def loss_at_fresh_points(stage: StageRecord, other: StageRecord) -> float:
    """Loss at the end of a stage at points of no stage, with the weights of another."""
    trial = stage.objective.trial
    assert isinstance(trial, DomainTrial)
    assert stage.end is not None
    return build_objective(trial, points=1000, seed=12_345, like=other.objective).loss(stage.end)


def levers(solution: Solution) -> list[str]:
    """Levers of the stages of a solve in order, one a stage."""
    labels = dict.fromkeys(tuple(entry.stage.split()[:2]) for entry in solution.history)
    return [lever for lever, _ in labels]


@pytest.mark.parametrize("network", ["kan", "mlp"])
def test_stages_hand_on_their_function(network: str, tiny: pytest.MonkeyPatch) -> None:
    record = Recorder()
    solution = kinn.solve(identification(), network, iterations=36, callbacks=[record])
    assert levers(solution)[:4] == ["start", "start", "train", "network"]
    assert [stage.lever for stage in record.stages] == levers(solution)
    starts, trained = record.stages[:2], record.stages[2:]
    values = solution.evaluate(["u", "u.t"], T)
    (kept,) = (stage for stage in trained if np.array_equal(values, stage.end_fields))
    losses = {stage.label: loss_at_fresh_points(stage, trained[-1]) for stage in trained}
    assert losses[kept.label] <= 1.1 * min(losses.values())
    assert starts[0].objective.trial.parameter_count < starts[1].objective.trial.parameter_count
    for before, stage in zip(record.stages[1:], record.stages[2:], strict=False):
        candidates = starts if stage is trained[0] else [before]
        assert min(float(np.abs(c.end_fields - stage.fields).max()) for c in candidates) < 1e-12
    for before, stage in zip(record.stages[2:], record.stages[3:], strict=False):
        assert stage.objective.trial.parameter_count >= before.objective.trial.parameter_count
        assert before.end is not None
        points = {"points": 80, "seed": 5, "like": before.objective}
        losses = [
            build_objective(s.objective.trial, **points).loss(theta)  # type: ignore[arg-type]
            for s, theta in ((before, before.end), (stage, stage.start))
        ]
        assert losses[1] == pytest.approx(losses[0], rel=1e-6)
    # errors are known from the first stage on, for the time to an error threshold
    measured = [entry for entry in solution.history if entry.errors]
    assert measured[0].stage.startswith("start")
    assert measured[-1].errors["u"] < 0.1 * measured[0].errors["u"]
    # the loss of the stages goes on falling, and the last network is the solution
    assert solution.loss < 1e-4 * solution.history[0].loss
    assert solution.parameters == record.stages[-1].objective.trial.parameter_count


def test_where_training_fits_the_points_there_are_more(tiny: pytest.MonkeyPatch) -> None:
    tiny.setattr(growth, "OVERFIT", 0.0)  # any loss at validation points is too large
    record = Recorder()
    solution = kinn.solve(identification(), "kan", iterations=40, callbacks=[record])
    assert "points" in levers(solution)
    for before, stage in zip(record.stages, record.stages[1:], strict=False):
        if stage.lever == "points" and before.lever != "start":
            assert stage.objective.trial.architecture == before.objective.trial.architecture
            assert interior_points(stage.objective) == 2 * interior_points(before.objective)


def interior_points(objective: Any) -> int:
    """Number of interior points of an objective."""
    return int(objective.terms[0].points)


def test_growth_ends_with_the_steps_or_the_budget() -> None:
    solution = kinn.solve(identification(), "kan", iterations=3)
    assert (solution.iterations, solution.stopped) == (3, StopReason.ITERATIONS)
    assert kinn.solve(identification(), "kan", budget=0.02, clock="cpu").stopped == StopReason.BUDGET


def test_features_come_first_and_are_enough_where_they_are_accurate() -> None:
    for network, kind in (("kan", TensorSplines), ("mlp", RandomFeatures), ("resnet", RandomFeatures)):
        began = time.process_time()
        solution = kinn.solve(poisson(), network, budget=30)
        assert time.process_time() - began < 10  # in two or three seconds, on a machine that does nothing else
        assert isinstance(solution.network, kind)
        assert set(levers(solution)) == {"features"}
        assert solution.stopped == StopReason.GROWTH_ENDS
        assert solution.errors["u"].l2 < 1e-10
        assert solution.estimate is not None
        assert solution.estimate.l2["u"] < 1e-10


def test_an_energy_that_is_negative_does_not_fit_points() -> None:
    problem = Problem(
        "load", Interval(0, 1), energy=lambda u, p: u.x**2 / 2 - 8 * u, conditions=[Dirichlet("u", 0.0, on="boundary")]
    )  # fmt: skip
    solution = kinn.solve(problem, MLP((4,)), form="energy", iterations=25)
    assert solution.loss < 0
    assert solution.stopped != StopReason.POINTS_FITTED
    assert solution.iterations == 25


def test_splines_are_refined_up_to_the_finest_grid() -> None:
    assert TensorSplines((900, 4)).resized(1.5) == TensorSplines((1000, 6))


def test_features_of_a_nonlinear_problem_are_found_by_several_steps() -> None:
    solution = kinn.solve(cubic(), "kan", iterations=20)
    assert levers(solution)[0] == "features"
    assert solution.errors["u"].l2 < 1e-8


@pytest.mark.parametrize(("name", "bound"), [("poisson-2d", 1e-12), ("helmholtz", 2e-7)])
def test_linear_problems_of_the_library_without_their_settings(name: str, bound: float) -> None:
    problem = problems.get(name)
    bare = replace(problem, defaults=Defaults())
    solution = kinn.solve(bare, "mlp", budget=20)
    assert solution.errors["u"].l2 < bound


def test_the_architecture_is_that_of_the_solution(tiny: pytest.MonkeyPatch) -> None:
    # features win, and the networks that were tried after them are dropped
    tiny.setattr(growth, "FEATURES_ARE_ENOUGH", 0.0)
    solution = kinn.solve(poisson(), "kan", iterations=12)
    assert levers(solution)[-1] != "features"
    assert isinstance(solution.network, TensorSplines)
    assert solution.parameters == solution.network.parameter_count(2, 1)
    assert solution.errors["u"].l2 < 1e-9


@pytest.mark.parametrize("network", [KAN((4,), grid=5), MLP((7,)), TensorSplines(6)])
def test_a_network_with_settings_stays_as_it_is(network: Any) -> None:
    solution = kinn.solve(poisson(), network, iterations=8, points=300)
    assert solution.network == network
    assert not any(entry.stage.startswith(("features", "start", "network")) for entry in solution.history)


def test_networks_of_the_problem_stay_as_they_are() -> None:
    network = KAN((3,), grid=4)
    solution = kinn.solve(poisson(networks={"kan": network}), "kan", iterations=4)
    assert solution.network == network
    grown = kinn.solve(poisson(networks={"kan": network}), "mlp", iterations=2)
    assert levers(grown) == ["features"]


@pytest.mark.parametrize("where", ["argument", "defaults"])
def test_points_that_are_stated_stay(where: str, tiny: pytest.MonkeyPatch) -> None:
    record = Recorder()
    stated: dict[str, Any] = {"points": 40} if where == "argument" else {}
    problem = identification(**({} if stated else {"points": 40}))
    kinn.solve(problem, "kan", iterations=40, callbacks=[record], **stated)
    assert len(record.stages) > 3
    assert {interior_points(stage.objective) for stage in record.stages} == {40}


@pytest.mark.parametrize("network", ["kan", "mlp"])
def test_a_seed_gives_one_run(network: str, tiny: pytest.MonkeyPatch) -> None:
    runs = [kinn.solve(identification(), network, iterations=30, seed=3) for _ in range(2)]
    assert [e.loss for e in runs[0].history] == [e.loss for e in runs[1].history]
    assert np.array_equal(runs[0](T), runs[1](T))
    assert runs[0].estimate is not None
    assert runs[1].estimate is not None
    assert runs[0].estimate.l2 == runs[1].estimate.l2
    other = kinn.solve(identification(), network, iterations=30, seed=4)
    assert not np.array_equal(other(T), runs[0](T))


class Interruption(Exception):
    """A kill."""


@dataclass
class Kill(Callback):
    """Kills the solve after a number of steps of a stage."""

    label: str
    steps: int = 1

    def on_step(self, state: TrainingState) -> None:
        if state.stage.label.startswith(self.label) and state.iteration == self.steps:
            raise Interruption


@pytest.mark.parametrize(
    ("network", "label"), [("kan", "start 2"), ("kan", "train"), ("kan", "network"), ("mlp", "train")]
)
def test_an_interrupted_solve_resumes(network: str, label: str, tiny: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tiny.setattr("kinn.train.checkpoint.CHECKPOINT_COST_FACTOR", 0.0)
    tiny.setattr("kinn.train.checkpoint.EVERY", 0.0)
    path = tmp_path / "state.pt"
    uninterrupted = kinn.solve(identification(), network, iterations=40)
    with pytest.raises(Interruption):
        kinn.solve(identification(), network, iterations=40, checkpoint=path, callbacks=[Kill(label)])
    resumed = kinn.resume(path, identification())
    assert [e.loss for e in resumed.history] == [e.loss for e in uninterrupted.history]
    assert np.array_equal(resumed(T), uninterrupted(T))


def test_a_solve_interrupted_with_more_points_resumes(tiny: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tiny.setattr("kinn.train.checkpoint.CHECKPOINT_COST_FACTOR", 0.0)
    tiny.setattr("kinn.train.checkpoint.EVERY", 0.0)
    tiny.setattr(growth, "OVERFIT", 0.0)  # any loss at validation points is too large
    path = tmp_path / "state.pt"
    uninterrupted = kinn.solve(identification(), "kan", iterations=40)
    with pytest.raises(Interruption):
        kinn.solve(identification(), "kan", iterations=40, checkpoint=path, callbacks=[Kill("points", 2)])
    resumed = kinn.resume(path, identification())
    assert [e.loss for e in resumed.history] == [e.loss for e in uninterrupted.history]
    assert np.array_equal(resumed(T), uninterrupted(T))


def test_an_interrupted_solve_of_features_resumes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    monkeypatch.setattr("kinn.train.checkpoint.CHECKPOINT_COST_FACTOR", 0.0)
    monkeypatch.setattr("kinn.train.checkpoint.EVERY", 0.0)
    uninterrupted = kinn.solve(cubic(), "kan", iterations=5)
    with pytest.raises(Interruption):
        kinn.solve(cubic(), "kan", iterations=5, checkpoint=path, callbacks=[Kill("features 1", 3)])
    resumed = kinn.resume(path, cubic())
    assert np.array_equal(resumed.evaluate("u", 2 * T), uninterrupted.evaluate("u", 2 * T))


def test_more_steps_resume_growth(tiny: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    short = kinn.solve(identification(), "kan", iterations=15, checkpoint=path)
    longer = kinn.resume(path, identification(), iterations=40)
    assert [e.loss for e in longer.history[:15]] == [e.loss for e in short.history]
    assert longer.iterations > 15
    assert longer.loss < short.loss
    assert np.array_equal(longer(T), kinn.solve(identification(), "kan", iterations=40)(T))


def test_a_larger_budget_resumes_growth(tiny: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    short = kinn.solve(identification(), "kan", budget=0.3, clock="cpu", checkpoint=path)
    longer = kinn.resume(path, identification(), budget=5.0, iterations=short.iterations + 10)
    count = short.iterations
    assert [e.loss for e in longer.history[:count]] == [e.loss for e in short.history]
    assert longer.iterations > count


def test_members_of_an_ensemble_grow(tiny: pytest.MonkeyPatch) -> None:
    solution = kinn.solve(identification(), "kan", iterations=28, ensemble=2)
    labels = list(dict.fromkeys(" ".join(entry.stage.split()[:3]) for entry in solution.history))
    assert labels == sorted(labels, key=lambda label: label.split()[1])  # one after the other
    assert {f"member {n} {lever}" for n in (1, 2) for lever in ("start", "train")} <= set(labels)
    assert float(solution.std("u", T).max()) > 0
    assert solution.estimate is not None
    single = kinn.solve(identification(), "kan", iterations=28)
    assert np.array_equal(solution.fields.members[0].evaluate(T, "u"), single.evaluate("u", T))  # type: ignore[attr-defined]


class TestResolution:
    """Which solves grow."""

    def grows(self, problem: Problem, network: Any, asked: bool | None = None, **options: Any) -> bool | None:
        optimizer = options.pop("optimizer", None) or resolve_optimizer("auto")
        return resolve_growth(problem, network, optimizer, TrainingOptions(growth=asked, **options), asked).growth

    @pytest.mark.parametrize("network", ["kan", "mlp", "resnet"])
    def test_named_networks_grow(self, network: str) -> None:
        assert self.grows(poisson(), network)

    def test_sizes_and_settings_do_not(self) -> None:
        assert self.grows(poisson(), KAN()) is None
        assert self.grows(poisson(), "kan", False) is None
        assert self.grows(poisson(networks={"kan": KAN((4,))}), "kan") is None
        assert self.grows(poisson(networks={"kan": KAN((4,))}), "mlp")
        assert self.grows(poisson(), "kan", time_windows=2) is None
        assert self.grows(poisson(), "kan", optimizer=kinn.Adam()) is None
        assert self.grows(poisson(), "kan", optimizer=LevenbergMarquardt())

    def test_growth_may_be_asked_for(self) -> None:
        assert self.grows(poisson(networks={"kan": KAN((4,))}), "kan", True)
        assert self.grows(poisson(), KAN(), True)

    def test_growth_that_a_problem_asks_for_yields_to_the_user(self) -> None:
        problem = poisson(growth=True, networks={"kan": KAN((4,))})
        assert kinn.solve(problem, "kan", iterations=1).history[0].stage.startswith("features")
        assert kinn.solve(problem, MLP((7,)), iterations=1).network == MLP((7,))
        assert kinn.solve(problem, "kan", growth=False, iterations=1).network == KAN((4,))


@pytest.mark.parametrize(
    ("network", "options", "message"),
    [
        (
            KAN((4,)),
            {},
            "growth gives the network its size: leave the settings of KAN\\(width=\\(4,\\).* out, or growth",
        ),
        ("kan", {"time_windows": 2}, "growth trains one network from stage to stage, which time_windows does not know"),
        ("kan", {"form": "energy"}, "growth is for the strong form, not for the energy form"),
    ],
)
def test_what_growth_does_not_go_with(network: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        kinn.solve(problems.get("poisson-2d"), network, growth=True, **options)
    assert "\n" not in str(error.value)
