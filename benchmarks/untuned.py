"""The library and problems as a user would state them, without any setting: networks by name, every default removed.

    python benchmarks/untuned.py                                     # every problem, KAN and MLP (make untuned)
    python benchmarks/untuned.py --scales                            # six problems in other units
    python benchmarks/untuned.py --tolerance 1e-3 --tolerance 1e-5   # ten problems to tolerances
    python benchmarks/untuned.py --page                              # measure nothing, write docs/untuned.md

Each run is a separate process on one thread. Budgets and times are CPU time, so that a shared machine gives the same result as
an idle one. Each result is stored at once, and `--resume` measures those that are missing or
failed; several commands may run at a time.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from accuracy_table.runs import KEY as ACCURACY_KEY
from pages import put_section
from stored_results import append_result, load_results
from untuned_table.page import section
from untuned_table.problems import library
from untuned_table.rows import STATED_ROWS, Row, library_rows, tuned_results
from untuned_table.runs import KEY, NETWORKS, Run, run_in_process, scale_runs, tolerance_runs, untuned_runs

BENCHMARKS = Path(__file__).parent
PAGE = BENCHMARKS.parent / "docs" / "untuned.md"
RESULTS = BENCHMARKS / "untuned_table" / "runs.jsonl"
TUNED = BENCHMARKS / "accuracy_table" / "runs.jsonl"


def main() -> None:
    """Parse the command line, measure, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--scales", action="store_true", help="measure in other units")
    modes.add_argument("--tolerance", action="append", type=float, metavar="TOL", help="solve to it; repeatable")
    modes.add_argument("--page", action="store_true", help="measure nothing, write the page")
    modes.add_argument("--child", metavar="RUN", help=argparse.SUPPRESS)
    parser.add_argument("--only", action="append", metavar="PROBLEM", help="the runs of a problem; repeatable")
    parser.add_argument("--network", choices=NETWORKS, help="one network")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--budget", type=float, default=120.0, metavar="SECONDS", help="CPU seconds of each run")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="runs at a time, one thread each")
    parser.add_argument("--resume", action="store_true", help="measure only what is missing or failed")
    options = parser.parse_args()
    if options.child:
        from untuned_table.measurement import limit_time, measure

        run = Run(**json.loads(options.child))
        limit_time(run)
        print(json.dumps(measure(run)))
        return
    rows = library_rows(library())
    if not options.page:
        runs = selected(parser, options, rows)
        with ThreadPoolExecutor(options.jobs) as pool:
            for _ in pool.map(_measure, runs):
                pass
    tuned = tuned_results(load_results(TUNED, ACCURACY_KEY))
    put_section(PAGE, "untuned", section(rows, load_results(RESULTS, KEY), tuned))


def selected(parser: argparse.ArgumentParser, options: argparse.Namespace, rows: Sequence[Row]) -> list[Run]:
    """Runs that the options ask for."""
    if options.scales:
        runs = list(scale_runs(options.seeds, options.budget))
    elif options.tolerance:
        runs = list(tolerance_runs(options.tolerance, options.seeds, options.budget))
    else:
        names = [row.problem for row in (*STATED_ROWS, *rows)]
        runs = list(untuned_runs(names, options.seeds, options.budget))
    names = dict.fromkeys(run.problem for run in runs)
    for name in options.only or ():
        if name not in names:
            parser.error(f"--only {name} is none of {', '.join(names)}")
    stored = load_results(RESULTS, KEY) if options.resume else {}
    finished = {key for key, result in stored.items() if "failed" not in result}
    return [
        run
        for run in runs
        if run.key not in finished
        and options.network in (None, run.network)
        and (options.only is None or run.problem in options.only)
    ]


def _measure(run: Run) -> None:
    """Solve in a process, and store the result at once."""
    result = run_in_process(run)
    append_result(RESULTS, result)
    errors = " ".join(f"{name} {error:.1e}" for name, error in result.get("errors", {}).items())
    print(f"{run.label}: {errors or 'failed'} in {result['cpu_seconds']:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
