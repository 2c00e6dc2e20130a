"""Neural tangent kernels over training, their spectra, and the rates at which frequencies are learnt.

Under gradient descent of the mean square of a residual r, the residuals at N points follow dr/dt = -2 K r with
K = J J^T / N, J being the Jacobian of the residuals (Jacot et al. 2018, arXiv:1806.07572; for equations and boundaries
Wang, Yu and Perdikaris 2022, J. Comput. Phys. 449, 110768). An eigenvalue of K is the rate at which its eigenvector is
learnt. J is that of the residuals themselves, sample by sample, not an estimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from kinn.errors import InputError
from kinn.forms import DomainTrial, ResidualObjective, strong_form
from kinn.networks import Architecture
from kinn.optim import Optimizer
from kinn.problem import Array, Problem
from kinn.train.callbacks import Callback
from kinn.train.loop import StoppingCriteria, train
from kinn.train.state import TrainingState

#: Eigenvalues below this fraction of the largest are rounding.
ROUNDING = 1e-16


@dataclass(frozen=True)
class TangentKernel:
    """The neural tangent kernel of one term.

    Attributes:
        name: The name of the term.
        jacobian: The Jacobian (n, P) of its residuals over the root of the number of its points, without weights.
        points: The points (N, d); residuals of several equations follow each other, block by block of points.
    """

    name: str
    jacobian: Tensor
    points: Tensor

    @property
    def matrix(self) -> Array:
        """The kernel K (n, n)."""
        return (self.jacobian @ self.jacobian.T).numpy()

    @cached_property
    def eigenvalues(self) -> Array:
        """The eigenvalues of K, at most one per parameter, the largest first."""
        return np.asarray(torch.linalg.svdvals(self.jacobian).square())

    @property
    def trace(self) -> float:
        """The sum of the eigenvalues."""
        return float(self.jacobian.square().sum())

    def rates(self, frequencies: Sequence[float]) -> Array:
        """Rates at which waves of the first coordinate are learnt: the means of K over sin and cos 2 pi f x.

        Frequencies f are in waves per unit. A Hann window fades the waves towards the ends: an abrupt end contains every
        frequency.

        Raises:
            InputError: If the term has several equations.
        """
        if len(self.jacobian) != len(self.points):
            raise InputError(f"rates of waves need one equation per point, and {self.name} has several")
        x = self.points[:, :1]
        phase = 2 * torch.pi * x @ torch.as_tensor(list(frequencies), dtype=x.dtype)[None]
        window = torch.sin(torch.pi * (x - x.min()) / (x.max() - x.min())).square()
        waves = window * torch.stack([torch.sin(phase), torch.cos(phase)])
        images = (self.jacobian.T @ waves).square().sum(dim=(0, 1))
        return (images / waves.square().sum(dim=(0, 1))).numpy()


@dataclass(frozen=True)
class KernelSnapshot:
    """The kernels at one step of training.

    Attributes:
        iteration: The number of steps before it.
        loss: The training loss.
        kernels: The kernel of each term, by name.
    """

    iteration: int
    loss: float
    kernels: dict[str, TangentKernel]


@dataclass(frozen=True)
class TangentKernelStudy:
    """The kernels of a network over its training.

    Attributes:
        network: The network.
        parameters: The number of its parameters.
        snapshots: The kernels at several steps.
    """

    network: Architecture
    parameters: int
    snapshots: tuple[KernelSnapshot, ...]


def tangent_kernels(objective: ResidualObjective, theta: Tensor) -> dict[str, TangentKernel]:
    """Kernel of each term, by name, at the parameters theta (P,); the weights of the residuals have no effect."""
    blocks: list[list[Tensor]] = [[] for _ in objective.terms]
    weights = [term.weight for term in objective.terms]
    for n, weight in enumerate(weights):
        objective.set_weights(n, 1.0 / weight)
    try:
        for n, _, jacobian in objective.term_blocks(theta):
            blocks[n].append(jacobian.clone())
    finally:
        for n in range(len(weights)):
            objective.set_weights(n)
    kernels: dict[str, TangentKernel] = {}
    for term, jacobians in zip(objective.terms, blocks, strict=True):
        name = term.name
        while name in kernels:
            name += "'"
        kernels[name] = TangentKernel(name, torch.cat(jacobians), torch.cat([p.tensor for p in term.blocks]))
    return kernels


def tangent_kernel_study(
    problem: Problem,
    network: Architecture,
    optimizer: Optimizer,
    *,
    at: Sequence[int],
    points: int,
    seed: int = 0,
) -> TangentKernelStudy:
    """Train a network on the strong form of a problem and record its kernels during training.

    They are recorded `at` these numbers of steps, 0 for the start; where training ends earlier, the last record is that of
    the end. There are `points` interior collocation points.

    Raises:
        InputError: If no step is named, or a negative one.
        SolveError: If training breaks down.
    """
    steps = sorted(set(at))
    if not steps or steps[0] < 0:
        raise InputError(f"a study records after 0 or more steps, not after {', '.join(map(str, at)) or 'none'}")
    trial = DomainTrial(problem, network, seed=seed)
    training, validation = (strong_form(trial, points=points, seed=seed + offset) for offset in (0, 7_919))
    recorded: dict[int, Tensor] = {0: training.start()}

    class ParameterRecorder(Callback):
        """Keeps the parameters after the steps asked for and after the last one."""

        def on_step(self, state: TrainingState) -> None:
            recorded.pop(state.iteration - 1 if state.iteration - 1 not in steps else -1, None)
            recorded[state.iteration] = state.theta.clone()

    if steps[-1]:
        limits = StoppingCriteria(budget=np.inf, iterations=steps[-1], rises=steps[-1], stagnation=steps[-1])
        train(training, validation, optimizer, limits, callbacks=[ParameterRecorder()])
    snapshots = [
        KernelSnapshot(n, training.loss(theta), tangent_kernels(training, theta)) for n, theta in recorded.items()
    ]
    kept = tuple(s for s in snapshots if s.iteration in steps or s is snapshots[-1])
    return TangentKernelStudy(network, trial.parameter_count, kept)


def spectra_figure(studies: Sequence[TangentKernelStudy], title: str) -> Figure:
    """Figure of the eigenvalues of each term's kernel: one column per network, one line per snapshot."""
    names = list(studies[0].snapshots[0].kernels)
    figure, axes = _subplots(studies, title, len(names), 2.8 * len(names) + 0.6)
    for column, study in enumerate(studies):
        for row, name in enumerate(names):
            ax = axes[row, column]
            for snapshot, colour in zip(study.snapshots, _colours(len(study.snapshots)), strict=True):
                values = snapshot.kernels[name].eigenvalues
                values = values[values > ROUNDING * values[0]]
                ax.loglog(np.arange(1, len(values) + 1), values, color=colour, label=f"step {snapshot.iteration}")
            _label(ax, study, f": {name}", "number")
        axes[0, column].legend(frameon=False, fontsize=7)
    for row in range(len(names)):
        axes[row, 0].set_ylabel("eigenvalue")
    return figure


def frequency_figure(studies: Sequence[TangentKernelStudy], frequencies: Sequence[float], title: str) -> Figure:
    """Figure of the rate at which each frequency is learnt, for problems of one coordinate and one term."""
    figure, axes = _subplots(studies, title, 1, 3.4)
    for ax, study in zip(axes[0], studies, strict=True):
        for snapshot, colour in zip(study.snapshots, _colours(len(study.snapshots)), strict=True):
            (kernel,) = snapshot.kernels.values()
            ax.semilogy(list(frequencies), kernel.rates(frequencies), color=colour, label=f"step {snapshot.iteration}")
        _label(ax, study, "", "frequency (waves per unit)")
        ax.legend(frameon=False, fontsize=7)
    axes[0, 0].set_ylabel("rate of learning")
    return figure


def _subplots(studies: Sequence[TangentKernelStudy], title: str, rows: int, height: float) -> tuple[Figure, Any]:
    """Figure with a column per network, and its axes."""
    figure = Figure(figsize=(3.8 * len(studies) + 0.6, height), layout="constrained")
    figure.suptitle(title, fontsize=11)
    return figure, figure.subplots(rows, len(studies), squeeze=False, sharey="row")


def _label(ax: Axes, study: TangentKernelStudy, name: str, x: str) -> None:
    ax.set_title(f"{study.network.name.upper()}, {study.parameters} parameters{name}", fontsize=8)
    ax.set_xlabel(x)
    ax.grid(alpha=0.3)


def _colours(count: int) -> list[tuple[float, float, float, float]]:
    return [colormaps["viridis"](0.9 * n / max(1, count - 1)) for n in range(count)]
