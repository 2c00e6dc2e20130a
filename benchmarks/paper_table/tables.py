"""The two tables: time to what is on record, and KAN beside MLP at matched parameters."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isinf
from statistics import median

from kinn.experiments.results import RunResult
from kinn.experiments.statistics import Spread, spread
from paper_table.records import DAY, HOUR, MINUTE, RECORDS, Record
from paper_table.runs import error, of_record, seconds


def to_record(results: Sequence[RunResult]) -> str:
    """Return the table of seconds to the error that the scripts' KAN has on record."""
    lines = [
        "| problem | form | error of | on record, KAN | CPU time of the scripts | network | seconds to that error | factor |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for record in RECORDS:
        if record.kan is None:
            continue
        runs = of_record(record, results)
        head = f"| {record.label} | {record.form} | {record.what} | {record.kan:.1e} | {duration(record.cpu)} "
        for network, mine in sorted(runs.items()):
            lines.append(f"{head}| {network} | {reached(record, mine)}")
        if not runs:
            lines.append(f"{head}| - | - | - |")
    return "\n".join(lines)


def reached(record: Record, runs: Sequence[RunResult]) -> str:
    """Return the cells of the seconds to the error on record, the median over seeds, and of the factor to the scripts'."""
    assert record.kan is not None
    found = [seconds(record, run, record.kan) for run in runs]
    middle, count = median(s for s, _ in found), sum(not isinf(s) for s, _ in found)
    if isinf(middle):
        return f"{count} of {len(runs)} come to it | - |"
    bound = "at most " if any(at_end for _, at_end in found) else ""
    some = "" if count == len(runs) else f" ({count} of {len(runs)})"
    factor = "-" if record.cpu is None else f"{rounded(record.cpu / middle)}"
    return f"{bound}{middle:.2g}{some} | {factor} |"


def matched(results: Sequence[RunResult]) -> str:
    """Return the table of errors of KANs and MLPs, with what is asked and what is on record."""
    lines = [
        "| problem | form | error of | network | parameters | runs | median | quartiles | seconds | asked | on record |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for record in RECORDS:
        runs = of_record(record, results)
        errors = {network: spread(error(record, run) for run in mine) for network, mine in sorted(runs.items())}
        best = min(errors, key=lambda network: errors[network].median, default="")
        for network, quartiles in errors.items():
            lines.append(line(record, network, runs[network], quartiles, best == network))
    return "\n".join(lines)


def line(record: Record, network: str, runs: Sequence[RunResult], errors: Spread, best: bool) -> str:
    """Return a line of the second table; what is asked is asked of the better of the two."""
    parameters = {f"{run.figure('parameters'):.0f}" for run in runs if not isinf(run.figure("parameters"))}
    taken = median([run.figure("seconds") for run in runs] or [inf])
    asked = "-" if record.asked is None else f"{record.asked:.1e}"
    if record.asked is not None and best:
        asked += ", reached" if errors.median <= record.asked else ", not reached"
    on_record = {"kan": record.kan, "mlp": record.mlp}.get(network)
    cells = [
        record.label,
        record.form,
        record.what,
        network,
        " to ".join(sorted(parameters)) or "-",
        str(len(runs)),
        figure(errors.median),
        f"{figure(errors.low)} to {figure(errors.high)}",
        "-" if isinf(taken) else f"{taken:.0f}",
        asked,
        "-" if on_record is None else f"{on_record:.1e}",
    ]
    return f"| {' | '.join(cells)} |"


def figure(value: float) -> str:
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


def rounded(factor: float) -> str:
    """Return a factor to two digits, thousands apart."""
    digits = f"{factor:.2g}"
    return f"{float(digits):,.0f}" if factor >= 10 else digits
