"""One solve on many processes, which torchrun starts: each has its share of the points, and all take the same steps.

Every sum over points (loss, gradient, J^T J with J^T r) is made of the processes' own by one all-reduce of a flat vector.
Terms are weighted by the number of all their points, so that the shares add up to what one process would find.
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
from kinn.forms import ResidualObjective
from kinn.forms.objective import FormObjective
from kinn.forms.terms import concatenate
from kinn.optim.objective import Curvature
from kinn.optim.sum_of_squares import curvature_of


def count() -> int:
    """Return how many processes solve together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Return the number of this one; 0 writes and speaks for all."""
    return dist.get_rank() if count() > 1 else 0


@contextmanager
def group() -> Iterator[None]:
    """Join the processes that torchrun started while the block lasts; alone, do nothing.

    Raises:
        InputError: If the others cannot be reached.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2 or count() > 1:
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
    if count() > 1:
        dist.barrier()


def broadcast(seconds: float) -> float:
    """Return what the clock of process 0 says: on when to stop, all must agree."""
    if count() == 1:
        return seconds
    told = torch.tensor([seconds], dtype=torch.float64)
    dist.broadcast(told, src=0)
    return float(told)


def distribute(system: FormObjective) -> FormObjective:
    """Return the system of which each process evaluates its share; alone, the system itself.

    Raises:
        InputError: If it is not that of the strong form.
    """
    if count() == 1:
        return system
    if not isinstance(system, ResidualObjective):
        raise InputError("several processes share the points of the strong form alone")
    return DistributedObjective(system)


class DistributedObjective(ResidualObjective):
    """A residual system whose points are spread over processes; what it returns is that of all of them, in each.

    Args:
        whole: The system, alike in all processes.
    """

    def __init__(self, whole: ResidualObjective) -> None:
        super().__init__(whole.trial, whole.terms)
        self._own = list(self._share(rank(), count()))

    def _share(self, mine: int, of: int) -> Iterator[tuple[int, Points, float | Tensor]]:
        """Yield the part of each term's points that a process has: every so many-th, of integrals every so many-th one."""
        for n, term in enumerate(self.terms):
            scale = self._scales[n][0]
            if term.integral:
                yield from ((n, p, scale) for p in term.blocks[mine::of])
                continue
            points = concatenate(self.trial.problem, term.blocks)
            rows = torch.arange(mine, len(points), of)
            for part in torch.split(rows, max(len(p) for p in term.blocks)):
                if len(part):
                    yield n, points.rows(part), scale

    def _blocks(self) -> Iterator[tuple[int, Points, float | Tensor]]:
        yield from self._own

    def loss(self, theta: Tensor) -> float:
        """Return the loss at theta, of all points."""
        return float(_sum(torch.tensor([super().loss(theta)], dtype=torch.float64)))

    def gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        """Return the loss and its gradient (P,) at theta, of all points."""
        loss, gradient = super().gradient(theta)
        flat = _sum(torch.cat([torch.tensor([loss], dtype=torch.float64), gradient.double()]))
        return float(flat[0]), flat[1:].to(gradient.dtype)

    def curvature(self, theta: Tensor) -> Curvature:
        """Return J^T J and J^T r, of all points."""
        own = curvature_of(super().blocks(theta), len(theta))
        size = len(theta)
        flat = _sum(torch.cat([torch.tensor([own.loss], dtype=torch.float64), own.half_gradient, own.matrix.flatten()]))
        return Curvature(float(flat[0]), flat[1 : 1 + size], flat[1 + size :].view(size, size))

    def blocks(self, theta: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the residuals and the Jacobian of each process, in order: for methods that need the rows themselves."""
        parts = [torch.cat([j, r.unsqueeze(1)], dim=1) for r, j in super().blocks(theta)]
        own = torch.cat(parts) if parts else torch.empty(0, len(theta) + 1, dtype=theta.dtype)
        lengths = _sum(torch.nn.functional.one_hot(torch.tensor(rank()), count()).double() * len(own)).long().tolist()
        padded = own.new_zeros(max(lengths), own.shape[1])
        padded[: len(own)] = own
        all_rows = [torch.empty_like(padded) for _ in lengths]
        dist.all_gather(all_rows, padded)
        for rows, length in zip(all_rows, lengths, strict=True):
            yield rows[:length, -1], rows[:length, :-1]

    def term_losses(self, theta: Tensor) -> dict[str, float]:
        """Return each term's share of the loss at theta, by name, of all points."""
        own = super().term_losses(theta)
        names = list(dict.fromkeys(term.name for term in self.terms))
        flat = _sum(torch.tensor([own.get(name, 0.0) for name in names], dtype=torch.float64))
        return dict(zip(names, flat.tolist(), strict=True))


def _sum(flat: Tensor) -> Tensor:
    """Return the sum of a vector over all processes."""
    dist.all_reduce(flat)
    return flat
