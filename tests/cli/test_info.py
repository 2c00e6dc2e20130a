"""The commands that only print: `list`, `show`, `doctor`."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from kinn import problems
from kinn.cli import info
from kinn.networks import NETWORKS
from kinn.runs.problem_loader import description
from tests.cli.conftest import Command


def test_list_has_a_line_for_each_problem(kinn_command: Command) -> None:
    status, out, _ = kinn_command("list")
    assert status == 0
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert tuple(lines) == problems.names()
    assert all(len(line.split()) > 3 for line in lines.values())


def test_the_list_of_problems_imports_neither_problems_nor_torch() -> None:
    script = "import sys; from kinn.cli.info import list_; list_(); print([m for m in ('torch', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", ["crack", "poisson-2d", "van-der-pol"])
def test_the_title_of_a_problem_is_the_first_line_of_its_docstring(name: str) -> None:
    assert problems.title(name) == description(problems.definition(name)).partition("\n")[0]


def test_list_of_networks_has_their_settings_with_defaults(kinn_command: Command) -> None:
    status, out, _ = kinn_command("list", "networks")
    assert status == 0
    assert [line.partition(":")[0] for line in out.splitlines() if line and line[0] != " "] == list(NETWORKS)
    for part in ("network.width=20,20", "network.gate=adaptive", "network.method=midpoint", "network.field=kan"):
        assert part in out


def test_list_of_what_there_is_none(kinn_command: Command) -> None:
    status, out, err = kinn_command("list", "network")
    assert (status, out) == (2, "")
    assert err == "kinn: error: no list named 'network'; did you mean 'networks'?\n"


def test_show_states_the_problem_and_its_settings(kinn_command: Command) -> None:
    status, out, _ = kinn_command("show", "crack")
    assert status == 0
    for part in ("u_xx + u_yy = 0", "above, below", "Dirichlet", "ligament", "features=none", "KAN(", "MLP("):
        assert part in out
    assert "features=tip" in kinn_command("show", "crack", "--set", "features=tip").out


def test_show_of_an_unknown_problem_is_one_line(kinn_command: Command) -> None:
    status, out, err = kinn_command("show", "crck")
    assert (status, out) == (2, "")
    assert err == "kinn: error: no problem named 'crck'; did you mean 'crack'?\n"


def test_doctor_tells_versions_and_what_is_missing(kinn_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(info, "FEATURES", (*info.FEATURES, ("wishes", ("no-such-package",), "pip install it")))
    status, out, _ = kinn_command("doctor")
    assert status == 0
    assert torch.__version__ in out
    for part in ("threads", "numba back end", "torch back end ready", "first call", "GPU", "ready    solving"):
        assert part in out
    assert "missing  wishes: no-such-package; pip install it" in out
