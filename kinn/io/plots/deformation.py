"""The figure of a deformed shape, coloured by von Mises' stress where that is derived."""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from kinn.io.output_mesh import meshes
from kinn.io.plots.fields import scale
from kinn.io.plots.frame import coloured, extent_of, frame, label, outlined
from kinn.metrics import derived_values

if TYPE_CHECKING:
    from kinn.solution import Solution

#: What is shown in colours, if it is derived.
MISES = "mises"

#: Displacements are drawn as they are from this share of the size on, and smaller ones as large as twice this at most.
VISIBLE = 0.05


def deformed(solution: Solution) -> Figure:
    """Return the deformed shape of a body in the plane over its outline at rest, with the factor of the displacements."""
    problem, pieces = solution.problem, meshes(solution.problem)
    names = list(problem.output.displacement)
    moves = [solution.trial.evaluate(p.nodes, names, subdomain=p.subdomain) for p in pieces]
    lower, upper = problem.bounds
    factor = exaggeration(
        max(float(np.nanmax(np.linalg.norm(m, axis=1))) for m in moves) / float((upper - lower).max())
    )
    if MISES in problem.derived:
        values = [derived_values(solution.trial, MISES, p.inner_nodes, subdomain=p.subdomain) for p in pieces]
        meaning = label(problem, MISES)
    else:
        values, meaning = [np.linalg.norm(m, axis=1) for m in moves], f"|({', '.join(names)})|"
    shown = "as they are" if factor == 1 else f"times {factor:g}"
    norm, colours = scale(values)
    moved = [p.nodes + factor * m for p, m in zip(pieces, moves, strict=True)]
    extent = extent_of(problem, [p.nodes for p in pieces] + moved)
    figure, axes = frame(solution, f"deformed shape, displacements {shown}; grey: at rest", extent)
    for piece in pieces:
        outlined(axes, piece, piece.nodes, color="0.6", linewidth=0.8)
    coloured(figure, axes, problem, pieces, values, norm, colours, meaning, moved)
    for piece, at in zip(pieces, moved, strict=True):
        outlined(axes, piece, at, color="black", linewidth=0.6)
    return figure


def exaggeration(largest: float) -> float:
    """Return what displacements are multiplied by, 1, 2 or 5 times a power of ten.

    Args:
        largest: The largest displacement, relative to the size of the body.
    """
    if largest <= 0 or largest >= VISIBLE:
        return 1.0
    wanted = 2 * VISIBLE / largest
    power = 10.0 ** floor(log10(wanted))
    return max(m * power for m in (1.0, 2.0, 5.0) if m * power <= wanted * (1 + 1e-9))
