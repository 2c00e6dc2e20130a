"""The README: its script runs as it stands, and its commands and targets exist."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from kinn.cli.app import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_script_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (script,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    Path("script.py").write_text(script)
    solution = runpy.run_path("script.py")["solution"]
    assert solution.converged
    assert float(capsys.readouterr().out.split()[0]) < 1e-4
    assert (tmp_path / "u.vtu").is_file()
    assert list((tmp_path / "figures").glob("*.png"))


def test_the_commands_exist() -> None:
    named = set(re.findall(r"^kinn (\w+)", README, re.MULTILINE))
    assert named == {command.name for command in app.registered_commands}


def test_the_targets_exist() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in (README, (ROOT / "CONTRIBUTING.md").read_text()):
        named = set(re.findall(r"(?:^ *|`)make (\w+)", page, re.MULTILINE))
        assert named
        assert named <= targets
