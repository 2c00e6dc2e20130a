from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command


def test_ntk_leaves_spectra_and_figures(kinn_command: Command) -> None:
    status, out, err = kinn_command(
        "analyse", "ntk", "poisson-1d", "--network", "resnet", "--network", "kan", "--iterations", "10", "--points", "30",
        "--json",
    )  # fmt: skip
    assert status == 0, err
    facts = json.loads(out.splitlines()[-1])
    assert {(row["network"], row["step"]) for row in facts["kernels"]} == {
        (n, s) for n in ("resnet", "kan") for s in (0, 1, 10)
    }
    for row in facts["kernels"]:
        assert row["largest"] == max(row["eigenvalues"])
        assert row["trace"] == pytest.approx(sum(row["eigenvalues"]))
    folder = Path("runs/analysis/poisson-1d-ntk")
    assert {p.name for p in folder.iterdir()} == {"spectra.png", "waves.png", "ntk.json"}


def test_ntk_of_one_coordinate_tells_rates_of_waves(kinn_command: Command) -> None:
    status, out, _ = kinn_command(
        "analyse", "ntk", "regression-two-frequency", "--iterations", "3", "--optimizer", "adam", "--json"
    )
    assert status == 0
    for row in json.loads(out.splitlines()[-1])["kernels"]:
        assert len(row["rates"]) == len(row["frequencies"]) > 20
    assert Path("runs/analysis/regression-two-frequency-ntk/waves.png").is_file()


def test_size_counts_parameters_and_operations(kinn_command: Command) -> None:
    status, out, _ = kinn_command("analyse", "size", "poisson-2d", "--network", "mlp", "--network", "neural-ode")
    assert status == 0
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines()[1:]}
    assert rows["mlp"][0] == "501"
    value, derivatives, gradient = (int(text.replace(",", "")) for text in rows["neural-ode"][1:])
    assert value < derivatives < gradient


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ntk", "poisson-2dd"), "did you mean 'poisson-2d'?"),
        (("ntk", "poisson-2d", "--network", "resnat"), "did you mean 'resnet'?"),
        (
            ("ntk", "poisson-2d", "--set", "network.gird=3"),
            "no setting named 'gird' in the networks; did you mean 'grid'?",
        ),
        (("ntk", "poisson-2d", "--points", "0"), "--points 1 or more"),
        (("size", "poisson-2d", "--network", "mpl"), "did you mean 'mlp'?"),
    ],
)
def test_bad_input_is_one_line(arguments: tuple[str, ...], message: str, kinn_command: Command) -> None:
    status, out, err = kinn_command("analyse", *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
