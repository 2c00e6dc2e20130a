"""The result of a solve: fields to evaluate, errors, history, and the settings that led to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kinn.conditions.points import points_in_dimension
from kinn.config import Specification
from kinn.errors import InputError
from kinn.forms.objective import QuadratureCheck
from kinn.metrics import Errors, FieldEvaluator, derived_values, exact_values
from kinn.problem import Array, Problem
from kinn.train.state import HistoryEntry

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kinn.forms.strong.identification import Estimate
    from kinn.train.error_estimate import ErrorEstimate


@dataclass(frozen=True, eq=False)
class Solution:
    """A trained solution.

    Attributes:
        problem: The problem solved.
        form: The form it was solved in.
        network: The architecture, or the discretisation of a baseline.
        optimizer: The name of the optimiser.
        seed: The seed of initial parameters and points.
        dtype: "float64" or "float32".
        device: The device of the computation.
        backend: The back end of the spline op.
        parameters: The number of trainable parameters.
        iterations: The number of steps.
        seconds: Time of the whole solve, set-up included, by the clock of its budget.
        stopped: Why training stopped.
        loss: The training loss of the parameters kept.
        errors: Relative errors by name, of the fields and unknown fields whose solution is known.
        unknowns: The identified constants by name, with their standard deviations.
        quadrature: Of the energy form, the check on a second quadrature.
        bem: Of the inverse form, the errors of a plain boundary element method on the same panels.
        tolerance: The relative L2 error that was asked for; None where none was.
        estimate: The estimated error, known solution or not; None where there is none.
        history: One entry per step.
        fields: The trained fields: trial functions, or a combination of several trainings.
        run: The run folder, if one was written.
    """

    problem: Problem
    form: str
    network: Specification
    optimizer: str
    seed: int
    dtype: str
    device: str
    backend: str
    parameters: int
    iterations: int
    seconds: float
    stopped: str
    loss: float
    errors: dict[str, Errors]
    history: tuple[HistoryEntry, ...]
    fields: FieldEvaluator
    unknowns: dict[str, Estimate] = field(default_factory=dict)
    quadrature: QuadratureCheck | None = None
    bem: dict[str, Errors] = field(default_factory=dict)
    estimate: ErrorEstimate | None = None
    tolerance: float | None = None
    run: Path | None = None

    @property
    def converged(self) -> bool | None:
        """Whether the estimated error meets the tolerance; None where none was asked for."""
        if self.tolerance is None:
            return None
        return self.estimate is not None and self.estimate.meets(self.tolerance)

    def __call__(self, points: Array) -> Array:
        """Fields (N, C) at points (N, d); NaN outside the domain."""
        return self.fields.evaluate(self._point_rows(points), self.problem.names)

    def evaluate(self, expressions: str | Iterable[str], points: Array) -> Array:
        """Field or derivative such as "u.xx" (N,), or several (N, M), at points (N, d); in one dimension also N numbers."""
        return self.fields.evaluate(self._point_rows(points), expressions)

    def derived(self, name: str, points: Array) -> Array:
        """Derived field (N,), a stress say, at points (N, d); NaN outside the domain.

        Raises:
            InputError: If the problem derives no field of that name.
        """
        return derived_values(self.fields, name, self._point_rows(points))

    def std(self, expressions: str | Iterable[str], points: Array) -> Array:
        """Standard deviation of fields or derivatives over the members of an ensemble at points (N, d).

        Raises:
            InputError: If the solution is no ensemble.
        """
        from kinn.train.plans.ensemble import EnsembleSolution

        if not isinstance(self.fields, EnsembleSolution):
            raise InputError("only an ensemble has a standard deviation: kinn.solve(..., ensemble=5)")
        return self.fields.std(self._point_rows(points), expressions)

    def _point_rows(self, points: Array) -> Array:
        """Points (N, d), one of them where they are d numbers."""
        return points_in_dimension(np.atleast_2d(np.asarray(points, dtype=np.float64)), self.problem.dimension)

    def reference(self, points: Array) -> Array | None:
        """Exact or reference values (N, C) at points (N, d), or None where neither is known."""
        return exact_values(self.problem, self._point_rows(points))

    def plot(self, folder: str | Path | None = None) -> dict[str, Figure]:
        """Figures by name: fields, errors, convergence; written as PNG into a folder if given."""
        from kinn.io.plots import plot_solution, save_figures

        figures = plot_solution(self)
        if folder is not None:
            save_figures(figures, Path(folder))
        return figures

    def save_vtu(self, path: str | Path) -> None:
        """Write fields, first derivatives and errors on a mesh, for ParaView and other viewers."""
        from kinn.io.vtu import save_vtu

        save_vtu(self.fields, Path(path), self._estimated_error)

    def save_pvd(self, path: str | Path, times: int = 21) -> None:
        """Write a time-dependent solution as a series of VTU files."""
        from kinn.io.vtu import save_pvd

        save_pvd(self.fields, Path(path), times, self._estimated_error)

    @property
    def _estimated_error(self) -> FieldEvaluator | None:
        return None if self.estimate is None else self.estimate.field

    def summary(self) -> dict[str, Any]:
        """Values that `kinn solve --json` prints."""
        return {
            "problem": self.problem.name,
            "form": self.form,
            "network": self.network.name,
            "optimizer": self.optimizer,
            "seed": self.seed,
            "dtype": self.dtype,
            "device": self.device,
            "backend": self.backend,
            "parameters": self.parameters,
            "iterations": self.iterations,
            "seconds": round(self.seconds, 3),
            "stopped": self.stopped,
            "loss": self.loss,
            "errors": {name: asdict(e) for name, e in self.errors.items()},
            "tolerance": self.tolerance,
            "converged": self.converged,
            "estimate": None if self.estimate is None else self.estimate.summary(),
            "unknowns": {name: asdict(e) | {"error": e.error} for name, e in self.unknowns.items()},
            "quadrature": None if (q := self.quadrature) is None else asdict(q) | {"reliable": q.reliable},
            "bem": {name: asdict(e) for name, e in self.bem.items()} if self.bem else None,
            "run": str(self.run) if self.run is not None else None,
        }
