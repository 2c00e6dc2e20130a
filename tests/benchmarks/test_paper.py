"""The page of the KINN paper's problems: what is read from a store, and what is said of it."""

from __future__ import annotations

import importlib
import json
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from kinn import problems
from kinn.experiments.results import DONE, FAILURE, RunResult
from kinn.runs.folder import METRICS

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    monkeypatch.syspath_prepend(str(FOLDER))
    modules = {name: importlib.import_module(f"paper_table.{name}") for name in ("records", "runs", "tables")}
    monkeypatch.setattr(modules["runs"], "sizes", lambda problem: {"u": 1.0, "v": 0.0})
    return modules


def run(path: Path, seed: int, trace: list[tuple[float, float]], network: str = "kan", **more: Any) -> RunResult:
    """Return a run of plate-hole in energy form whose error of u is twice that of v and half that of mises."""
    path.mkdir()
    lines = [json.dumps({"seconds": s, "errors": {"u": e, "v": e / 2}}) for s, e in trace]
    (path / METRICS).write_text("\n".join(lines), encoding="utf-8")
    last = trace[-1][1]
    errors = {
        name: {"l2": e, "linf": 3 * e, "h1": None} for name, e in (("u", last), ("v", last / 2), ("mises", 2 * last))
    }
    summary = {"errors": errors, "seconds": trace[-1][0] + 1, "parameters": 384, "unknowns": {}}
    config = {
        "problem": {"name": "plate-hole", "settings": {}},
        "form": "energy",
        "network": {"name": network},
        "seed": seed,
        "clock": "cpu",
        **more,
    }
    return RunResult(path, config, DONE, summary)


def of(paper: dict[str, ModuleType], form: str, of_: str = "displacement") -> Any:
    return next(r for r in paper["records"].RECORDS if (r.problem, r.form, r.of) == ("plate-hole", form, of_))


def test_records_are_of_problems_in_forms_that_they_state(paper: dict[str, ModuleType]) -> None:
    for record in paper["records"].RECORDS:
        problems.get(record.problem, **record.settings).in_form(record.form)


def test_times_are_those_of_the_crossing(paper: dict[str, ModuleType], tmp_path: Path) -> None:
    runs = [
        run(tmp_path / "0", 0, [(1.0, 1e-2), (5.0, 9e-4), (60.0, 1e-4)]),
        run(tmp_path / "1", 1, [(1.0, 1e-2), (7.0, 8e-4), (60.0, 2e-4)]),
        run(tmp_path / "2", 2, [(1.0, 1e-2), (60.0, 5e-3)]),
    ]
    record = of(paper, "energy")
    assert paper["runs"].seconds(record, runs[0], record.kan) == (5.0, False)
    assert math.isinf(paper["runs"].seconds(record, runs[2], record.kan)[0])
    # 14 h of the scripts in 7 s
    assert paper["tables"].reached(record, runs) == "7 (2 of 3) | 7,200 |"
    assert paper["tables"].reached(of(paper, "energy", "mises"), runs[:2]) == "at most 61 | 830 |"
    assert paper["tables"].reached(record, runs[2:]) == "0 of 1 reached it | - |"


def test_displacements_are_measured_as_vectors(
    paper: dict[str, ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper["runs"], "sizes", lambda problem: {"u": 3.0, "v": 4.0})
    found = run(tmp_path / "0", 0, [(1.0, 1e-2)])
    assert paper["runs"].error(of(paper, "energy"), found) == pytest.approx(1e-2 * math.hypot(3, 2) / 5)


def test_sizes_are_the_norms_of_the_true_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    found = importlib.import_module("paper_table.runs").sizes("plate-hole")
    assert set(found) >= {"u", "v"}
    assert found["u"] > 2 * found["v"] > 0


def test_runs_of_other_forms_settings_and_libraries_have_no_part(paper: dict[str, ModuleType], tmp_path: Path) -> None:
    mine = run(tmp_path / "0", 0, [(1.0, 1e-2)])
    others = [
        run(tmp_path / "1", 0, [(1.0, 1e-2)], form="strong"),
        run(tmp_path / "2", 0, [(1.0, 1e-2)], "mlp", baseline="fem"),
        run(tmp_path / "3", 0, [(1.0, 1e-2)], problem={"name": "crack", "settings": {"features": "tip"}}),
    ]
    assert paper["runs"].of_record(of(paper, "energy"), [mine, *others]) == {"kan": [mine]}
    cracks = {r.label: r for r in paper["records"].RECORDS if r.problem == "crack" and r.form == "energy"}
    assert paper["runs"].of_record(cracks["crack features=tip"], others) == {"kan": [others[2]]}
    assert paper["runs"].of_record(cracks["crack"], others) == {}


def test_the_better_of_two_is_compared_with_the_target(paper: dict[str, ModuleType], tmp_path: Path) -> None:
    runs = [
        *(run(tmp_path / f"k{s}", s, [(9.0, e)]) for s, e in enumerate((9e-5, 8e-5, 2e-4))),
        *(run(tmp_path / f"m{s}", s, [(9.0, e)], "mlp") for s, e in enumerate((3e-3, 4e-3))),
        RunResult(
            tmp_path / "f", run(tmp_path / "f", 2, [(1.0, 1.0)], "mlp").config, FAILURE, {"stopped": "failed: diverged"}
        ),
    ]
    lines = paper["tables"].matched_parameters(runs).splitlines()
    assert (
        "| plate-hole | energy | displacement | kan | 384 | 3 | 9.0e-05 | 8.5e-05 to 1.5e-04 | 10 | 1.0e-04, reached | 9.2e-04 |"
        in lines
    )
    assert (
        "| plate-hole | energy | displacement | mlp | 384 | 3 | 4.0e-03 | 3.5e-03 to failed | 10 | 1.0e-04 | 1.5e-03 |"
        in lines
    )
    assert not any("crack" in line for line in lines)
    first = paper["tables"].time_to_published_error(runs)
    assert "| plate-hole | energy | displacement | 9.2e-04 | 14 h | kan | 9 | 5,600 |" in first
    assert "| crack | strong | fields | 3.0e-02 | 28 min | - | - | - |" in first


def test_constants_and_maxima_are_of_the_end(paper: dict[str, ModuleType], tmp_path: Path) -> None:
    found = run(tmp_path / "0", 0, [(1.0, 1e-2)])
    found.summary["unknowns"]["E"] = {"error": 3e-3}  # type: ignore[index]
    constants = next(r for r in paper["records"].RECORDS if r.of == "constants")
    largest = next(r for r in paper["records"].RECORDS if r.norm == "linf")
    assert paper["runs"].error(constants, found) == 3e-3
    assert paper["runs"].error(largest, found) == 3e-2
