"""The accuracy table: every problem with its defaults, KAN and MLP, medians over seeds.

    python benchmarks/accuracy.py                    # everything, writes its pages (make accuracy)
    python benchmarks/accuracy.py --only wedge       # measure these rows again; --page writes the page from stored results

Each run is the command `kinn solve NAME --network N --seed S --clock cpu --json` in a separate process on one thread. Budgets
and times are CPU time, so that a shared machine gives the same result as an idle one. Each result is stored at once, and
`--resume` measures only the missing ones.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from accuracy_table.page import section
from accuracy_table.rows import PAGES
from accuracy_table.runs import KEY, Run, runs, solve
from pages import put_section
from stored_results import append_result, load_results

DOCS = Path(__file__).parent.parent / "docs"
RESULTS = Path(__file__).parent / "accuracy_table" / "runs.jsonl"


def main() -> None:
    """Parse the command line, measure, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", metavar="PROBLEM", help="the rows of a problem; repeatable")
    parser.add_argument("--form", choices=("strong", "energy", "inverse"), help="the rows of one form")
    parser.add_argument("--network", metavar="NAME", help="one network")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="runs at a time, one thread each")
    parser.add_argument("--resume", action="store_true", help="measure only what is missing")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page")
    options = parser.parse_args()
    all_rows = [row for page in PAGES.values() for row in page]
    rows = [row for row in all_rows if options.only is None or row.problem in options.only]
    rows = [row for row in rows if options.form in (None, row.form)]
    if not rows:
        labels = ", ".join(dict.fromkeys(f"{row.problem} ({row.form})" for row in all_rows))
        parser.error(f"no row matches --only and --form; there are {labels}")
    if not options.page:
        stored = load_results(RESULTS, KEY) if options.resume else {}
        work = [
            run for run in runs(rows, options.seeds) if run.key not in stored and options.network in (None, run.network)
        ]
        with ThreadPoolExecutor(options.jobs) as pool:
            for _ in pool.map(_measure, work):
                pass
    for page, page_rows in PAGES.items():
        put_section(DOCS / page, "accuracy", section(list(page_rows), load_results(RESULTS, KEY)))


def _measure(run: Run) -> None:
    """Solve, and store the result at once."""
    result = solve(run)
    append_result(RESULTS, result)
    print(
        f"{' '.join(map(str, run.key))}: {result['error']:.1e} in {result['cpu_seconds']:.0f} s",
        file=sys.stderr,
        flush=True,
    )


if __name__ == "__main__":
    main()
