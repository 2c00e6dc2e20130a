"""Progress away from a terminal: plain lines on stderr, one a stage and one now and then."""

from __future__ import annotations

import pytest

from kinn.cli import progress
from kinn.train.state import HistoryEntry


def test_plain_lines_are_few(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.solve_progress("a problem") as show:
        for iteration in range(1, 4):
            show(HistoryEntry("lm", iteration, 0.1 * iteration, 1.0))
        show(HistoryEntry("ssbroyden", 4, 0.4, 0.5, validation=0.25, unknowns={"nu": 0.0031831}))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "a problem: lm 1, 0.1 s, loss 1.00e+00",
        "a problem: ssbroyden 4, 0.4 s, loss 5.00e-01, validation 2.50e-01, nu 0.003183",
    ]


def test_a_long_stage_goes_on_reporting(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "INTERVAL", 0.0)
    with progress.solve_progress("a problem") as show:
        for iteration in range(3):
            show(HistoryEntry("lm", iteration, 0.1, 1.0))
    assert len(capsys.readouterr().err.splitlines()) == 3
