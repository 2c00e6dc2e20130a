"""`kinn compare`: matched sizes, medians and quartiles, and what failed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import kinn
from kinn.errors import SolveError
from tests.cli.conftest import Command

QUICK = ("compare", "poisson-1d", "--points", "60", "--iterations", "3")


def test_the_table_has_a_row_for_each_network(kinn_command: Command) -> None:
    status, out, err = kinn_command(*QUICK, "--seeds", "2")
    assert status == 0
    assert "poisson-1d, strong, mlp, seed 1" in err
    assert "L2 of u" in out
    assert re.search(r"poisson-1d: kan against mlp: .*2 pairs", out)
    rows = [line for line in out.splitlines() if re.match(r"│ poisson-1d │ (kan|mlp) ", line)]
    assert len(rows) == 2
    runs = [line for line in out.splitlines() if line.startswith("runs/")]
    assert len(runs) == 4
    assert all((Path(run) / "solution.vtu").is_file() for run in runs)


def test_bad_input_is_found_before_anything_is_solved(kinn_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinn.runs.execute.solver", lambda _: pytest.fail("training started"))
    for arguments in (
        ("poisson-9d",), ("--network", "mpl"), ("--seeds", "0"), ("--set", "features=tip"), ("--match", "size"),
        ("--set", "network.gird=6"), ("--form", "stron"), ("--optimizer", "lmm"), ("--threshold", "-1"),
    ):  # fmt: skip
        status, _, err = kinn_command(*QUICK, *arguments)
        assert status == 2
        assert err.count("\n") == 1


def test_a_seed_that_fails_does_not_stop_the_others(kinn_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    solve = kinn.solve

    def fail_for_mlp(problem: object, network: object, **rest: object) -> object:
        if network.name == "mlp":  # type: ignore[attr-defined]
            raise SolveError("the loss is not finite")
        return solve(problem, network, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr("kinn.runs.execute.solver", lambda _: fail_for_mlp)
    status, out, err = kinn_command(*QUICK, "--seeds", "1")
    assert status == 3
    assert re.search(r"mlp .* - .*1 of 1", out)
    assert re.search(r"kan .*e[-+]\d.*0 of 1", out)
    assert err.splitlines()[-1].startswith("kinn: error: 1 solves failed; the first: the loss is not finite")


def test_forms_methods_and_times_have_rows_and_columns(kinn_command: Command) -> None:
    status, out, _ = kinn_command(
        *QUICK, "--network", "mlp", "--optimizer", "lm", "--optimizer", "adam", "--seeds", "1", "--threshold", "100",
    )  # fmt: skip
    assert status == 0
    assert "time to 1e+02 (s)" in out
    assert re.search(r"mlp lm ", out)
    assert re.search(r"mlp adam ", out)


def test_what_was_solved_before_is_not_solved_again(kinn_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    first = kinn_command(*QUICK, "--seeds", "1")
    monkeypatch.setattr("kinn.runs.execute.solver", lambda _: pytest.fail("solved again"))
    second = kinn_command(*QUICK, "--seeds", "1")
    assert second.out == first.out
    assert "2 of 2 were solved before; --fresh solves them again" in second.err


def test_sizes_are_left_as_they_are_where_only_the_time_is_to_be_the_same(kinn_command: Command) -> None:
    matched, own = (
        {
            line.split("│")[3].strip()
            for line in kinn_command(*QUICK, "--seeds", "1", *more).out.splitlines()
            if re.match(r"│ poisson-1d │ (kan|mlp) ", line)
        }
        for more in ((), ("--match", "time"))
    )
    assert len(matched) == 1
    assert len(own) == 2
