"""The energy form on the command line: the verdict that it prints, and what it refuses with one line and status 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command

SCRIPT = """
from kinn import *
from kinn.mechanics import *

BODY = Rectangle((0, 0), (1, 1))

def hold(*on):
    return [Dirichlet(name, 0.0, on=side, enforce="hard") for side in on for name in ("u", "v")]

def make_problem(case: str = "") -> Problem:
    law = PlaneStrain(1.0, 0.5 if case == "incompressible" else 0.3)
    return Problem(
        "p",
        BODY,
        fields=("u", "v"),
        strong=lambda u, v, p: law.residual((u, v)),
        energy=None if case == "no energy" else lambda u, v, p: law.energy((u, v)),
        work={"left" if case == "fixed load" else "right": lambda u, v, p: 0.1 * u},
        conditions=[symmetry("left", "u")] if case == "rigid" else hold("left"),
    )
"""


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "problem.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("case", "line"),
    [
        ("no energy", "does not state the energy form: energy= is missing"),
        ("incompressible", "Poisson's ratio of PlaneStrain lies between -1 and 0.5, not 0.5"),
        ("fixed load", "has a load on 'left' that does no work: 'u' is given there"),
        ("rigid", "leaves a motion free that costs no energy: 'v' may be shifted"),
    ],
)
def test_bad_input_is_one_line_and_exit_status_2(kinn_command: Command, script: str, case: str, line: str) -> None:
    words = ("--set", f"case={case}", "--network", "mlp", "--iterations", "1", "--points", "30")
    outcome = kinn_command("solve", script, "--form", "energy", *words)
    assert outcome.status == 2
    *_, said = outcome.err.strip().splitlines()
    assert said.startswith("kinn: error: ")
    assert line in said


def test_verdict_of_the_guard_is_in_the_summary(kinn_command: Command, script: str) -> None:
    words = ("--network", "mlp", "--iterations", "2", "--points", "60", "--set", "network.width=4")
    outcome = kinn_command("solve", script, "--form", "energy", *words, "--json")
    assert outcome.status == 0, outcome.err
    found = json.loads(outcome.out.splitlines()[-1])["quadrature"]
    assert set(found) == {"points", "guard_points", "gap", "rejected", "reliable"}
    assert found["guard_points"] > found["points"] >= 60
