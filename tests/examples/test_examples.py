"""Each example runs as a newcomer runs it, and exposes one number."""

from __future__ import annotations

import runpy
from contextlib import nullcontext
from pathlib import Path

import pytest

from kinn.errors import ProblemWarning

EXAMPLES = Path(__file__).parents[2] / "examples"

#: The most that the number `error` of each may be, and the files that it writes.
EXPECTED = {
    "01_poisson_hole.py": (1e-5, "u.vtu"),
    "02_burgers_time_series.py": (1e-3, "burgers.pvd"),
    "03_hard_conditions.py": (2e-3, "u-error.png"),
    "04_lorenz_constants.py": (3.0, "z.png"),
    "05_time_marching.py": (2e-5, "x-error.png"),
    "06_curriculum.py": (1e-3, "x-error.png"),
    "07_resume.py": (0.0, "pendulum.pt"),
    "08_extending_kinn.py": (3e-4, "u-error.png"),
    "09_no_settings.py": (2e-6, "u-error-estimate.png"),
    "10_axisymmetric_pipe.py": (1e-4, "w-error-estimate.png"),
    "11_eigenvalues.py": (1e-3, "u-error-estimate.png"),
    "12_obstacle.py": (1e-3, "u-error.png"),
}

#: What examples that show a failure are warned of.
WARNINGS = {
    "05_time_marching.py": "'van-der-pol' has a small loss, but the PDE is not met between t = .*time_windows=8"
}


@pytest.mark.parametrize("name", EXPECTED)
def test_example(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.warns(ProblemWarning, match=WARNINGS[name]) if name in WARNINGS else nullcontext():
        error = runpy.run_path(str(EXAMPLES / name), run_name="__main__")["error"]
    most, file = EXPECTED[name]
    assert error <= most
    assert list(tmp_path.rglob(file))


def test_every_example_is_tested() -> None:
    assert {p.name for p in EXAMPLES.glob("*.py")} == set(EXPECTED)
