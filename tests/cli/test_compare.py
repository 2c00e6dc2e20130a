"""`kinn compare`: matched sizes, medians and quartiles, and what failed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import kinn
from kinn.cli.compare import matched_networks
from kinn.cli.tables import spread
from kinn.errors import InputError, SolveError
from kinn.problems import factory
from tests.cli.conftest import Command

QUICK = ("compare", "poisson-1d", "--points", "60", "--iterations", "3")


def test_the_others_match_the_parameter_count_of_the_first() -> None:
    kan, mlp = matched_networks(["kan", "mlp"], {"grid": "6"}, factory("poisson-2d")())
    assert (kan.name, mlp.name) == ("kan", "mlp")
    assert kan.grid == 6  # type: ignore[attr-defined]
    assert mlp.parameter_count(2, 1) == pytest.approx(kan.parameter_count(2, 1), rel=0.1)


def test_a_setting_that_no_network_has_is_an_error() -> None:
    with pytest.raises(InputError, match="no setting named 'gird' in the networks; did you mean 'grid'"):
        matched_networks(["kan", "mlp"], {"gird": "6"}, factory("poisson-1d")())


def test_several_values_are_a_median_and_quartiles() -> None:
    assert spread([2.0], ".1e") == "2.0e+00"
    assert spread([5, 1, 2, 3, 4], ".0f") == "3 (2 to 4)"


def test_the_table_has_a_row_for_each_network(kinn_command: Command) -> None:
    status, out, err = kinn_command(*QUICK, "--seeds", "2")
    assert status == 0
    assert "poisson-1d, mlp, seed 1" in err
    assert "relative L2 of u" in out
    rows = [line for line in out.splitlines() if re.match(r"\W*(kan|mlp) ", line)]
    assert len(rows) == 2
    runs = [line for line in out.splitlines() if line.startswith("runs/")]
    assert len(runs) == 4
    assert all((Path(run) / "solution.vtu").is_file() for run in runs)


def test_bad_input_is_found_before_anything_is_solved(kinn_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinn, "solve", lambda *_, **__: pytest.fail("training started"))
    for arguments in (("poisson-9d",), ("--network", "mpl"), ("--seeds", "0"), ("--set", "features=tip")):
        status, _, err = kinn_command(*QUICK, *arguments)
        assert status == 2
        assert err.count("\n") == 1


def test_a_seed_that_fails_does_not_stop_the_others(kinn_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    solve = kinn.solve

    def fail_for_mlp(problem: object, network: object, **rest: object) -> object:
        if network.name == "mlp":  # type: ignore[attr-defined]
            raise SolveError("the loss is not finite")
        return solve(problem, network, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(kinn, "solve", fail_for_mlp)
    status, out, err = kinn_command(*QUICK, "--seeds", "1")
    assert status == 3
    assert re.search(r"mlp .*failed", out)
    assert re.search(r"kan .*e[-+]\d", out)
    assert err.splitlines()[-1].startswith("kinn: error: 1 solves failed; the first: the loss is not finite")
