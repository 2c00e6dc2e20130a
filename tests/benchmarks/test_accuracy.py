"""The table of accuracy: its runs, and what the page says of them."""

from __future__ import annotations

import importlib
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from kinn import problems

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    monkeypatch.syspath_prepend(str(FOLDER))
    return {name: importlib.import_module(f"accuracy_table.{name}") for name in ("rows", "runs", "page")}


def result(error: float, **more: Any) -> dict[str, Any]:
    return {
        "error": error,
        "seed": 0,
        "cpu_seconds": 7.0,
        "parameters": 78,
        "iterations": 9,
        "environment": "E",
        **more,
    }


def test_every_row_is_of_a_problem(table: dict[str, ModuleType]) -> None:
    rows = [row for page in table["rows"].PAGES.values() for row in page]
    assert {row.problem for row in rows} <= set(problems.names())
    keys = [(row.label, network) for row in rows for network in row.targets]
    assert len(set(keys)) == len(keys)


def test_first_seeds_come_first(table: dict[str, ModuleType]) -> None:
    runs = list(table["runs"].runs(list(table["rows"].OTHERS), 2))
    assert [run.seed for run in runs] == sorted(run.seed for run in runs)
    assert len({run.key for run in runs}) == len(runs)


def test_a_solve_that_fails_is_a_result(table: dict[str, ModuleType]) -> None:
    row = table["rows"].Row("no-such-problem")
    got = table["runs"].solve(table["runs"].Run(row, "kan", 0))
    assert math.isinf(got["error"])
    assert "no-such-problem" in got["failed"]


def test_verdicts(table: dict[str, ModuleType]) -> None:
    row = table["rows"].Row("wedge", best=1e-3, within=5)
    results = {
        ("wedge", network, s): result(e, seed=s) for network, e in (("kan", 1e-4), ("mlp", 1e-2)) for s in (0, 1, 2)
    }
    results["wedge", "mlp", 2] = result(math.inf, failed="out of luck")
    kan, mlp = table["page"].lines(row, table["page"].runs_of(row, results))
    assert "1e-03 reached (best), over 5 s" in kan
    assert mlp.endswith("| -, over 5 s, 1 of 3 failed |")
    assert "1 of 3 failed" in mlp
    text = table["page"].section([row], results)
    assert kan in text
    assert mlp in text
