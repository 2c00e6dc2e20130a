"""The step relative to the limits of the machine."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from pages import table
from step_cases.sizes import Sizes

from step_report.runs import Bench, Run
from step_report.tables import conditions, digits, milliseconds

TEXT = """### What limits a step

Operations and bytes of the KAN's step at {points:,} points, counted from the formulas that the kernels evaluate (a multiply-add
is two operations; idle lanes and address arithmetic are not counted), compared with the rates of a matrix product and of a copy
in memory, measured in the same run on one thread. Measured on {conditions}.
"""

NOTES = """
Per point and edge the forward pass takes {forward} multiply-adds: the Taylor coefficients of the cell's polynomial, the
base function, and the components of the jets; the reverse pass takes {reverse}: the same coefficients one order higher, their
cotangents, those of the polynomial, and the sums over outputs for the cotangents of the inputs. Per point and input, the bounded
map, silu and their derivatives take {functions} operations, forward and reverse together. The bytes are those of
the stacks between layers, each written once and read once or twice; the table of polynomials stays in the caches.
The step is bound by arithmetic: the reverse pass also spends instructions on sums across lanes, which this count does not
include, and a matrix product uses each number in many more multiply-adds than a spline does.
"""

#: Operations per point and input on functions, forward and reverse, counted from the vector code of `ops.cpu.basis`.
FUNCTIONS = 190


@dataclass(frozen=True)
class Work:
    """Operations and memory traffic of a step of the KAN.

    Attributes:
        forward: Multiply-adds per point and edge, forward.
        reverse: The same in reverse.
        operations: The operations of the step.
        bytes: The bytes between layers.
    """

    forward: int
    reverse: int
    operations: float
    bytes: float


def work_of(sizes: Sizes) -> Work:
    """Return the work for a value, two first derivatives and their Laplacian."""
    k, orders = sizes.degree, (1, 1, 2)
    rows, order = sum(orders), max(orders)
    components = 1 + len(orders)

    def division(least: int, most: int) -> int:
        """Return the multiply-adds of repeated synthetic division for the Taylor coefficients least..most."""
        return sum(max(k - m, 0) for m in range(most + 1)) - (k if least == 1 else 0)

    forward = division(0, order) + order + 1 + rows + 1
    reverse = (
        division(1, order + 1) + order + 1 + rows + order + 1 + division(0, order) + k + 1 + order + 1 + rows + 1 + rows
    )
    layers = list(pairwise(sizes.layers))
    edges, inputs = sum(a * b for a, b in layers), sum(a for a, _ in layers)
    operations = sizes.points * (2.0 * edges * (forward + reverse) + inputs * FUNCTIONS)
    size = 4 if sizes.dtype == "float32" else 8
    # inputs are read forward and in reverse; outputs are written; cotangents are written and read
    between = sum(sizes.layers[1:-1])
    numbers = 2 * sizes.layers[0] + between * (1 + 2 + 2) + 3 * sizes.layers[-1]
    return Work(forward, reverse, operations, float(sizes.points * components * numbers * size))


def section(bench: Bench) -> str:
    """Return the section."""
    rows = []
    points = 1024 if bench.quick else 4096
    for dtype in ("float32", "float64"):
        sizes = Sizes(points=points, dtype=dtype)
        step, machine = bench.measure(
            [Run("kan", sizes), Run("ceilings", sizes, "the machine", names=("product", "copy"))]
        )
        work, seconds = work_of(sizes), step.cpu["step"]
        flops = machine.facts["flops"] / machine.cpu["product"]
        rate = machine.facts["bytes"] / machine.cpu["copy"]
        rows.append([
            dtype, milliseconds(seconds), digits(work.operations / 1e6), digits(work.operations / seconds / 1e9),
            digits(flops / 1e9), f"{100 * work.operations / seconds / flops:.0f} %",
            digits(work.bytes / 1e6), f"{100 * work.bytes / seconds / rate:.0f} %",
        ])  # fmt: skip
    heads = [
        "precision", "CPU ms", "Mflop", "Gflop/s", "product, Gflop/s", "share", "MB", "share of copy",
    ]  # fmt: skip
    work = work_of(Sizes())
    notes = NOTES.format(forward=work.forward, reverse=work.reverse, functions=FUNCTIONS)
    return TEXT.format(points=points, conditions=conditions()) + "\n" + table(heads, rows) + "\n" + notes.rstrip()
