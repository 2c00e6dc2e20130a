"""The two tables: time to the published error, and KANs and MLPs at matched numbers of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isinf
from statistics import median

from kinn.experiments.results import RunResult
from kinn.experiments.statistics import Quartiles, quartiles
from paper_table.records import DAY, HOUR, MINUTE, RECORDS, Record
from paper_table.runs import error, of_record, seconds


def time_to_published_error(results: Sequence[RunResult]) -> str:
    """Return the table of the time to the published error of the scripts' KAN."""
    lines = [
        "| problem | form | error of | published error, KAN | CPU time of the scripts | network | time to that error, s | speed-up |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for record in RECORDS:
        if record.kan is None:
            continue
        runs = of_record(record, results)
        start = f"| {record.label} | {record.form} | {record.what} | {record.kan:.1e} | {duration(record.cpu)} "
        for network, mine in sorted(runs.items()):
            lines.append(f"{start}| {network} | {reached(record, mine)}")
        if not runs:
            lines.append(f"{start}| - | - | - |")
    return "\n".join(lines)


def reached(record: Record, runs: Sequence[RunResult]) -> str:
    """Return the cells of the time to the published error, the median over seeds, and of the speed-up over the scripts."""
    assert record.kan is not None
    times = [seconds(record, run, record.kan) for run in runs]
    median_time, count = median(s for s, _ in times), sum(not isinf(s) for s, _ in times)
    if isinf(median_time):
        return f"{count} of {len(runs)} reached it | - |"
    prefix = "at most " if any(at_end for _, at_end in times) else ""
    some = "" if count == len(runs) else f" ({count} of {len(runs)})"
    factor = "-" if record.cpu is None else f"{two_digits(record.cpu / median_time)}"
    return f"{prefix}{median_time:.2g}{some} | {factor} |"


def matched_parameters(results: Sequence[RunResult]) -> str:
    """Return the table of errors of KANs and MLPs, with targets and published errors."""
    lines = [
        "| problem | form | error of | network | parameters | runs | median | quartiles | time, s | target | published |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for record in RECORDS:
        runs = of_record(record, results)
        errors = {network: quartiles(error(record, run) for run in mine) for network, mine in sorted(runs.items())}
        best = min(errors, key=lambda network: errors[network].median, default="")
        for network, spread_ in errors.items():
            lines.append(line(record, network, runs[network], spread_, best == network))
    return "\n".join(lines)


def line(record: Record, network: str, runs: Sequence[RunResult], errors: Quartiles, best: bool) -> str:
    """Return a line of the second table; the target is that of the better network."""
    parameters = {f"{run.value('parameters'):.0f}" for run in runs if not isinf(run.value("parameters"))}
    taken = median([run.value("seconds") for run in runs] or [inf])
    target = "-" if record.target is None else f"{record.target:.1e}"
    if record.target is not None and best:
        target += ", reached" if errors.median <= record.target else ", not reached"
    published = {"kan": record.kan, "mlp": record.mlp}.get(network)
    cells = [
        record.label,
        record.form,
        record.what,
        network,
        " to ".join(sorted(parameters)) or "-",
        str(len(runs)),
        error_text(errors.median),
        f"{error_text(errors.lower)} to {error_text(errors.upper)}",
        "-" if isinf(taken) else f"{taken:.0f}",
        target,
        "-" if published is None else f"{published:.1e}",
    ]
    return f"| {' | '.join(cells)} |"


def error_text(value: float) -> str:
    """Return an error, or "failed" where there is none."""
    return "failed" if isinf(value) else f"{value:.1e}"


def duration(seconds_: float | None) -> str:
    """Return a time in the unit that suits it."""
    if seconds_ is None:
        return "-"
    if seconds_ == DAY:
        return "more than a day"
    unit, name = next((u, n) for u, n in ((DAY, "days"), (HOUR, "h"), (MINUTE, "min")) if seconds_ >= u)
    return f"{seconds_ / unit:.3g} {name}"


def two_digits(factor: float) -> str:
    """Return a factor to two digits, with thousands separators."""
    digits = f"{factor:.2g}"
    return f"{float(digits):,.0f}" if factor >= 10 else digits
