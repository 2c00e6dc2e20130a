"""The race of Levenberg-Marquardt and self-scaled Broyden: what it picks, when it ends, and what follows."""

from __future__ import annotations

import io

import pytest
import torch
from torch import Tensor

from kinn import KAN, problems
from kinn.forms import DomainTrial, ResidualObjective, strong_form
from kinn.optim import Objective, State
from kinn.optim.race import METHODS, Race
from tests.optim.contract import OptimizerContract, run
from tests.optim.fakes import Residuals, linear, rosenbrock


class TestRace(OptimizerContract):
    optimizer = Race()
    trials = 60


def objective_of(name: str, width: int = 3) -> ResidualObjective:
    return strong_form(DomainTrial(problems.get(name), KAN((width, width), 4, 5), seed=0), points=300 * width)


def winner(race: Race, objective: Objective, theta: Tensor) -> tuple[str, State]:
    state = race.start(objective, theta)
    for _ in range(4000):
        if len(state.memory["candidates"]) == 1:
            return next(iter(state.memory["candidates"])), state
        state = race.step(objective, state)
    pytest.fail("the race does not end")


@pytest.mark.parametrize(("name", "width", "expected"), [("poisson-2d", 4, "lm"), ("allen-cahn", 9, "identity")])
def test_each_problem_gets_its_method(name: str, width: int, expected: str) -> None:
    objective = objective_of(name, width)
    assert winner(Race(work=1e10), objective, objective.start())[0] == expected


def test_candidates_have_equal_work() -> None:
    objective = objective_of("burgers")
    race = Race(work=1e9)
    state = race.start(objective, objective.start())
    largest = 0.0
    while len(state.memory["candidates"]) > 1:
        work = {name: c["work"] for name, c in state.memory["candidates"].items()}
        largest = max(largest, race.step_flops(objective, state))
        assert abs(work["lm"] - work["identity"]) <= 2 * largest
        assert state.loss == min(c["state"].loss for c in state.memory["candidates"].values())
        state = race.step(objective, state)
    assert next(iter(state.memory["candidates"].values()))["work"] >= 1e9


def test_a_race_without_work_is_levenberg_marquardt() -> None:
    objective, start = Residuals(rosenbrock, 2), torch.tensor([-1.2, 1.0], dtype=torch.float64)
    raced = run(Race(work=0.0), objective, start, 8)
    assert torch.equal(raced.theta, run(METHODS["lm"], objective, start, 8).theta)


def test_a_decisive_lead_ends_the_race() -> None:
    name, state = winner(Race(work=1e15), linear(30, 10), torch.zeros(10, dtype=torch.float64))
    assert name == "lm"
    assert state.memory["candidates"]["lm"]["steps"] <= 12


def test_where_a_method_stalls_the_others_follow_before_the_end() -> None:
    objective = Residuals(lambda t: torch.cat([t - 1, torch.ones(1, dtype=torch.float64)]), 3)
    race, entered = Race(), set()
    state = race.start(objective, torch.zeros(3, dtype=torch.float64))
    for _ in range(600):
        entered |= set(state.memory["candidates"])
        assert not race.may_stagnate(state) or entered == set(METHODS)
        if state.stalled:
            break
        state = race.step(objective, state)
    assert entered == set(METHODS)
    assert state.stalled
    assert state.loss == pytest.approx(1.0)


@pytest.mark.parametrize("before", [3, 40, 90])
def test_a_race_resumes_to_the_same_bits(before: int) -> None:
    def copy(state: State) -> State:
        file = io.BytesIO()
        torch.save(state.pack(), file)
        file.seek(0)
        return State.unpack(torch.load(file, weights_only=True))

    objective, race = objective_of("burgers"), Race(work=1e9)
    state = run(race, objective, objective.start(), before)
    resumed = copy(state)
    for _ in range(30):
        state, resumed = (race.step(objective, s) for s in (state, resumed))
    assert torch.equal(state.theta, resumed.theta)
    assert state.memory["candidates"].keys() == resumed.memory["candidates"].keys()


def test_work_follows_time() -> None:
    """The work of a step of Levenberg-Marquardt against that of Broyden on 1,000 parameters: measured, some 12 to 30."""
    objective = Residuals(lambda t: torch.zeros(5000, dtype=torch.float64), 1000)
    state = State(torch.zeros(1000), 1.0, {}, detail={"trials": 3.0, "evaluations": 1.2})
    precise = State(torch.zeros(1000), 1e-17, {}, detail={"trials": 3.0})
    normal, broyden = (METHODS[name].step_flops(objective, state) for name in ("lm", "identity"))
    assert 8 < normal / broyden < 30
    assert METHODS["lm"].step_flops(objective, precise) > 3 * normal
