"""Common parts of all plots: titles with the network and its errors, axes, labels with units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any, NamedTuple, Protocol

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kinn.config import Specification
from kinn.fields import TIME
from kinn.metrics import Errors, FieldEvaluator
from kinn.problem import Array, Problem

#: The letters of a title that fit into one line.
TITLE_WIDTH = 66


class ErrorKind(NamedTuple):
    """Kind of error that a figure shows: the words of its title, and what its values mean for a field."""

    title: str
    meaning: str


#: Errors against a known solution, and estimated ones.
TRUE_ERROR = ErrorKind("absolute error", "|{} - exact|")
ESTIMATED_ERROR = ErrorKind("estimated absolute error", "estimated |{} - exact|")


class PlottedSolution(Protocol):
    """A solution, as plots need it; `kinn.Solution` is one."""

    @property
    def problem(self) -> Problem:
        """The problem solved."""

    @property
    def form(self) -> str:
        """The form it was solved in."""

    @property
    def network(self) -> Specification:
        """The architecture."""

    @property
    def parameters(self) -> int:
        """The number of trainable parameters."""

    @property
    def errors(self) -> Mapping[str, Errors]:
        """The errors by field."""

    @property
    def estimate(self) -> Any:
        """The estimated error, an `ErrorEstimate`, or None."""

    @property
    def history(self) -> Sequence[Any]:
        """The steps of training, with `stage`, `seconds`, `loss` and `validation`."""

    @property
    def fields(self) -> FieldEvaluator:
        """The trained fields."""


def figure_with_axes(solution: PlottedSolution, subtitle: str, nodes: Sequence[Array] = ()) -> tuple[Figure, Any]:
    """Empty figure and its axes, titled with the problem, the network and the errors.

    Args:
        solution: The solution shown.
        subtitle: The content of the figure.
        nodes: The nodes (N, 2) of a map, whose axes have one scale unless one is the time.
    """
    height = 4.8
    if nodes and TIME not in solution.problem.coordinates:
        width, depth = np.ptp(np.concatenate(nodes), axis=0)
        height = min(6.4, 1.4 + 4.6 * float(depth / width))
    figure = empty_figure(6.4, height)
    axes = figure.add_subplot()
    figure.suptitle(wrapped_title(solution.problem), fontsize=11)
    axes.set_title(f"{network_and_errors(solution)}\n{subtitle}", fontsize=8)
    return figure, axes


def empty_figure(width: float, height: float) -> Figure:
    """Empty figure that can be saved without pyplot."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def wrapped_title(problem: Problem) -> str:
    """Title of a problem, wrapped to the usual width of a figure."""
    return fill(problem.title or problem.name, TITLE_WIDTH)


def network_and_errors(solution: PlottedSolution) -> str:
    """Network, its size and its errors in one line."""
    parts = [f"{solution.network.name.upper()}, {solution.form} form, {solution.parameters} parameters"]
    if solution.errors:
        parts += ["relative $L_2$ errors: " + ", ".join(f"{name} {e.l2:.1e}" for name, e in solution.errors.items())]
    return "; ".join(parts)


def label(problem: Problem, name: str) -> str:
    """Name with its unit, if that is known."""
    unit = problem.postprocess.units.get(name)
    return f"{name} ({unit})" if unit else name
