"""`kinn report`: files from a folder of runs."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Command

QUICK = ("compare", "poisson-1d", "--points", "40", "--iterations", "3", "--seeds", "1", "--network", "mlp")


def test_a_page_tables_and_figures_are_written(kinn_command: Command) -> None:
    assert kinn_command(*QUICK).status == 0
    status, out, err = kinn_command("report", "runs")
    assert (status, out) == (0, "report.html\n")
    assert err.startswith("drawing runs/poisson-1d/strong-mlp/")
    text = Path("report.html").read_text()
    assert "error against time" in text
    assert "data:image/png;base64," in text
    status, out, _ = kinn_command(
        "report", "runs", "--csv", "a/r.csv", "--latex", "r.tex", "--markdown", "r.md", "--figures", "figures"
    )
    assert status == 0
    files = out.split()
    assert files[:3] == ["a/r.csv", "r.tex", "r.md"]
    assert "report.html" not in files
    assert all(Path(file).stat().st_size for file in files)
    assert Path("r.md").read_text().startswith("| problem | network | parameters |")


def test_bad_input_is_one_line_and_status_2(kinn_command: Command) -> None:
    assert kinn_command("report", "nothing").err == "kinn: error: no folder of runs at nothing\n"
    Path("empty").mkdir()
    assert kinn_command("report", "empty").err.startswith("kinn: error: no run in empty has ended")
    assert kinn_command(*QUICK).status == 0
    Path("taken").write_text("a file")
    status, _, err = kinn_command("report", "runs", "-o", "taken/report.html")
    assert status == 2
    assert err.splitlines()[-1].startswith("kinn: error: cannot write taken/report.html: ")
