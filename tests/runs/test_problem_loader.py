"""Where a problem comes from: library, entry points, scripts; and what is said of scripts that go wrong."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from kinn.errors import InputError
from kinn.runs import problem_loader
from kinn.runs.problem_loader import find_problem

SCRIPT = """
from kinn import Dirichlet, Interval, Problem
from neighbour import RIGHT

def make_problem(left: float = 0.0, *, steep: bool = False):
    return Problem(
        "line", Interval(0, 1), strong=lambda u, p: u.xx,
        conditions=[Dirichlet("u", left, on="left"), Dirichlet("u", RIGHT, on="right")],
    )
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "neighbour.py").write_text("RIGHT = 1.0\n")
    path = tmp_path / "line.py"
    path.write_text(SCRIPT)
    return path


def test_a_library_problem_is_found_by_name() -> None:
    source = find_problem("poisson-2d")
    settings, problem = source.build({"enforce": "soft"})
    assert problem.name == "poisson-2d"
    assert settings == {"enforce": "soft"}
    assert source.digest is None


def test_a_script_makes_a_problem_from_typed_settings(script: Path) -> None:
    source = find_problem(str(script))
    settings, problem = source.build({"left": "2"})
    assert settings == {"left": 2.0, "steep": False}
    assert problem.name == "line"
    assert problem.conditions[0].value == 2.0  # type: ignore[attr-defined]


def test_a_script_may_define_the_problem_itself(script: Path) -> None:
    script.write_text(SCRIPT + "problem = make_problem()\ndel make_problem\n")
    assert find_problem(str(script)).build({})[1].name == "line"


def test_a_script_that_changed_is_another_problem(script: Path) -> None:
    before = find_problem(str(script)).digest
    script.write_text(SCRIPT + "# changed\n")
    assert find_problem(str(script)).digest != before


def test_an_entry_point_is_found_by_name(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(script.parent)
    point = EntryPoint("their-line", "line:make_problem", problem_loader.GROUP)
    monkeypatch.setattr(problem_loader, "entry_points", lambda: {point.name: point})
    assert find_problem("their-line").build({})[1].name == "line"
    with pytest.raises(InputError, match="did you mean 'their-line'"):
        find_problem("their-lin")


def test_an_unknown_problem_names_the_nearest() -> None:
    with pytest.raises(InputError, match="no problem named 'burger'; did you mean 'burgers'"):
        find_problem("burger")


def test_a_missing_script_is_an_error() -> None:
    with pytest.raises(InputError, match=r"no problem script at nowhere/line\.py"):
        find_problem("nowhere/line.py")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\ny = x / 0\n", r"line\.py:2: ZeroDivisionError: division by zero"),
        ("x = (1\n", r"line\.py:1: SyntaxError"),
        ("import kinn\nkinn.Interval(2, 1)\n", r"line\.py:2: "),
        ("x = 1\n", r"line\.py defines neither `problem` nor `make_problem`"),
    ],
)
def test_a_script_that_goes_wrong_is_blamed_by_line(script: Path, text: str, message: str) -> None:
    script.write_text(text)
    with pytest.raises(InputError, match=message) as error:
        find_problem(str(script))
    assert "\n" not in str(error.value)


def test_a_script_that_goes_wrong_when_called_is_blamed_by_line(script: Path) -> None:
    script.write_text("def make_problem():\n    return {}['key']\n")
    with pytest.raises(InputError, match=r"line\.py:2: KeyError: 'key'"):
        find_problem(str(script)).build({})


def test_what_a_script_makes_must_be_a_problem(script: Path) -> None:
    script.write_text("def make_problem():\n    return 1\n")
    with pytest.raises(InputError, match=r"make_problem returned a int, not a kinn\.Problem"):
        find_problem(str(script)).build({})


def test_a_setting_without_a_default_must_be_given(script: Path) -> None:
    script.write_text(SCRIPT.replace("left: float = 0.0", "left: float"))
    with pytest.raises(InputError, match="needs the setting left: --set left=VALUE"):
        find_problem(str(script)).build({})
    assert find_problem(str(script)).build({"left": "1"})[0]["left"] == 1.0
