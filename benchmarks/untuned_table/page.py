"""The section of the page: tables, counts, and what is missing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pages import table

from untuned_table.comparison import (
    ERROR_FACTOR,
    ESTIMATE_FACTOR,
    SCALE_FACTOR,
    TIME_FACTOR,
    TOLERANCE_FACTOR,
    UNDERESTIMATE,
    Line,
    Result,
    largest_error,
    lines_of,
    median,
    within,
)
from untuned_table.rows import STATED_ROWS, TOLERANCE_PROBLEMS, Row, Tuned
from untuned_table.runs import NETWORKS
from untuned_table.scaled import FACTORS, SCALED

DASH = "-"

#: The tolerances of the page.
TOLERANCES = (1e-3, 1e-5)

HEADS = (
    "problem", "network", "seeds", "tuned error", "tuned s", "error", "s", f"s to {ERROR_FACTOR:g} x tuned",
    "parameters", "estimate", "estimate / error", "stopped",
)  # fmt: skip


def section(
    library: Sequence[Row], results: Mapping[tuple[Any, ...], Result], tuned: Mapping[tuple[str, str], Tuned]
) -> str:
    """Section of the page with what is measured of the rows."""
    runs = [result for _, result in sorted(results.items(), key=lambda item: str(item[0]))]
    budget_runs = [run for run in runs if run["tolerance"] is None]
    plain_runs = [run for run in budget_runs if run["problem"] not in SCALED]
    scaled_runs = [run for run in budget_runs if run["problem"] in SCALED]
    tolerance_runs = [run for run in runs if run["tolerance"] is not None]
    stated = lines_of(STATED_ROWS, NETWORKS, plain_runs, tuned)
    lines = lines_of(library, NETWORKS, plain_runs, tuned)
    environments = sorted({run["environment"] for run in runs}) or ["no machine so far"]
    budgets = sorted({run["budget"] for run in plain_runs}) or [120.0]
    parts = [
        (
            f"Measured by `make untuned` on {'; '.join(environments)}, "
            f"{' or '.join(f'{budget:g}' for budget in budgets)} CPU seconds."
        ),
        "## Problems as a user would state them",
        stated_table(stated),
        "## The library without its defaults",
        table(HEADS, map(cells, lines), left=2),
        "## Counts",
        counts(lines, stated),
        "## Units",
        scales(scaled_runs),
        "## Tolerances",
        tolerances(tolerance_runs),
        *missing(lines, stated),
    ]
    return "\n\n".join(parts)


def stated_table(lines: Sequence[Line]) -> str:
    """Table of the problems with errors that are asked for."""

    def target(line: Line) -> str:
        asked = line.row.target
        if asked is None or line.error is None:
            return number(asked, ".0e")
        return f"{asked:.0e} " + ("reached" if line.error <= asked else "not reached")

    return table((*HEADS, "target"), ((*cells(line), target(line)) for line in lines), left=2)


def cells(line: Line) -> list[str]:
    """Cells of a line of the main tables."""
    finished = line.finished
    parameters = median(run["parameters"] for run in finished)
    stopped = Counter(run["stopped"] for run in finished).most_common(1)
    failures = len(line.runs) - len(finished)
    ending = [stopped[0][0]] if stopped else []
    if failures:
        ending.append(f"{failures} of {len(line.runs)} failed")
    return [
        line.row.label,
        line.network,
        str(len(line.runs)) if line.runs else DASH,
        number(line.tuned and line.tuned.error),
        number(line.tuned and line.tuned.seconds, ".0f"),
        number(line.error),
        number(line.seconds, ".0f"),
        number(line.time_to_reach, ".0f"),
        number(parameters, ".0f"),
        number(median(line.estimates)),
        number(median(ratio for ratio, _ in line.estimate_ratios), ".2g"),
        ", ".join(ending) or DASH,
    ]


def number(value: float | None, form: str = ".1e") -> str:
    """Number in a cell, a dash for none."""
    if value is None or math.isnan(value):
        return DASH
    return "failed" if math.isinf(value) else f"{value:{form}}"


def counts(library: Sequence[Line], stated: Sequence[Line]) -> str:
    """Shares of lines and runs that do as well as is asked for."""
    reached = [line.reached for line in library if line.reached is not None]
    in_time = [line.in_time for line in library if line.in_time is not None]
    ratios = [pair for line in distinct(library, stated) for pair in line.estimate_ratios]
    good = [within(ratio, ESTIMATE_FACTOR) for ratio, _ in ratios]
    reliable = [within(ratio, ESTIMATE_FACTOR) for ratio, says in ratios if says]
    low = [ratio < 1 / UNDERESTIMATE for ratio, _ in ratios]
    finished = [run for line in distinct(library, stated) for run in line.finished]
    costs = [run["estimate"]["seconds"] / run["seconds"] for run in finished if run["estimate"] and run["seconds"]]
    return "\n".join(
        [
            (
                f"- Lines of the library with at most {ERROR_FACTOR:g} times the tuned error: {share(reached)}; "
                f"of all, in at most {TIME_FACTOR:g} times the tuned seconds: {share(in_time)}."
            ),
            (
                f"- Estimates within a factor of {ESTIMATE_FACTOR:g} of the true error: {share(good)}; of those that call "
                f"themselves reliable: {share(reliable)}; below it by more than a factor of {UNDERESTIMATE:g}: {share(low)}."
            ),
            f"- Seconds of the estimate relative to those of the solve, median: {number(median(costs), '.0%')}.",
        ]
    )


def distinct(library: Sequence[Line], stated: Sequence[Line]) -> list[Line]:
    """Lines of both tables without those of the library about a field that the other table shows, too."""
    shown = {(line.row.problem, line.row.of, line.network) for line in stated}
    return [*stated, *(line for line in library if (line.row.problem, line.row.of, line.network) not in shown)]


def share(flags: Iterable[bool]) -> str:
    """Number and percentage of those that hold."""
    flags = list(flags)
    return f"{sum(flags)} of {len(flags)} ({sum(flags) / len(flags):.0%})" if flags else "none measured"


def scales(runs: Sequence[Result]) -> str:
    """Table of errors in other units, relative to those in units of one, and their count."""
    errors: dict[tuple[str, str, tuple[float, float]], list[float]] = {}
    for run in runs:
        key = run["problem"], run["network"], (run["length"], run["size"])
        errors.setdefault(key, []).append(largest_error(run))
    heads = ["problem", "network", "error in units of one"]
    heads += [f"coordinates x {x:g}" if x != 1 else f"fields x {u:g}" for x, u in FACTORS[1:]]
    lines, ratios = [], []
    for problem in SCALED:
        for network in NETWORKS:
            unscaled, *others = (median(errors.get((problem, network, factors), [])) for factors in FACTORS)
            relative = [None if other is None or not unscaled else other / unscaled for other in others]
            ratios += [ratio for ratio in relative if ratio is not None]
            lines.append([problem, network, number(unscaled), *(number(ratio, ".2g") for ratio in relative)])
    agreeing = share(within(ratio, SCALE_FACTOR) for ratio in ratios)
    return f"{table(heads, lines, left=2)}\n\nWithin a factor of {SCALE_FACTOR:g}: {agreeing}."


def tolerances(runs: Sequence[Result]) -> str:
    """Table of the runs to tolerances, and the count of those that keep them."""
    known = sorted({*TOLERANCES, *(run["tolerance"] for run in runs)}, reverse=True)
    found: dict[tuple[str, str, float], list[Result]] = {}
    for run in runs:
        found.setdefault((run["problem"], run["network"], run["tolerance"]), []).append(run)
    heads = ("problem", "network", "tolerance", "converged", "error / tolerance", "s")
    lines = []
    for problem in TOLERANCE_PROBLEMS:
        for network in NETWORKS:
            for tolerance in known:
                repeats = found.get((problem, network, tolerance), [])
                converged = (
                    f"{sum(bool(run.get('converged')) for run in repeats)} of {len(repeats)}" if repeats else DASH
                )
                ratio = median(largest_error(run) / tolerance for run in repeats)
                seconds = median(run["seconds"] for run in repeats if "failed" not in run)
                lines.append(
                    [problem, network, f"{tolerance:.0e}", converged, number(ratio, ".2g"), number(seconds, ".0f")]
                )
    kept = share(largest_error(run) <= TOLERANCE_FACTOR * run["tolerance"] for run in runs if run.get("converged"))
    return (
        f"{table(heads, lines, left=2)}\n\n"
        f"Converged runs whose true error is at most {TOLERANCE_FACTOR:g} times the tolerance: {kept}."
    )


def missing(library: Sequence[Line], stated: Sequence[Line]) -> list[str]:
    """Paragraph that names the lines without runs, if there are any."""
    names = dict.fromkeys(f"{line.row.problem} ({line.network})" for line in (*stated, *library) if not line.runs)
    return [f"Not measured yet: {', '.join(names)}."] if names else []
