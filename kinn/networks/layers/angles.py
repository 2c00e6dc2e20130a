"""Angles of periodic coordinates, from their cosines and sines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from math import pi

import torch
from torch import Tensor

from kinn.jets import IndexSet, compose
from kinn.networks.jacobian_tape import Tape
from kinn.networks.layers.layer import Layer


class Angles(Layer):
    """The map of the waves of each periodic coordinate to its angle over pi, from -1 to 1; other inputs stay.

    Args:
        inputs: The number of inputs.
        angles: The number of the cosine of each periodic coordinate and how many inputs it has: cos, sin, cos 2, ...
    """

    def __init__(self, inputs: int, angles: Mapping[int, int]) -> None:
        super().__init__()
        skipped = {n + k for n, length in angles.items() for k in range(1, length)}
        #: The number of the first input of each output.
        self.first = [n for n in range(inputs) if n not in skipped]
        #: The numbers of the outputs that are angles.
        self.periodic = [k for k, n in enumerate(self.first) if n in angles]

    def forward(self, x: Tensor) -> Tensor:
        columns = [x[..., n] for n in self.first]
        for k in self.periodic:
            n = self.first[k]
            columns[k] = torch.atan2(x[..., n + 1], x[..., n]) / pi
        return torch.stack(columns, dim=-1)

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        columns = [stack[..., n : n + 1] for n in self.first]
        for k in self.periodic:
            cosine, sine = stack[..., self.first[k], None], stack[..., self.first[k] + 1, None]
            c, s = cosine[0].detach(), sine[0].detach()
            # the sine of the angle from that at the point itself, where it is zero
            angle = compose(arcsine, c * sine - s * cosine, index) / pi
            columns[k] = torch.cat([(angle[0] + torch.atan2(s, c) / pi).unsqueeze(0), angle[1:]])
        return torch.cat(columns, dim=-1)


def arcsine(w: Tensor) -> Iterator[Tensor]:
    """Yield the arcsine and its derivatives, polynomials of w times powers of (1 - w^2)^(-1/2)."""
    yield w.asin()
    root = (1 - w * w).rsqrt()
    polynomial = torch.ones(1, dtype=w.dtype)
    for m in count(1):
        yield sum(c * w**n for n, c in enumerate(polynomial.tolist())) * root ** (2 * m - 1)
        # d/dw p (1 - w^2)^-(m - 1/2) = (p' (1 - w^2) + (2 m - 1) w p) (1 - w^2)^-(m + 1/2)
        powers = torch.arange(len(polynomial), dtype=w.dtype)
        following = torch.zeros(len(polynomial) + 1, dtype=w.dtype)
        following[: len(polynomial) - 1] += (powers * polynomial)[1:]
        following[1:] += (2 * m - 1 - powers) * polynomial
        polynomial = following
