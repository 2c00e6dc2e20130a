"""The step of KINN compared with other libraries."""

from __future__ import annotations

from dataclasses import replace

from pages import table
from step_cases.sizes import Sizes

from step_report.runs import Bench, Result, Run
from step_report.tables import conditions, megabytes, milliseconds

KAN = Sizes()
MLP = Sizes(width=(64, 64, 64))

TITLE = """## One training step compared with other libraries

The residual u_xx + u_yy - f, its mean square and the gradient of all parameters, at {points} points, one thread. Median
CPU time of a step in milliseconds, each case in a separate process and all of them timed in turns; "ratio" is relative to the
first line of the table. Memory is the growth of the resident memory during steps.
Measured by `python benchmarks/step.py` on {conditions}{baselines}.
"""

NOTES = """
KANs are [2, 16, 16, 1] with G = 10 and k = 3, MLPs 2-64-64-64-1 with tanh. The nested KAN is written as efficient-kan is:
the Cox-de Boor
recursion, dense in its basis, derivatives by nested reverse mode. pykan runs in the settings that its author recommends
for speed. The step has no boundary conditions, in DeepXDE as in KINN.
The MLP of KINN uses Taylor-mode automatic differentiation (jets).
"""


def section(bench: Bench) -> str:
    """Return the section: at many points and at few, in both precisions."""
    parts, versions = [], ""
    for points in (256,) if bench.quick else (4096, 256):
        blocks = []
        for dtype in ("float32", "float64"):
            results = bench.measure(_runs(bench, points, dtype))
            versions = versions or _versions(results)
            blocks.append(f"**{points:,} points, {dtype}**\n\n{_table(results)}")
        parts += blocks
    points = "256" if bench.quick else "4,096 and at 256"
    return "\n\n".join(
        [TITLE.format(points=points, conditions=conditions(), baselines=versions).strip(), *parts, NOTES.strip()]
    )


def _runs(bench: Bench, points: int, dtype: str) -> list[Run]:
    kan, mlp = (replace(sizes, points=points, dtype=dtype) for sizes in (KAN, MLP))
    runs = [
        Run("kan", kan, "KAN, KINN (numba)"),
        Run("kan", kan, "KAN, KINN (torch reference)", backend="torch"),
        Run("nested kan", kan, "KAN, nested autograd"),
        Run("mlp", mlp, "MLP, KINN (jets)"),
        Run("nested mlp", mlp, "MLP, nested autograd"),
    ]
    if bench.baselines:
        runs += [Run("pykan", kan, "pykan"), Run("deepxde", mlp, "DeepXDE, MLP")]
    return runs


def _table(results: list[Result]) -> str:
    reference = results[0].cpu["step"]
    rows = []
    for result in results:
        if result.failure:
            rows.append([result.label, "", result.failure, "", ""])
            continue
        seconds = result.cpu["step"]
        ratio = "1" if result is results[0] else f"{seconds / reference:.1f}"
        rows.append(
            [result.label, f"{result.facts['parameters']:,}", milliseconds(seconds), ratio, megabytes(result.memory)]
        )
    return table(["step", "parameters", "CPU ms", "ratio", "memory, MB"], rows)


def _versions(results: list[Result]) -> str:
    found = [result.facts["version"] for result in results if "version" in result.facts]
    return "".join(f", {name}" for name in found)
