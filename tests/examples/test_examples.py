"""Each example runs as a newcomer runs it, and exposes one number."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    ("name", "budget", "error"),
    [("01_poisson_hole.py", 20.0, 1e-3), pytest.param("02_burgers_time_series.py", 60.0, 1e-3, marks=pytest.mark.slow)],
)
def test_example(name: str, budget: float, error: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    main = runpy.run_path(str(EXAMPLES / name))["main"]
    assert main(budget=budget) < error
    assert list(tmp_path.rglob("*.vtu"))


def test_every_example_is_tested() -> None:
    assert {p.name for p in EXAMPLES.glob("*.py")} == {"01_poisson_hole.py", "02_burgers_time_series.py"}
