"""Reports: what the page, the tables and the figures hold, and that a browser sorts, filters and darkens the page."""

from __future__ import annotations

import csv
import html
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from math import inf
from pathlib import Path
from typing import Any

import pytest

from kinn.experiments.batch import Batch
from kinn.experiments.executors.local import SerialExecutor
from kinn.experiments.report.exporters import to_csv, to_latex, to_markdown
from kinn.experiments.report.figures import draw_median_runs, figures, median_run, save
from kinn.experiments.report.page import page
from kinn.experiments.results import RunResult
from kinn.experiments.store import Store
from kinn.experiments.tables import Row, columns, comparisons, rows
from tests.experiments.conftest import Specs

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

#: A picture of one point.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da6360f8cf500f000381018086"
    "5b1a2d0000000049454e44ae426082"
)  # fmt: skip


def make_run(folder: Path, network: str, seed: int, error: float, *, grid: int = 5, parameters: int = 100) -> RunResult:
    """Return a run whose error falls to a value; one that failed where that is infinite."""
    path = folder / f"{network}{grid}{seed}"
    path.mkdir()
    (path / "environment.json").write_text(
        json.dumps({"format": "kinn run 1", "kinn": "1", "packages": {"torch": "2"}})
    )
    config: dict[str, Any] = {
        "problem": {"name": "a<b", "settings": {}}, "form": "strong", "seed": seed, "optimizer": {"name": "auto"},
        "network": {"name": network, "grid": grid},
    }  # fmt: skip
    if error == inf:
        return RunResult(path, config, "failed", {"stopped": "failed: the loss is <not> finite", "iterations": 3})
    (path / "u.png").write_bytes(PNG)
    records = [
        {"iteration": n, "seconds": float(n), "loss": error * 10.0 ** (4 - n), "errors": {"u": error * 10.0 ** (4 - n)}}
        for n in range(1, 5)
    ]
    (path / "metrics.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    summary = {
        "errors": {"u": {"l2": error, "linf": 2 * error, "h1": None}}, "unknowns": {}, "parameters": parameters,
        "iterations": 4, "seconds": 4.5, "loss": error, "stopped": "budget",
    }  # fmt: skip
    return RunResult(path, config, "done", summary)


@pytest.fixture
def table(tmp_path: Path) -> list[Row]:
    kan = [make_run(tmp_path, "kan", s, e) for s, e in enumerate((1e-4, 2e-4, 4e-4))]
    large = [make_run(tmp_path, "kan", s, e, grid=20, parameters=400) for s, e in enumerate((1e-6, 2e-6, 3e-6))]
    mlp = [make_run(tmp_path, "mlp", s, e) for s, e in enumerate((1e-2, 1.1e-2, inf))]
    return rows([*kan, *large, *mlp])


def test_figures_of_rows(table: list[Row]) -> None:
    kan, large, mlp = table
    assert [row.method for row in table] == ["kan grid=5", "kan grid=20", "mlp"]
    assert kan.error("u") == pytest.approx((1.5e-4, 2e-4, 3e-4))
    assert mlp.error("u") == pytest.approx((1.05e-2, 1.1e-2, inf))
    assert len(mlp.failures) == 1
    # 0.1, 0.01, 0.001, 0.0001 at 1, 2, 3, 4 s, and twice and four times as much for the others
    assert kan.time_to_threshold(1e-3) == (pytest.approx((3.5, 4.0, 4.0)), 3)
    assert mlp.time_to_threshold(1e-2)[1] == 1
    assert large.value("parameters") == (400, 400, 400)


def test_columns_for_reading(table: list[Row]) -> None:
    heads, cells = columns(table, (1e-2, 1e-3, 1e-9))
    assert heads == [
        "problem", "network", "parameters", "L2 of u", "time to 1e-02 (s)", "time to 1e-03 (s)", "time (s)", "iterations", "failed",
    ]  # fmt: skip
    assert cells[0] == [
        "a<b", "kan grid=5", "100", "2.0e-04 (1.5e-04 to 3.0e-04)", "3.0 (2.5 to 3.0)", "4.0 (3.5 to 4.0)", "4.5", "4",
        "0 of 3",
    ]  # fmt: skip
    by_cpu = [
        Row(r.problem, r.method, tuple(replace(run, config={**run.config, "clock": "cpu"}) for run in r.runs))
        for r in table
    ]
    heads = columns(by_cpu, (1e-2,))[0]
    assert heads[4:6] == ["CPU time to 1e-02 (s)", "CPU time (s)"]
    assert next(csv.DictReader(StringIO(to_csv(by_cpu))))["clock"] == "cpu"
    assert cells[2][3:5] == ["1.1e-02 (1.0e-02 to -)", "1 of 3"]
    assert cells[2][-1] == "1 of 3"


def test_texts(table: list[Row]) -> None:
    lines = list(csv.DictReader(StringIO(to_csv(table))))
    assert len(lines) == 9
    assert float(lines[0]["u l2"]) == 1e-4
    assert lines[0]["u h1" if "u h1" in lines[0] else "u linf"] == "0.0002"
    assert (lines[-1]["status"], lines[-1]["reason"], lines[-1]["u l2"]) == ("failed", "the loss is <not> finite", "")
    heads, cells = columns(table, (1e-2,))
    markdown = to_markdown(heads, cells).splitlines()
    assert {line.count("|") for line in markdown} == {len(heads) + 1}
    latex = to_latex(heads, [["a_b", "x & y", "2.0e-04 (1.5e-04 to 1e+02)"]])
    assert r"a\_b & x \& y & $2.0 \cdot 10^{-4}$ ($1.5 \cdot 10^{-4}$ to $10^{2}$) \\" in latex


def test_figures_are_written_for_papers(table: list[Row], tmp_path: Path) -> None:
    drawn = figures(table)
    assert list(drawn["a<b"]) == ["error against time", "error against parameters", "convergence"]
    files = save(drawn, tmp_path / "figures")
    assert {f.suffix for f in files} == {".png", ".pdf"}
    assert (tmp_path / "figures" / "a-b-convergence.pdf").read_bytes().startswith(b"%PDF")
    same_size = [Row(r.problem, r.method, r.runs) for r in table if r.method != "kan grid=20"]
    assert "error against parameters" not in figures(same_size)["a<b"]


class _Links(HTMLParser):
    """Collects what a page would load from elsewhere."""

    found: list[str]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = {"src", "href", "xlink:href"}
        self.found += [value or "" for name, value in attrs if name in wanted]


def written(table: list[Row], folder: Path) -> Path:
    file = folder / "report.html"
    file.write_text(page("A study & more", table, figures(table), (1e-2, 1e-3)), encoding="utf-8")
    return file


def test_the_page_needs_nothing_from_elsewhere_and_escapes_what_it_shows(table: list[Row], tmp_path: Path) -> None:
    text = written(table, tmp_path).read_text()
    links = _Links()
    links.found = []
    links.feed(text)
    assert all(link.startswith(("data:", "#")) for link in links.found)
    assert "<title>A study &amp; more</title>" in text
    assert "the loss is &lt;not&gt; finite" in text
    assert "9 runs of 1 problems, 1 failed" in text
    assert "currentColor" in text
    assert "#123456" not in text
    assert html.escape(comparisons(table)[0][3].describe("kan grid=5", "kan grid=20")) in text


def in_browser(file: Path, script: str, *options: str) -> str:
    """Return the page as a browser has it after a script has run at its end."""
    copy = file.with_name("scripted.html")
    copy.write_text(file.read_text().replace("</body>", f"<script>{script}</script></body>"))
    command = [
        str(CHROMIUM),
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={file.parent / 'home'}",
    ]
    done = subprocess.run(
        [*command, *options, "--dump-dom", copy.as_uri()], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
    return done.stdout


def ways(dom: str) -> list[str]:
    """Return the networks of the rows of the summary that are shown, in order."""
    body = re.search(r'<table id="summary">.*?<tbody>(.*?)</tbody>', dom, re.DOTALL)
    assert body
    lines = re.findall(r"<tr( hidden=\"\")?>(.*?)</tr>", body[1], re.DOTALL)
    return [re.findall(r"<td[^>]*>(.*?)</td>", cells)[1] for hidden, cells in lines if not hidden]


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_browser_sorts_filters_and_darkens(table: list[Row], tmp_path: Path) -> None:
    file = written(table, tmp_path)
    click = "document.querySelectorAll('#summary th button')[3].click();"
    assert ways(in_browser(file, click)) == ["kan grid=20", "kan grid=5", "mlp"]
    assert ways(in_browser(file, click + click)) == ["mlp", "kan grid=5", "kan grid=20"]
    typed = "const b = document.querySelector('.filter'); b.value = 'KAN 20'; b.dispatchEvent(new Event('input'));"
    assert ways(in_browser(file, typed)) == ["kan grid=20"]
    colour = "document.title = getComputedStyle(document.body).backgroundColor;"
    assert "<title>rgb(255, 255, 255)</title>" in in_browser(file, colour)
    toggled = "document.getElementById('theme').click();" + colour
    assert "<title>rgb(22, 24, 28)</title>" in in_browser(file, toggled)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_browser_draws_the_page(table: list[Row], tmp_path: Path) -> None:
    import matplotlib.image

    file, picture = written(table, tmp_path), tmp_path / "page.png"
    in_browser(file, "", "--window-size=1200,900", f"--screenshot={picture}")
    pixels = matplotlib.image.imread(picture)
    assert pixels.shape[:2] == (900, 1200)
    assert 0.005 < (pixels[..., :3].mean(axis=-1) < 0.5).mean() < 0.5  # ink on paper, and not the other way round


def test_the_run_in_the_middle_is_drawn_once_and_into_its_folder(
    runs: Path, specs: Specs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plot(_: Any, folder: Path) -> None:
        folder.mkdir()
        (folder / "u.png").write_bytes(PNG)

    monkeypatch.setattr("kinn.solution.Solution.plot", plot)
    planned = specs(seeds=3)
    with Store(runs) as store:
        Batch(planned, store, SerialExecutor()).run()
        table = rows(store.results())
    said: list[str] = []
    draw_median_runs(table, said.append)
    (drawn,) = runs.glob("*/*/*/*.png")
    assert said == [f"drawing {drawn.parent}"]
    assert drawn.parent == median_run(table[0]).path  # type: ignore[union-attr]
    assert "data:image/png;base64," in page("A study", table, {}, (1e-2,))
    draw_median_runs(table, said.append)
    assert len(said) == 1
    drawn.unlink()
    (drawn.parent / "state.pt").write_bytes(b"PK")
    draw_median_runs(table, said.append)
    assert said[-1].startswith(f"no figures of {drawn.parent}: {drawn.parent / 'state.pt'} is no checkpoint")
    assert not (drawn.parent / ".figures").exists()
    peer = replace(table[0].runs[0], config={**table[0].runs[0].config, "baseline": "deepxde"})
    draw_median_runs(rows([peer]), said.append)
    assert len(said) == 3
