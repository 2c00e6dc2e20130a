"""The bridge to DeepXDE: the same residuals as ours, our networks trained by it, and a column of its own in a comparison."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import kinn
from kinn import KAN, InputError, problems
from kinn.baselines.deepxde_problem import as_deepxde_net, check, to_deepxde, with_soft_conditions
from kinn.forms import DomainTrial, strong_form
from tests.cli.conftest import Command, kinn_command  # noqa: F401

needs_deepxde = pytest.mark.skipif(find_spec("deepxde") is None, reason="needs DeepXDE: pip install 'kinn[deepxde]'")
pytestmark = pytest.mark.filterwarnings("ignore")


def test_importing_kinn_does_not_import_deepxde() -> None:
    script = "import sys, kinn, kinn.solver, kinn.baselines.deepxde_problem, kinn.baselines.deepxde_solver; sys.exit('deepxde' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", script], check=False).returncode == 0


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("crack", {}, "several subdomains, and DeepXDE has one network for all"),
        ("burgers-viscosity", {}, "has unknowns besides its fields"),
    ],
)
def test_what_deepxde_cannot_state_is_refused(name: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        check(problems.get(name, **settings))


@pytest.mark.skipif(find_spec("deepxde") is not None, reason="DeepXDE is installed")
def test_where_it_is_not_installed_that_is_said() -> None:
    with pytest.raises(InputError, match=r"DeepXDE is not installed: pip install 'kinn\[deepxde\]'"):
        to_deepxde(problems.get("poisson-2d"))


@pytest.fixture
def dde() -> Any:
    """Return DeepXDE in double precision, and put torch's defaults back."""
    from kinn.baselines.deepxde_problem import deepxde

    before = torch.get_default_dtype()
    found = deepxde()
    found.config.set_default_float("float64")
    yield found
    torch.set_default_dtype(before)


@needs_deepxde
@pytest.mark.parametrize("name", ["poisson-2d", "burgers", "helmholtz", "kovasznay"])
def test_losses_are_those_of_the_strong_form(dde: Any, name: str) -> None:
    problem = with_soft_conditions(problems.get(name))
    trial = DomainTrial(problem, KAN((3,), grid=4))
    system = strong_form(trial, points=100, seed=1)
    data = to_deepxde(problem, points=100, seed=1)
    net = as_deepxde_net(trial.network(next(iter(problem.subdomains))))
    model = dde.Model(data, net)
    model.compile("adam", lr=1e-3, verbose=0)
    x = torch.as_tensor(data.train_x).requires_grad_()
    losses = data.losses(None, net(x), lambda zero, error: (error**2).mean(), x, model)
    ours = [
        float(s.sum()) / term.points
        for s, term in zip(system.squared_residuals(system.start()), system.terms, strict=True)
    ]
    inner = [n for n, term in enumerate(system.terms) if term.interior]
    outer = [n for n, term in enumerate(system.terms) if not term.interior]
    count = system.terms[inner[0]].equations
    assert float(sum(losses[:count])) == pytest.approx(ours[inner[0]], rel=1e-9)
    found = [float(loss) * system.terms[n].equations for loss, n in zip(losses[count:], outer, strict=True)]
    assert found == pytest.approx([ours[n] for n in outer], rel=1e-9)


@pytest.mark.slow
@needs_deepxde
def test_deepxde_trains_our_kan_on_a_problem_of_its_own(dde: Any) -> None:
    interval = dde.geometry.Interval(0, 1)
    ends = dde.icbc.DirichletBC(interval, lambda x: np.zeros((len(x), 1)), lambda _, on: on)
    data = dde.data.PDE(interval, lambda x, u: dde.grad.hessian(u, x) + 2, ends, num_domain=40, num_boundary=2)
    net = as_deepxde_net(KAN((2,), grid=4), 1, 1, bounds=([0.0], [1.0]))
    model = dde.Model(data, net)
    dde.optimizers.set_LBFGS_options(maxiter=40)
    model.compile("L-BFGS", verbose=0)
    model.train(verbose=0)
    x = np.linspace(0, 1, 9)[:, None]
    assert np.abs(model.predict(x) - x * (1 - x)).max() < 5e-3


@needs_deepxde
def test_our_geometry_has_the_methods_of_deepxdes(dde: Any) -> None:
    shape = to_deepxde(problems.get("poisson-holes"), points=50).geom
    inner, rim = shape.random_points(50), shape.random_boundary_points(50)
    assert shape.inside(inner).all()
    assert shape.on_boundary(rim).all()
    assert not shape.on_boundary(inner).any()


@needs_deepxde
def test_a_solve_by_deepxde_is_a_solution_like_others(tmp_path: Path) -> None:
    from kinn.baselines.deepxde_solver import solve

    before = torch.get_default_dtype()
    problem = problems.get("poisson-1d")
    solution = solve(problem, kinn.MLP((8,)), points=60, budget=60.0, iterations=40, seed=3)
    assert (solution.iterations, solution.stopped) == (40, "iterations")
    assert {r.stage for r in solution.history} == {"adam", "l-bfgs"}
    assert solution.history[-1].loss < solution.history[0].loss
    assert solution.history[0].errors["u"] > 0
    assert torch.get_default_dtype() == before
    solution.save_vtu(tmp_path / "u.vtu")


@needs_deepxde
def test_a_comparison_has_a_row_for_it(kinn_command: Command) -> None:  # noqa: F811
    status, out, err = kinn_command(
        "compare", "poisson-1d", "crack", "--network", "mlp", "--against", "deepxde", "--seeds", "1", "--points", "40",
        "--iterations", "4",
    )  # fmt: skip
    assert status == 0
    assert re.search(r"poisson-1d │ mlp ", out)
    assert re.search(r"poisson-1d │ deepxde mlp ", out)
    assert "problem 'crack' has several subdomains" in err
    assert len(re.findall(r"deepxde", out)) >= 2


def test_an_unknown_baseline_names_the_nearest(kinn_command: Command) -> None:  # noqa: F811
    status, _, err = kinn_command("compare", "poisson-1d", "--against", "deepxd")
    assert (status, err) == (2, "kinn: error: no baseline named 'deepxd'; did you mean 'deepxde'?\n")
