"""A Levenberg-Marquardt step beside the linear algebra it cannot do without."""

from __future__ import annotations

from step_cases.sizes import Sizes

from step_report.runs import Bench, Run
from step_report.tables import conditions, megabytes, milliseconds, table

TEXT = """### A Levenberg-Marquardt step

2D Poisson with boundary values that hold by construction, {residuals:,} residuals, KAN {width} with G = {grid} and k = 3,
{parameters:,} parameters, float64, one thread: median CPU milliseconds. A step evaluates residuals and their Jacobian,
forms J^T J block by block as it goes, and solves and tries {trials:.1f} step(s) on average.
Measured on {conditions}.
"""

#: What is timed, and what the table calls it.
LINES = {
    "step": "a Levenberg-Marquardt step",
    "jacobian": "residuals and Jacobian alone",
    "gram": "J^T J in blocks (symmetric half)",
    "product": "J^T J as one product",
    "cholesky": "one Cholesky factorisation",
    "loss": "the loss alone",
}


def section(bench: Bench) -> str:
    """Return the section."""
    sizes = (
        Sizes(width=(8,), grid=8, points=256, dtype="float64") if bench.quick else Sizes(dtype="float64", width=NEWTON)
    )
    (result,) = bench.measure([Run("newton", sizes, "Levenberg-Marquardt", names=tuple(LINES))])
    if result.failure:
        raise RuntimeError(result.failure)
    least = result.cpu["product"] + result.cpu["cholesky"]
    rows = [[name, milliseconds(result.cpu[key]), f"{result.cpu[key] / least:.2f}"] for key, name in LINES.items()]
    text = TEXT.format(
        residuals=result.facts["residuals"],
        width=list(sizes.layers),
        grid=sizes.grid,
        parameters=result.facts["parameters"],
        trials=result.facts["trials"],
        conditions=conditions(),
    )
    heads = ["", "CPU ms", "times product + Cholesky"]
    memory = f"\n\nThe resident memory grows by {megabytes(result.memory)} MB during steps."
    return text + "\n" + table(heads, rows) + memory


#: Hidden widths that make about a thousand parameters with G = 10 and k = 3.
NEWTON = (8, 7)
