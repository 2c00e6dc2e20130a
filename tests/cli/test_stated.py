"""What a problem script states wrongly, as the command line says it: one line each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command

SCRIPT = """
import numpy as np
from kinn import *

SQUARE = Rectangle((0, 0), (1, 1))

def make_problem(case: str = "") -> Problem:
    conditions, unknowns, domain, strong = {cases}[case]()
    return Problem("p", domain, strong=strong, conditions=conditions, unknowns=unknowns)
"""

STATED = {
    "nowhere": '[Dirichlet("u", 0, on="lefft")], (), SQUARE',
    "corner": '[Dirichlet("u", n, on=s, enforce="hard") for n, s in enumerate(("left", "top"))], (), SQUARE',
    "outside": '[Observation("u", [[2.0, 0.5]], [1.0])], (), SQUARE',
    "data": '[Observation("u", [[0.5, 0.5]], [np.nan])], (), SQUARE',
    "values": '[Dirichlet("u", lambda x: 1 / (x - x), on="boundary")], (), SQUARE',
    "bounds": '[Dirichlet("u", 0, on="boundary")], [Unknown("a", initial=3.0, bounds=(0, 1))], SQUARE',
    "empty": '[Dirichlet("u", 0, on="boundary")], (), Disk((0, 0), 1) - Disk((0, 0), 2)',
    "unbounded": '[Dirichlet("u", 0, on="boundary")], (), Rectangle((0, 0), (np.inf, 1))',
    "few": '[Dirichlet("u", 1, on="left")], (), SQUARE',
}


@pytest.fixture
def script(tmp_path: Path) -> str:
    cases = ", ".join(f'"{name}": lambda: ({stated}, lambda u, p: u.xx + u.yy)' for name, stated in STATED.items())
    path = tmp_path / "problem.py"
    path.write_text(SCRIPT.replace("{cases}", f"{{{cases}}}"), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("case", "line"),
    [
        ("nowhere", "no boundary named 'lefft'; did you mean 'left'?"),
        ("corner", "disagree at x = 0, y = 1: 0 and 1; enforce one of them soft"),
        ("outside", "has 1 points outside the domain, the first at (2, 0.5)"),
        ("data", "Observation('u') holds data that is not finite"),
        ("values", "the value of Dirichlet('u', on='boundary') is not finite at x = 0, y = "),
        ("bounds", "the initial value of Unknown('a'), 3, does not lie between 0 and 1"),
        ("empty", "is an empty domain"),
        ("unbounded", "must be finite, got inf"),
    ],
)
def test_bad_input_is_one_line_and_exit_status_2(kinn_command: Command, script: str, case: str, line: str) -> None:
    outcome = kinn_command("solve", script, "--set", f"case={case}", "--network", "mlp", "--iterations", "1")
    assert outcome.status == 2
    (said,) = outcome.err.strip().splitlines()
    assert said.startswith("kinn: error: ")
    assert line in said


def test_float16_is_refused(kinn_command: Command, script: str) -> None:
    outcome = kinn_command("solve", script, "--set", "case=few", "--dtype", "float16")
    assert outcome.status == 2
    assert "no dtype named 'float16'; did you mean 'float" in outcome.err


def test_doubts_are_one_line_each_and_training_goes_on(kinn_command: Command, script: str) -> None:
    outcome = kinn_command(
        "solve", script, "--set", "case=few", "--network", "mlp", "--iterations", "1", "--points", "20"
    )
    assert outcome.status == 0
    said = [line for line in outcome.err.splitlines() if line.startswith("kinn: warning: ")]
    assert said == ["kinn: warning: problem 'p' has no condition for 'u' on 'right', 'bottom', 'top'"]
