"""Recipes: what the user says goes before what the problem says; what is described can be rebuilt."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import kinn
from kinn import (
    MLP,
    NTK,
    RAD,
    RARD,
    Adam,
    Auto,
    Causal,
    Defaults,
    FixedWeights,
    GradientNorm,
    InputError,
    LevenbergMarquardt,
    ResidualAttention,
    SelfAdaptive,
)
from kinn.config import to_config, to_plain
from kinn.optim import Optimizer
from kinn.train.checkpoint import Checkpoints
from kinn.training_options import TrainingOptions, resolve_options
from tests.train.plans.problems import decay, heat

NETWORK = MLP((6,))


def test_what_the_user_says_goes_before_what_the_problem_says() -> None:
    defaults = Defaults(weights="ntk", sampling=RAD(every=7), causal=True, time_windows=3)
    stated = TrainingOptions(weights=NTK(), sampling=RAD(every=7), causal=Causal(), time_windows=3)
    assert resolve_options(defaults, {}) == stated
    own = {"weights": FixedWeights(pde=2.0), "sampling": "none", "causal": False, "time_windows": 1}
    assert resolve_options(defaults, own) == TrainingOptions(weights=FixedWeights(pde=2.0))
    assert resolve_options(Defaults(), {}) == TrainingOptions()
    assert resolve_options(Defaults(), {"causal": True}).strategies == (Causal(),)


def test_windows_and_curricula_take_each_others_place() -> None:
    values = {"re": (1.0, 2.0)}
    of_both = [Defaults(curriculum=values), {"time_windows": 2}], [Defaults(time_windows=2), {"curriculum": values}]
    assert resolve_options(*of_both[0]) == TrainingOptions(time_windows=2)
    assert resolve_options(*of_both[1]) == TrainingOptions(curriculum=values)
    assert resolve_options(Defaults(curriculum=values), {"time_windows": 1}) == TrainingOptions(curriculum=values)
    assert resolve_options(Defaults(curriculum=values, time_windows=2), {}) == TrainingOptions(time_windows=2)
    assert resolve_options(Defaults(curriculum=values), {"curriculum": {}}) == TrainingOptions()
    with pytest.raises(InputError, match="time windows or a curriculum, not both"):
        resolve_options(Defaults(), {"time_windows": 2, "curriculum": values})


def test_what_is_described_can_be_rebuilt() -> None:
    whole = TrainingOptions(
        weights=FixedWeights(terms={"Initial": 3.0}), sampling=RARD(growth=0.2), causal=Causal(chunks=9), batch=64,
        curriculum={"re": (1.0, 2.0)}, ensemble=5,
    )  # fmt: skip
    for one in (TrainingOptions(), whole, TrainingOptions(weights=SelfAdaptive(), time_windows=4)):
        assert TrainingOptions.from_config(to_plain(one.to_config())) == one
        assert (
            resolve_options(Defaults(weights="rba", causal=True, time_windows=7, batch=9, ensemble=3), one.arguments)
            == one
        )
    assert TrainingOptions().to_config() == {}  # so that configurations, and their hashes, are what they were


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": "nkt"}, "no loss weights named 'nkt'; did you mean 'ntk'"),
        ({"weights": "residual"}, "valid: fixed, gradient-norm, none, ntk, rba, sa, uniform"),
        ({"sampling": "rar"}, "no sampling named 'rar'; did you mean 'rar-d'"),
        ({"time_windows": 1.5}, "time_windows is a whole number"),
        ({"batch": True}, "batch is a whole number"),
    ],
)
def test_mistakes_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        resolve_options(Defaults(), options)


@pytest.mark.parametrize(
    ("options", "method"),
    [
        ({"weights": NTK(every=4), "sampling": RAD(every=5)}, LevenbergMarquardt()),
        ({"weights": SelfAdaptive(every=3), "batch": 20}, Adam()),
        ({"causal": Causal(), "sampling": RARD(every=5)}, Auto(patience=6)),
        ({"weights": ResidualAttention(every=2), "time_windows": 2}, Auto()),
        ({"weights": GradientNorm(every=3), "ensemble": 2}, Auto()),
    ],
)
def test_training_goes_on_to_the_same_bits_under_all_strategies(
    tmp_path: Path, options: dict[str, Any], method: Optimizer
) -> None:
    class Cut(Exception):
        pass

    def cut(record: Any) -> None:
        if record.iteration == 14:
            raise Cut

    def solve(path: Path, **more: Any) -> kinn.Solution:
        keeper = Checkpoints.in_file(path, config)
        keeper.every = 0.0
        return kinn.solve(
            heat("soft"), NETWORK, optimizer=method, points=60, iterations=20, checkpoint=keeper, **options, **more
        )

    config = {
        "problem": {"name": "heat"}, "network": to_config(NETWORK), "form": "strong",
        "optimizer": to_config(method), "points": 60, "budget": 60.0, "iterations": 20,
        "seed": 0, "dtype": "float64", **resolve_options(Defaults(), options).to_config(),
    }  # fmt: skip
    whole = solve(tmp_path / "whole.pt").fields.state_dict()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kinn.train.checkpoint.CHECKPOINT_COST_FACTOR", 0.0)
        with pytest.raises(Cut):
            solve(tmp_path / "cut.pt", progress=cut)
    resumed = kinn.resume(tmp_path / "cut.pt", heat("soft")).fields.state_dict()
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_a_curriculum_goes_on_too(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    options: dict[str, Any] = {"points": 60, "curriculum": {"rate": (1.0, 4.0)}}
    kinn.solve(decay(), NETWORK, iterations=10, checkpoint=path, **options)
    longer = kinn.resume(path, decay(), iterations=15)
    assert [r.iteration for r in longer.history] == list(range(1, 16))
    assert [r.stage.split()[0] for r in longer.history] == ["rate=1"] * 5 + ["rate=4"] * 10


def test_numbers_that_break_down_go_back_and_name_the_term_under_strategies_too() -> None:
    class Wild(LevenbergMarquardt):
        def step(self, objective: Any, state: Any) -> Any:
            if objective.loss(state.theta) < 1e-3 and not self.max_trials % 2:
                object.__setattr__(self, "max_trials", 13)
                return super().step(objective, state).__class__(state.theta * float("nan"), float("nan"))
            return super().step(objective, state)

    method = Wild()
    solution = kinn.solve(
        heat(), NETWORK, optimizer=method, causal=True, sampling=RAD(every=5), points=80, iterations=40
    )
    assert method.max_trials == 13  # the loss was not finite once, and training went on
    assert solution.loss < 1e-3


#: Reads where a training option shows, given the module's text with one more field in it.
NEW_OPTION = """
import importlib.util, inspect, sys, types
from pathlib import Path
path = importlib.util.find_spec("kinn.training_options").origin
text = Path(path).read_text()
last = "    @property\\n    def stated"
assert text.count(last) == 1
module = types.ModuleType("kinn.training_options")
sys.modules[module.__name__] = module
exec(text.replace(last, '    growth: int | None = option(CountKind("Grow it."))\\n\\n' + last), module.__dict__)

import kinn
from kinn.experiments.sweep import combinations
from kinn.experiments.reading import validate_study
from kinn.problem import Defaults
from kinn.training_options import TrainingOptions, resolve_options
from typer.testing import CliRunner
from kinn.cli.app import app

assert "growth" in inspect.signature(kinn.solve).parameters
assert resolve_options(Defaults(growth=3), {}).to_config() == {"growth": 3}
assert resolve_options(Defaults(growth=3), {"growth": 1}) == TrainingOptions()
assert validate_study({"study": {"problems": "poisson-1d", "growth": 2}}).study.growth == 2
assert combinations({"growth": [2, 3]}, []) == [{"growth": 2}, {"growth": 3}]
result = CliRunner().invoke(app, ["solve", "poisson-1d", "--growth", "0"])
assert "growth is a whole number of at least 1, not 0" in str(result.exception), result
problem = kinn.Problem("p", kinn.Interval(0, 1), strong=lambda u, p: u.xx, conditions=[kinn.Dirichlet("u", 0.0, on="left")])
try:
    kinn.solve(problem, "mlp", growth=1.5)
except kinn.InputError as error:
    print(error)
"""


def test_a_new_option_is_written_once() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", NEW_OPTION], capture_output=True, text=True, check=False
    )
    assert done.stdout == "growth is a whole number of at least 1, not 1.5\n", done.stderr


def test_a_misspelt_option_names_the_nearest() -> None:
    with pytest.raises(InputError, match="no option named 'casual' in kinn.solve; did you mean 'causal'"):
        kinn.solve(heat(), NETWORK, casual=True)
    with pytest.raises(InputError, match="did you mean 'iterations'"):
        kinn.solve(heat(), NETWORK, iteration=3)
