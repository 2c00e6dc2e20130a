"""Time to error thresholds, compared with DeepXDE: the runs of `kinn compare --against deepxde`, and a table of ratios.

    python benchmarks/time_to_accuracy.py                     # poisson-2d, burgers, helmholtz, three seeds, 50 s per run
    python benchmarks/time_to_accuracy.py --budget 300 --seeds 5 --workers 4
    python benchmarks/time_to_accuracy.py --as-is             # the table of existing runs

Every solver has the same budget of CPU time, one thread, and the same problem. KINN uses its defaults with a KAN and with an
MLP of the same number of parameters; DeepXDE trains that MLP on the same points in the same precision, with nested
derivatives, Adam and L-BFGS. Runs in the store (`--out`) are not repeated. The table goes to
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
BASELINE = "deepxde"
THRESHOLDS = (1e-2, 1e-3, 1e-4, 1e-5)
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"


def compare(out: Path, budget: float, seeds: int, workers: int) -> None:
    """Run the comparison."""
    command = [sys.executable, "-m", "kinn", "compare", *PROBLEMS, "--network", "kan", "--network", "mlp"]
    command += [
        "--against",
        BASELINE,
        "--seeds",
        f"{seeds}",
        "--budget",
        f"{budget:g}",
        "--clock",
        "cpu",
        "--threads",
        "1",
    ]
    command += ["--workers", f"{workers}", "--out", f"{out}"]
    subprocess.run(command, check=True)


def comparison_rows(out: Path, budget: float) -> list[Row]:
    """Return the rows of the comparison from its runs."""
    from kinn.experiments.store import Store
    from kinn.experiments.tables import rows

    with Store(out, create=False) as store:
        store.refresh()
        return rows([r for r in store.results() if (r.config["budget"], r.config["clock"]) == (budget, "cpu")])


def name(row: Row) -> str:
    """Return the head of a column: the baseline, or the network."""
    config = row.runs[0].config
    return str(config.get("baseline") or f"kinn {config['network']['name']}")


def cell(row: Row, threshold: float, baseline: Row, budget: float) -> str:
    """Return the time of a solver to an error threshold, and the speed-up over the baseline."""
    seconds, reached = row.time_to_threshold(threshold)
    if not reached:
        return f"not in {budget:g}"
    text = f"{reached} of {len(row.runs)}" if isinf(seconds.median) else f"{seconds.median:.1f}"
    if reached < len(row.runs) and not isinf(seconds.median):
        text += f", {reached} of {len(row.runs)}"
    if row is baseline or isinf(seconds.median):
        return text
    other = baseline.time_to_threshold(threshold)[0].median
    ratio = (budget if isinf(other) else other) / seconds.median
    return f"{text} ({'> ' if isinf(other) else ''}{ratio:.{0 if ratio >= 10 else 1}f} x)"


def final_error(row: Row) -> str:
    """Return the median of the final errors."""
    return f"{row.error(row.fields[0]).median:.1e}" if row.fields else "failed"


def lines(table: Sequence[Row], budget: float) -> list[str]:
    """Return the lines of the table: each problem and threshold that any solver reached, and the final errors."""
    heads = list(dict.fromkeys(name(row) for row in table))
    heads.sort(key=lambda head: head == BASELINE)
    out = ["| problem | relative L2 | " + " | ".join(heads) + " |", "|---|---|" + "---:|" * len(heads)]
    for problem in PROBLEMS:
        by_name = {name(row): row for row in table if row.runs[0].config["problem"]["name"] == problem}
        if BASELINE not in by_name:
            continue
        for threshold in THRESHOLDS:
            if any(row.time_to_threshold(threshold)[1] for row in by_name.values()):
                cells = [
                    cell(by_name[head], threshold, by_name[BASELINE], budget) if head in by_name else ""
                    for head in heads
                ]
                out.append(f"| {problem} | {threshold:.0e} | " + " | ".join(cells) + " |")
        cells = [final_error(by_name[head]) if head in by_name else "" for head in heads]
        out.append(f"| {problem} | final error | " + " | ".join(cells) + " |")
        counts = [f"{by_name[head].value('parameters').median:.0f}" if head in by_name else "" for head in heads]
        out.append(f"| {problem} | parameters | " + " | ".join(counts) + " |")
    return out


def section(table: Sequence[Row], budget: float) -> str:
    """Return the section of the documentation page."""
    count = max(len(row.runs) for row in table)
    seeds = "one seed" if count == 1 else f"median over {count} seeds"
    options = f"--seeds {count} --budget {budget:g} --clock cpu --threads 1"
    points = {r.config["problem"]["name"]: r.config["points"] for row in table for r in row.runs}
    counts = ", ".join(f"{points[problem]:,} points on {problem}" for problem in PROBLEMS if problem in points)
    return f"""## Time to an error threshold

CPU time of training in seconds after which the relative L2 error on the problem's evaluation grid was first below a threshold:
{seeds}, one thread, at most {budget:g} CPU seconds per run. In brackets: the speed-up over DeepXDE, a
lower bound (>) where DeepXDE did not reach the threshold. Set-up is included; imports and the measurement of errors are not.
Measured by `python benchmarks/time_to_accuracy.py`, which runs
`kinn compare {" ".join(PROBLEMS)} --network kan --network mlp --against {BASELINE} {options}`,
on {processor()}, {versions(("torch", "deepxde", "numpy"))}.

{chr(10).join(lines(table, budget))}

KINN: the problem's defaults, float64, an MLP with as many parameters as the KAN. DeepXDE: the same MLP (tanh), points ({counts}),
precision and residuals, nested derivatives, boundary and initial conditions as terms of the loss; Adam at 1e-3
for 60 % of the time, then L-BFGS with tolerances of 0.
"""


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", type=float, default=50.0, help="CPU seconds of each run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1, help="parallel runs: CPU time is compared")
    parser.add_argument("--out", type=Path, default=Path("runs/time-to-accuracy"), help="the folder of the runs")
    parser.add_argument("--as-is", action="store_true", help="write the table of existing runs")
    options = parser.parse_args()
    if not options.as_is:
        compare(options.out, options.budget, options.seeds, options.workers)
    text = section(comparison_rows(options.out, options.budget), options.budget)
    print(text)
    put_section(PAGE, "time-to-accuracy", text)


if __name__ == "__main__":
    main()
