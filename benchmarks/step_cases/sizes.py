"""The sizes of a step, its points, and the protocol of a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

#: One step: the loss and its gradient with respect to all parameters.
Step: TypeAlias = Callable[[], Any]

#: The number of points of the step that warms a case up before its memory is measured.
TINY = 16


@dataclass(frozen=True)
class Sizes:
    """The sizes of a step.

    Attributes:
        width: The hidden widths.
        grid: The number of grid intervals.
        degree: The degree of the splines.
        points: The number N of points.
        dtype: "float32" or "float64".
        device: A torch device.
        seed: Fixes points and parameters.
    """

    width: tuple[int, ...] = (16, 16)
    grid: int = 10
    degree: int = 3
    points: int = 4096
    dtype: str = "float32"
    device: str = "cpu"
    seed: int = 0

    @property
    def precision(self) -> torch.dtype:
        """The torch dtype."""
        return {"float32": torch.float32, "float64": torch.float64}[self.dtype]

    @property
    def layers(self) -> tuple[int, ...]:
        """The widths of all layers, two inputs and one output included."""
        return (2, *self.width, 1)


@dataclass(frozen=True)
class Case:
    """A case to be timed.

    Attributes:
        timed: The functions to time, by name; the memory of the first one is measured.
        tiny: The first one at TINY points.
        facts: Further values for the tables, such as the number of parameters.
        late_facts: Returns facts that are known only after the steps.
    """

    timed: dict[str, Step]
    tiny: Step
    facts: dict[str, Any] = field(default_factory=dict)
    late_facts: Callable[[], dict[str, Any]] = dict


def draw(sizes: Sizes) -> tuple[Tensor, Tensor]:
    """Return the points (N, 2), uniform on [-1, 1]^2, and the source -2 pi^2 sin(pi x) sin(pi y) there (N,)."""
    generator = torch.Generator().manual_seed(sizes.seed)
    x = torch.rand(sizes.points, 2, generator=generator, dtype=torch.float64) * 2 - 1
    source = -2 * torch.pi**2 * torch.sin(torch.pi * x).prod(dim=1)
    return x.to(sizes.device, sizes.precision), source.to(sizes.device, sizes.precision)


def case_of(sizes: Sizes, step_at: Callable[[Tensor, Tensor], Step], network: nn.Module, **facts: Any) -> Case:
    """Return the case of one network's step.

    Args:
        sizes: The sizes.
        step_at: Returns the step for points (N, 2) and the source (N,) at them.
        network: The module with the parameters.
        facts: Further values for the tables.
    """
    x, source = draw(sizes)
    parameters = sum(p.numel() for p in network.parameters() if p.requires_grad)
    # copies: the tiny step must not keep or mark the points of the large one
    tiny = step_at(x[:TINY].clone(), source[:TINY].clone())
    return Case({"step": step_at(x, source)}, tiny, {"parameters": parameters, **facts})
