"""Time to a given accuracy, beside DeepXDE: the runs of `kinn compare --against deepxde`, and one table of ratios.

    python benchmarks/time_to_accuracy.py                     # poisson-2d, burgers, helmholtz, three seeds, 50 s a run
    python benchmarks/time_to_accuracy.py --budget 300 --seeds 5 --workers 4
    python benchmarks/time_to_accuracy.py --as-is             # the table of the runs that are there

Every solver has the same budget in seconds of the processor, one thread, and the same problem: KINN's defaults with its
KAN and with its MLP of the same number of parameters; DeepXDE trains that MLP on the same points in the same precision,
with its nested derivatives, Adam and L-BFGS. What was measured before is not measured again (`--out`). The table goes to
standard output and into docs/performance.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from math import isinf
from pathlib import Path
from typing import TYPE_CHECKING

from pages import processor, put_section, versions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kinn.experiments.tables import Row

PROBLEMS = ("poisson-2d", "burgers", "helmholtz")
PEER = "deepxde"
LEVELS = (1e-2, 1e-3, 1e-4, 1e-5)
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"


def compare(out: Path, budget: float, seeds: int, workers: int) -> None:
    """Carry out the comparison."""
    command = [sys.executable, "-m", "kinn", "compare", *PROBLEMS, "--network", "kan", "--network", "mlp"]
    command += ["--against", PEER, "--seeds", f"{seeds}", "--budget", f"{budget:g}", "--clock", "cpu", "--threads", "1"]
    command += ["--workers", f"{workers}", "--out", f"{out}"]
    subprocess.run(command, check=True)


def found(out: Path, budget: float) -> list[Row]:
    """Return the rows of the comparison, as its runs tell them."""
    from kinn.experiments.store import Store
    from kinn.experiments.tables import rows

    with Store(out, make=False) as store:
        store.refresh()
        return rows([r for r in store.results() if (r.config["budget"], r.config["clock"]) == (budget, "cpu")])


def name(row: Row) -> str:
    """Return what a column is called: the baseline, or the network."""
    config = row.runs[0].config
    return str(config.get("baseline") or f"kinn {config['network']['name']}")


def cell(row: Row, level: float, baseline: Row, budget: float) -> str:
    """Return the seconds of a solver to an accuracy, and how many times sooner it is there than the baseline."""
    seconds, reached = row.seconds_to(level)
    if not reached:
        return f"not in {budget:g}"
    text = f"{reached} of {len(row.runs)}" if isinf(seconds.median) else f"{seconds.median:.1f}"
    if reached < len(row.runs) and not isinf(seconds.median):
        text += f", {reached} of {len(row.runs)}"
    if row is baseline or isinf(seconds.median):
        return text
    other = baseline.seconds_to(level)[0].median
    ratio = (budget if isinf(other) else other) / seconds.median
    return f"{text} ({'> ' if isinf(other) else ''}{ratio:.{0 if ratio >= 10 else 1}f} x)"


def ended(row: Row) -> str:
    """Return the median of the errors at the end."""
    return f"{row.error(row.fields[0]).median:.1e}" if row.fields else "failed"


def lines(table: Sequence[Row], budget: float) -> list[str]:
    """Return the lines of the table: each problem and accuracy that any solver came to, and the errors at the end."""
    heads = list(dict.fromkeys(name(row) for row in table))
    heads.sort(key=lambda head: head == PEER)
    out = ["| problem | relative L2 | " + " | ".join(heads) + " |", "|---|---|" + "---:|" * len(heads)]
    for problem in PROBLEMS:
        mine = {name(row): row for row in table if row.runs[0].config["problem"]["name"] == problem}
        if PEER not in mine:
            continue
        for level in LEVELS:
            if any(row.seconds_to(level)[1] for row in mine.values()):
                cells = [cell(mine[head], level, mine[PEER], budget) if head in mine else "" for head in heads]
                out.append(f"| {problem} | {level:.0e} | " + " | ".join(cells) + " |")
        cells = [ended(mine[head]) if head in mine else "" for head in heads]
        out.append(f"| {problem} | error at the end | " + " | ".join(cells) + " |")
        counts = [f"{mine[head].figure('parameters').median:.0f}" if head in mine else "" for head in heads]
        out.append(f"| {problem} | parameters | " + " | ".join(counts) + " |")
    return out


def section(table: Sequence[Row], budget: float) -> str:
    """Return the section of the documentation page."""
    most = max(len(row.runs) for row in table)
    seeds = "one seed" if most == 1 else f"median over {most} seeds"
    asked = f"--seeds {most} --budget {budget:g} --clock cpu --threads 1"
    points = {r.config["problem"]["name"]: r.config["points"] for row in table for r in row.runs}
    said = ", ".join(f"{points[problem]:,} points on {problem}" for problem in PROBLEMS if problem in points)
    return f"""## Time to an accuracy

CPU seconds of training after which the relative L2 error on the problem's evaluation grid was first below an accuracy:
{seeds}, one thread, at most {budget:g} CPU seconds each; in brackets how many times sooner than DeepXDE, or
more than how many times where DeepXDE did not come so far. Set-up counts, imports and the measuring of errors do not.
Measured by `python benchmarks/time_to_accuracy.py`, which gives
`kinn compare {" ".join(PROBLEMS)} --network kan --network mlp --against {PEER} {asked}`,
on {processor()}, {versions(("torch", "deepxde", "numpy"))}.

{chr(10).join(lines(table, budget))}

KINN: the problem's defaults, float64, the MLP with as many parameters as the KAN. DeepXDE: the same MLP (tanh), points ({said}),
precision and residuals, on its nested derivatives, boundary and initial conditions as terms of the loss; Adam at 1e-3
for 60 % of the time, then L-BFGS with its tolerances at 0.
"""


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", type=float, default=50.0, help="CPU seconds of each run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1, help="runs at a time: CPU seconds are what is compared")
    parser.add_argument("--out", type=Path, default=Path("runs/time-to-accuracy"), help="where the runs are kept")
    parser.add_argument("--as-is", action="store_true", help="write the table of the runs that are there")
    options = parser.parse_args()
    if not options.as_is:
        compare(options.out, options.budget, options.seeds, options.workers)
    text = section(found(options.out, options.budget), options.budget)
    print(text)
    put_section(PAGE, "time-to-accuracy", text)


if __name__ == "__main__":
    main()
