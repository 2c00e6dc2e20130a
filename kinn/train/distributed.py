"""One solve on many processes, which torchrun starts: each evaluates its share of the points, and all take the same steps.

Every sum over points (loss, gradient, J^T J with J^T r) is an all-reduce of a flat vector of the processes' sums. Terms
are weighted by the number of all their points, so that the shares add up to what one process would find.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch import distributed as dist

from kinn.errors import InputError
from kinn.fields import Points
from kinn.forms import FormObjective, ResidualObjective
from kinn.forms.terms import concatenate
from kinn.optim.objective import Curvature
from kinn.optim.sum_of_squares import curvature_of


def process_count() -> int:
    """Number of processes that solve together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Number of this process; 0 writes files and prints."""
    return dist.get_rank() if process_count() > 1 else 0


@contextmanager
def process_group() -> Iterator[None]:
    """Join the processes that torchrun started while the block lasts; without torchrun do nothing.

    Raises:
        InputError: If the other processes cannot be reached.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2 or process_count() > 1:
        yield
        return
    try:
        dist.init_process_group("gloo")
    except (RuntimeError, ValueError) as error:
        raise InputError(f"the processes of torchrun do not find each other: {str(error).splitlines()[0]}") from error
    try:
        yield
    finally:
        dist.destroy_process_group()


def barrier() -> None:
    """Wait until all processes are here."""
    if process_count() > 1:
        dist.barrier()


def broadcast(seconds: float) -> float:
    """Seconds on the clock of process 0: all processes must stop at the same step."""
    if process_count() == 1:
        return seconds
    value = torch.tensor([seconds], dtype=torch.float64)
    dist.broadcast(value, src=0)
    return float(value)


def distribute(objective: FormObjective) -> FormObjective:
    """Objective of which each process evaluates its share; that of a single process is the objective itself.

    Raises:
        InputError: If it is not that of the strong form.
    """
    if process_count() == 1:
        return objective
    if not isinstance(objective, ResidualObjective):
        raise InputError("several processes share the points of the strong form alone")
    return DistributedObjective(objective)


class DistributedObjective(ResidualObjective):
    """Residuals whose points are spread over processes; each returns the sums over all points.

    Args:
        objective: The residuals at all points, alike in all processes.
    """

    def __init__(self, objective: ResidualObjective) -> None:
        super().__init__(objective.trial, objective.terms)
        self._local_blocks = list(self._share(rank(), process_count()))

    def _share(self, process: int, processes: int) -> Iterator[tuple[int, Points, float | Tensor]]:
        """Every n-th point of each term, of integrals every n-th one."""
        for n, term in enumerate(self.terms):
            scale = self._scales[n][0]
            if term.integral:
                yield from ((n, p, scale) for p in term.blocks[process::processes])
                continue
            points = concatenate(self.trial.problem, term.blocks)
            rows = torch.arange(process, len(points), processes)
            for part in torch.split(rows, max(len(p) for p in term.blocks)):
                if len(part):
                    yield n, points.rows(part), scale

    def _blocks(self) -> Iterator[tuple[int, Points, float | Tensor]]:
        yield from self._local_blocks

    def loss(self, theta: Tensor) -> float:
        return float(_sum(torch.tensor([super().loss(theta)], dtype=torch.float64)))

    def weighted_squares(self, theta: Tensor) -> list[Tensor] | None:
        """None: each process has its own points, and all must decide alike."""
        return None

    def gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        loss, gradient = super().gradient(theta)
        flat = _sum(torch.cat([torch.tensor([loss], dtype=torch.float64), gradient.double()]))
        return float(flat[0]), flat[1:].to(gradient.dtype)

    def curvature(self, theta: Tensor) -> Curvature:
        local = curvature_of(super().blocks(theta), len(theta))
        loss, size = torch.tensor([local.loss], dtype=torch.float64), len(theta)
        flat = _sum(torch.cat([loss, local.half_gradient, local.matrix.flatten()]))
        return Curvature(float(flat[0]), flat[1 : 1 + size], flat[1 + size :].view(size, size))

    def blocks(self, theta: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Residuals and Jacobian of each process, in order: for methods that need the rows themselves."""
        parts = [torch.cat([j, r.unsqueeze(1)], dim=1) for r, j in super().blocks(theta)]
        local = torch.cat(parts) if parts else torch.empty(0, len(theta) + 1, dtype=theta.dtype)
        gathered = [local] * process_count()
        dist.all_gather_object(gathered, local)
        yield from ((rows[:, -1], rows[:, :-1]) for rows in gathered)

    def term_losses(self, theta: Tensor) -> dict[str, float]:
        local = super().term_losses(theta)
        names = list(dict.fromkeys(term.name for term in self.terms))
        flat = _sum(torch.tensor([local.get(name, 0.0) for name in names], dtype=torch.float64))
        return dict(zip(names, flat.tolist(), strict=True))


def _sum(flat: Tensor) -> Tensor:
    """Sum of a vector over all processes."""
    dist.all_reduce(flat)
    return flat
