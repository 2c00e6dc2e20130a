"""A Levenberg-Marquardt step compared with the linear algebra that it requires."""

from __future__ import annotations

from pages import table
from step_cases.sizes import Sizes

from step_report.runs import Bench, Run
from step_report.tables import conditions, megabytes, milliseconds

TEXT = """### A Levenberg-Marquardt step

2D Poisson with hard boundary conditions, {residuals:,} residuals, KAN {width} with G = {grid} and k = 3,
{parameters:,} parameters, float64, one thread: median CPU time in milliseconds. A step evaluates residuals and their Jacobian,
forms J^T J block by block as it goes, and solves for and tries {trials:.1f} step(s) on average.
Measured on {conditions}.
"""

#: The timed functions, and their names in the table.
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
    minimum = result.cpu["product"] + result.cpu["cholesky"]
    rows = [[name, milliseconds(result.cpu[key]), f"{result.cpu[key] / minimum:.2f}"] for key, name in LINES.items()]
    text = TEXT.format(
        residuals=result.facts["residuals"],
        width=list(sizes.layers),
        grid=sizes.grid,
        parameters=result.facts["parameters"],
        trials=result.facts["trials"],
        conditions=conditions(),
    )
    heads = ["", "CPU ms", "relative to product + Cholesky"]
    memory = f"\n\nResident memory grows by {megabytes(result.memory)} MB during steps."
    return text + "\n" + table(heads, rows) + memory


#: Hidden widths of about a thousand parameters at G = 10 and k = 3.
NEWTON = (8, 7)
