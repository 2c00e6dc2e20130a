"""The step over threads, points and grid intervals."""

from __future__ import annotations

from dataclasses import replace

from pages import table
from step_cases.sizes import Sizes

from step_report.runs import Bench, Run
from step_report.tables import conditions, digits, megabytes, milliseconds

THREADS = """### Threads

The KAN's step again, [2, 16, 16, 1], G = 10, k = 3: median wall-clock time in milliseconds. Results do not depend on the number
of threads, bit for bit. Measured on {conditions}.
"""

POINTS = """### Points

The same step, one thread, in blocks of at most 8,192 points: median CPU time in milliseconds, microseconds per point, and growth
of the memory. Measured on {conditions}.
"""

GRID = """### Grid intervals

The same step at {points:,} points on grids of G intervals, one thread. At each point k + 1 splines are non-zero, whatever G is; only the
table of polynomials grows. Measured on {conditions}.
"""


def threads(bench: Bench) -> str:
    """Return the section on threads."""
    rows = []
    for points in (4096,) if bench.quick else (4096, 65536):
        for dtype in ("float32", "float64"):
            sizes = Sizes(points=points, dtype=dtype)
            one, two = bench.measure([Run("kan", sizes, f"{n} thread(s)", threads=n) for n in (1, 2)])
            seconds = one.wall["step"], two.wall["step"]
            rows.append([f"{points:,}", dtype, *map(milliseconds, seconds), f"{seconds[0] / seconds[1]:.2f}"])
    return (
        THREADS.format(conditions=conditions())
        + "\n"
        + table(["points", "precision", "one thread", "two threads", "speed-up"], rows)
    )


def points(bench: Bench) -> str:
    """Return the section on the number of points."""
    counts = (1000, 4000) if bench.quick else (1000, 10_000, 100_000, 1_000_000)
    rows = []
    for dtype in ("float32", "float64"):
        for result in bench.measure([Run("kan", Sizes(points=n, dtype=dtype)) for n in counts]):
            n, seconds = result.run.sizes.points, result.cpu["step"]
            rows.append([f"{n:,}", dtype, milliseconds(seconds), digits(1e6 * seconds / n), megabytes(result.memory)])
    heads = ["points", "precision", "CPU ms", "µs per point", "memory, MB"]
    return POINTS.format(conditions=conditions()) + "\n" + table(heads, rows)


def grid(bench: Bench) -> str:
    """Return the section on the number of grid intervals."""
    intervals = (5, 100) if bench.quick else (5, 10, 20, 50, 100)
    base = Sizes(points=256 if bench.quick else 4096)
    rows = []
    for dtype in ("float32", "float64"):
        results = bench.measure([Run("kan", replace(base, grid=g, dtype=dtype)) for g in intervals])
        for result in results:
            seconds = result.cpu["step"]
            ratio = seconds / results[0].cpu["step"]
            rows.append(
                [
                    str(result.run.sizes.grid),
                    dtype,
                    f"{result.facts['parameters']:,}",
                    milliseconds(seconds),
                    f"{ratio:.2f}",
                ]
            )
    heads = ["G", "precision", "parameters", "CPU ms", f"relative to G = {intervals[0]}"]
    return GRID.format(points=base.points, conditions=conditions()) + "\n" + table(heads, rows)
