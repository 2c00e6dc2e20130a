"""Neural tangent kernels: which parts of a residual a network learns quickly, and which slowly.

Under gradient descent of the mean square of a residual r, the residuals at N points follow dr/dt = -2 K r with
K = J J^T / N, J being the Jacobian of the residuals (Jacot et al. 2018, arXiv:1806.07572; for equations and boundaries
Wang, Yu and Perdikaris 2022, J. Comput. Phys. 449, 110768). An eigenvalue of K is the rate at which its eigenvector is
learnt. J is that of the residuals themselves, sample by sample, not an estimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.forms import DomainTrial, ResidualObjective, strong_form
from kinn.networks import Architecture
from kinn.optim import Optimizer
from kinn.problem import Array, Problem
from kinn.train.loop import StoppingCriteria, train


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
        """The eigenvalues of K that the number of parameters allows not to vanish, the largest first."""
        values: Array = torch.linalg.svdvals(self.jacobian).square().numpy()
        return values

    @property
    def trace(self) -> float:
        """The sum of the eigenvalues."""
        return float(self.jacobian.square().sum())

    def rates(self, frequencies: Sequence[float]) -> Array:
        """Return how quickly waves of the first coordinate are learnt: the means of K over sin and cos 2 pi f x.

        The waves fade towards the ends (Hann's window): what ends abruptly is of every frequency.

        Args:
            frequencies: The frequencies f, in waves a unit.

        Raises:
            InputError: If the term has several equations.
        """
        if len(self.jacobian) != len(self.points):
            raise InputError(f"rates of waves need one equation a point, and {self.name} has several")
        x = self.points[:, :1]
        phase = 2 * torch.pi * x @ torch.as_tensor(list(frequencies), dtype=x.dtype)[None]
        window = torch.sin(torch.pi * (x - x.min()) / (x.max() - x.min())).square()
        waves = window * torch.stack([torch.sin(phase), torch.cos(phase)])
        images = (self.jacobian.T @ waves).square().sum(dim=(0, 1))
        return (images / waves.square().sum(dim=(0, 1))).numpy()


@dataclass(frozen=True)
class Stage:
    """Where a study looked at the kernels.

    Attributes:
        iteration: After how many steps.
        loss: The training loss there.
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
        parameters: How many parameters it has.
        stages: Where it was looked at.
    """

    network: Architecture
    parameters: int
    stages: tuple[Stage, ...]


def kernels(system: ResidualObjective, theta: Tensor) -> dict[str, TangentKernel]:
    """Return the kernel of each term at theta, by name.

    Args:
        system: The residuals; its weights do not count.
        theta: The parameters (P,).
    """
    blocks: list[list[Tensor]] = [[] for _ in system.terms]
    weights = [term.weight for term in system.terms]
    for n, weight in enumerate(weights):
        system.set_weights(n, 1.0 / weight)
    try:
        for n, _, jacobian in system.term_blocks(theta):
            blocks[n].append(jacobian.clone())
    finally:
        for n in range(len(weights)):
            system.set_weights(n)
    found: dict[str, TangentKernel] = {}
    for term, parts in zip(system.terms, blocks, strict=True):
        name = term.name
        while name in found:
            name += "'"
        found[name] = TangentKernel(name, torch.cat(parts), torch.cat([p.tensor for p in term.blocks]))
    return found


def study(
    problem: Problem,
    network: Architecture,
    optimizer: Optimizer,
    *,
    at: Sequence[int],
    points: int,
    seed: int = 0,
) -> TangentKernelStudy:
    """Train a network on the strong form of a problem and look at its kernels on the way.

    Args:
        problem: The problem.
        network: The network.
        optimizer: What trains it.
        at: After how many steps to look, 0 for the start; where training ends before, the end is the last look.
        points: The number of interior collocation points.
        seed: Fixes parameters and points.

    Raises:
        InputError: If there is nothing to look at.
        SolveError: If training breaks down.
    """
    looks = sorted(set(at))
    if not looks or looks[0] < 0:
        raise InputError(f"a study looks after 0 or more steps, not after {', '.join(map(str, at)) or 'none'}")
    trial = DomainTrial(problem, network, seed=seed)
    system, fresh = (strong_form(trial, points=points, seed=seed + offset) for offset in (0, 7_919))
    seen: dict[int, Tensor] = {0: system.start()}
    steps = 0

    def watch(theta: Tensor, _: float) -> dict[str, float]:
        nonlocal steps
        steps += 1
        seen.pop(steps - 1 if steps - 1 not in looks else -1, None)
        seen[steps] = theta.clone()
        return {}

    if looks[-1]:
        limits = StoppingCriteria(budget=np.inf, iterations=looks[-1], rises=looks[-1], stagnation=looks[-1])
        train(system, fresh, optimizer, limits, watch=watch)
    stages = [Stage(n, system.loss(theta), kernels(system, theta)) for n, theta in sorted(seen.items())]
    return TangentKernelStudy(
        network, trial.parameter_count, tuple(s for s in stages if s.iteration in looks or s is stages[-1])
    )
