"""What every command has in common: help, version, and one line for what cannot be."""

from __future__ import annotations

import pytest

import kinn
from kinn.cli import app
from tests.cli.conftest import Command


def test_version_and_help(kinn_command: Command) -> None:
    assert kinn_command("--version") == (0, f"kinn {kinn.__version__}\n", "")
    for arguments in ((), ("--help",)):
        status, out, _ = kinn_command(*arguments)
        assert status == 0
        for command in ("list", "show", "solve", "compare", "doctor"):
            assert command in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sove"], "No such command 'sove'. Did you mean 'solve'?"),
        (["solve"], "Missing argument 'PROBLEM'."),
        (["solve", "poisson-2d", "--outt", "runs"], "No such option: --outt"),
        (["solve", "poisson-2d", "--points", "many"], "Invalid value for '--points'"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_one_line(
    kinn_command: Command, arguments: list[str], message: str
) -> None:
    status, out, err = kinn_command(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"kinn: error: {message}")
    assert err.count("\n") == 1


def test_an_interruption_is_one_line(kinn_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "app", interrupted)
    assert kinn_command("list") == (130, "", "kinn: error: interrupted\n")
