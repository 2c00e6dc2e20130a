"""What all forms share: each is loaded when it is used, and a step to no finite value is infinitely bad, not the end."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import pytest

from kinn import MLP, problems
from kinn.errors import DivergedError
from kinn.forms import build_objective, build_trial
from kinn.networks import Network
from kinn.problem import FORMS


@pytest.mark.parametrize("form", FORMS)
def test_a_network_that_diverges_is_infinitely_bad(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = problems.get("crack").in_form(form)
    trial = build_trial(problem, MLP((4,)))
    objective = build_objective(trial, points=100, seed=0)
    theta = objective.start()
    assert math.isfinite(objective.loss(theta))
    assert objective.gradient(theta)[1].isfinite().all()

    def diverge(*_: Any, **__: Any) -> Any:
        raise DivergedError("the state left the numbers at time 0.5")

    monkeypatch.setattr(Network, "push", diverge)
    other = theta + 0.1
    assert objective.loss(other) == math.inf
    loss, gradient = objective.gradient(other)
    assert loss == math.inf
    assert gradient.isnan().all()


STRONG_SOLVE = """
import sys
import kinn
from kinn import problems
kinn.solve(problems.get("poisson-2d"), kinn.MLP((4,)), iterations=1)
unused = "kinn.forms.energy", "kinn.forms.inverse", "kinn.boundary_integrals", "kinn.geometry.meshes"
print([name for name in sys.modules if name.startswith(unused)])
"""


def test_a_strong_solve_loads_no_other_form() -> None:
    found = subprocess.run([sys.executable, "-c", STRONG_SOLVE], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
