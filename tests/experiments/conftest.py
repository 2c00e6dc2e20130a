"""A study that takes a moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kinn.experiments.reading import validate_study
from kinn.experiments.run_spec import RunSpec
from kinn.experiments.sweep import Sweep

#: One problem, a small network, two steps.
TINY: dict[str, Any] = {
    "name": "tiny",
    "problems": ["poisson-1d"],
    "networks": [{"name": "mlp", "width": 4}],
    "seeds": 2,
    "points": 40,
    "iterations": 2,
}

Specs = Callable[..., tuple[RunSpec, ...]]


@pytest.fixture
def specs() -> Specs:
    """Return a function that gives the runs of the tiny study, with some values replaced."""

    def make(tables: dict[str, Any] | None = None, /, **other: Any) -> tuple[RunSpec, ...]:
        return Sweep.from_study(validate_study({"study": TINY | other, **(tables or {})})).specs

    return make


@pytest.fixture(autouse=True)
def _plain_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the figures out of run folders: they take longer than the solves."""
    monkeypatch.setattr("kinn.solution.Solution.plot", lambda *_: {})


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Return the folder of all runs."""
    return tmp_path / "runs"
