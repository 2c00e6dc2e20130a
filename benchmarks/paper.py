"""The problems of the KINN paper from the run store of a study, as a page of the documentation.

    kinn batch kinn/experiments/ready/kinn-paper.toml --out runs/kinn-paper     # solve (the study sets time limits)
    python benchmarks/paper.py runs/kinn-paper                              # write docs/kinn-paper.md

Nothing is solved here; failed runs count, and missing runs have no line.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pages import processor, put_section, versions
from paper_table.runs import clocks
from paper_table.tables import matched_parameters, time_to_published_error

from kinn.experiments.results import RunResult
from kinn.experiments.store import Store

PAGE = Path(__file__).parent.parent / "docs" / "kinn-paper.md"


def main() -> None:
    """Parse the command line, read the store, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path, help="the folder of the study's runs")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to write")
    options = parser.parse_args()
    with Store(options.store, create=False) as store:
        store.refresh()
        results = store.results()
    where = f"{processor()}, {versions(['torch', 'numpy', 'scipy'])}"
    put_section(options.page, "paper-time", f"{_description(results, where)}\n\n{time_to_published_error(results)}")
    put_section(options.page, "paper-matched", matched_parameters(results))


def _description(results: list[RunResult], where: str) -> str:
    """Return the number, seeds and clock of the runs."""
    if not results:
        return "No runs yet."
    seeds = sorted({run.seed for run in results})
    return f"{len(results)} runs, seeds {', '.join(map(str, seeds))}; times are {clocks(results)}, one thread per run, on {where}."


if __name__ == "__main__":
    main()
