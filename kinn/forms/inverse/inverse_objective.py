"""The inverse form as an objective: the residuals of the boundary integral equations at the nodes of panels.

The residuals are r = A X(theta) - b, X the data of the networks at the nodes: A is assembled once, and a step costs
the networks on the boundary and matrix products.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.forms.inverse.boundary_system import BoundarySystem
from kinn.forms.inverse.boundary_trial import BoundaryTrial
from kinn.forms.objective import FormObjective
from kinn.forms.trial_functions import TrialFunctions
from kinn.networks import Tape
from kinn.optim.sum_of_squares import SumOfSquares

#: The name of the only term.
TERM = "the boundary integral equation"


class InverseObjective(SumOfSquares, FormObjective):
    """Weighted residuals of the boundary integral equations, in units of the magnitude of the prescribed data."""

    trial: BoundaryTrial

    def __init__(self, trial: BoundaryTrial, system: BoundarySystem) -> None:
        super().__init__(trial)
        self.system = system
        self.equations = system.equations
        self._right = torch.as_tensor(system.equations.right)

    @property
    def samples(self) -> int:
        return len(self._right)

    @property
    def affine(self) -> bool:
        return True

    def residuals(self, theta: Tensor) -> Tensor:
        """Weighted residuals at theta."""
        self.trial.flat.set(theta)
        data = self.trial.data(self.system).numpy()
        return torch.as_tensor(self.equations.times(data[:, None])[:, 0]) - self._right

    def value(self, theta: Tensor) -> float:
        return float(self.residuals(theta).square().sum())

    def term_losses(self, theta: Tensor) -> dict[str, float]:
        return {TERM: self.loss(theta)}

    def locate_nonfinite(self, theta: Tensor) -> str:
        return TERM

    def value_and_gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        residual = self.residuals(theta)
        adjoint = 2 * torch.as_tensor(self.equations.adjoint(residual.numpy()))
        product = sum(
            (self.trial.edge_data(n, self.system).flatten() @ adjoint[columns])
            for n, columns in enumerate(self.system.discretisation.columns)
        )
        assert isinstance(product, Tensor)
        return float(residual.square().sum()), self.trial.flat.gradient(product)

    def blocks(self, theta: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        # A times the Jacobian of the data, edge by edge
        residual = self.residuals(theta)
        jacobian = torch.zeros(len(residual), self.size, dtype=torch.float64)
        for n, columns in enumerate(self.system.discretisation.columns):
            edge_jacobian, parameters = self._edge_jacobian(n)
            jacobian[:, parameters] = torch.as_tensor(self.equations.times(edge_jacobian.numpy(), columns))
        yield residual, jacobian

    def _edge_jacobian(self, number: int) -> tuple[Tensor, slice]:
        """Jacobian of the data of an edge, and the slice of theta of the parameters of its network."""
        tape = Tape()
        out = self.trial.edge_data(number, self.system, tape)
        nodes, channels = out.shape
        slices = {p: self.trial.flat.slices[p] for p in self.trial.edge_network(number).parameters()}
        start, stop = min(s.start for s in slices.values()), max(s.stop for s in slices.values())
        rows = torch.zeros(channels, nodes, stop - start, dtype=torch.float64)
        for c in range(channels):
            columns = {p: rows[c][:, s.start - start : s.stop - start] for p, s in slices.items()}
            tape.add_jacobian(out[:, c], columns, last=c == channels - 1)
        return rows.transpose(0, 1).reshape(nodes * channels, -1), slice(start, stop)


def inverse_form(trial: TrialFunctions, *, points: int, seed: int = 0) -> InverseObjective:  # noqa: ARG001 (the forms take the same)
    """Boundary integral equations on panels with at least this number of nodes; the seed has no effect.

    Raises:
        InputError: If there are fewer points than one, too many, or data that are not in equilibrium.
    """
    if points < 1:
        raise InputError(f"points must be at least 1, not {points}")
    assert isinstance(trial, BoundaryTrial)
    return InverseObjective(trial, trial.system(points))
