"""Trial functions of every form: networks, unknowns, and all their parameters as one flat vector."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import Parameter

from kinn.errors import InputError, check_name
from kinn.fields import derivative_index
from kinn.forms.unknowns import Unknowns
from kinn.jets import Index
from kinn.networks import Architecture, Network
from kinn.problem import Array, Problem

#: A field and one of its derivatives.
FieldDerivative: TypeAlias = tuple[str, Index]


class FlatParameters:
    """One vector that the parameters of a module are views of, so that optimisers see plain linear algebra.

    Args:
        module: Its trainable parameters are moved into the vector; the module goes on working.
    """

    def __init__(self, module: nn.Module) -> None:
        self.parameters: list[Parameter] = [p for p in module.parameters() if p.requires_grad]
        with torch.no_grad():
            self.vector = torch.cat([p.detach().flatten() for p in self.parameters])
        self.slices: dict[Parameter, slice] = {}
        start = 0
        for p in self.parameters:
            stop = start + p.numel()
            self.slices[p] = slice(start, stop)
            p.data = self.vector[start:stop].view(p.shape)
            start = stop

    @property
    def size(self) -> int:
        """The number P of parameters."""
        return len(self.vector)

    def get(self) -> Tensor:
        """Copy of the vector (P,)."""
        return self.vector.clone()

    def set(self, theta: Tensor) -> None:
        """Give the module the parameters theta (P,)."""
        self.vector.copy_(theta)

    def gradient(self, loss: Tensor, *, keep: bool = False) -> Tensor:
        """Gradient (P,) of a loss with respect to the vector; `keep` its graph for another one."""
        gradients = torch.autograd.grad(loss, self.parameters, retain_graph=keep, allow_unused=True)
        pairs = zip(self.parameters, gradients, strict=True)
        return torch.cat([(torch.zeros_like(p) if g is None else g).flatten() for p, g in pairs])


class TrialFunctions(nn.Module, ABC):
    """The functions among which a solution is sought, and, once trained, the solution.

    Args:
        problem: The problem.
        architecture: The network of each part.
        networks: The networks by the names of their parts.
        seed: Fixes the initial parameters of the unknowns.
        dtype: float32 or float64.
    """

    def __init__(
        self, problem: Problem, architecture: Architecture, networks: nn.ModuleDict, *, seed: int, dtype: torch.dtype
    ) -> None:
        super().__init__()
        self.problem = problem
        self.architecture = architecture
        self.dtype = dtype
        self.networks = networks
        self.unknowns = Unknowns(problem, architecture, seed, dtype)
        self.flat = FlatParameters(self)

    @property
    def parameter_count(self) -> int:
        """The number of parameters: the P that are trained, and those of frozen networks that they correct."""
        return sum(p.numel() for p in self.parameters())

    @property
    @abstractmethod
    def backend(self) -> str:
        """The name of the back end that evaluates the networks."""

    @abstractmethod
    def values(self, subdomain: str, points: Array, wanted: Sequence[FieldDerivative]) -> Array:
        """Fields and derivatives (N, len(wanted)) at points (N, d), N > 0, of a subdomain."""

    def direct_solution(self) -> Any:
        """Evaluated fields of the same discretisation solved without networks; None where there are none."""
        return None

    def network(self, name: str) -> Network:
        """Network of a part by its name."""
        network = self.networks[name]
        assert isinstance(network, Network)
        return network

    def last_layer(self) -> Tensor:
        """Positions in the flat vector of the parameters that the fields are affine in."""
        parameters = [p for name in self.networks for p in self.network(name).last_layer]
        slices = [self.flat.slices[p] for p in (*parameters, *self.unknowns.affine_parameters)]
        return torch.cat([torch.arange(s.start, s.stop) for s in slices])

    def evaluate(self, points: Array, expressions: str | Iterable[str], *, subdomain: str | None = None) -> Array:
        """Fields and derivatives at points, each taken from the subdomain that contains the point.

        Args:
            points: A `N x d` array.
            expressions: "u", "u.x", "u.xy", or several of them.
            subdomain: If given, all points are taken to lie in this one (its side of an interface, say).

        Returns:
            A `N` array for one expression, `N x len(expressions)` for several; NaN outside the domain.

        Raises:
            InputError: If the points have the wrong shape or an expression names no field or coordinate.
        """
        return evaluate_expressions(self.problem, self.values, points, expressions, subdomain)


def evaluate_expressions(
    problem: Problem,
    values: Callable[[str, Array, Sequence[FieldDerivative]], Array],
    points: Array,
    expressions: str | Iterable[str],
    subdomain: str | None = None,
) -> Array:
    """Fields and derivatives at points of the whole domain, as of `TrialFunctions.evaluate`.

    `values` evaluates them in one subdomain; see `TrialFunctions.values`.
    """
    names = [expressions] if isinstance(expressions, str) else list(expressions)
    x = np.asarray(points, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] != problem.dimension:
        raise InputError(f"points have shape (N, {problem.dimension}), not {x.shape}")
    wanted = [parse_expression(problem, name) for name in names]
    out = np.full((len(x), len(names)), np.nan)
    unassigned = np.ones(len(x), dtype=bool)
    for name, geometry in problem.subdomains.items():
        if subdomain is None:
            rows = np.flatnonzero(unassigned & geometry.contains(x))
            unassigned[rows] = False
        else:
            rows = np.arange(len(x)) if name == subdomain else np.arange(0)
        if len(rows):
            out[rows] = values(name, x[rows], wanted)
    return out[:, 0] if isinstance(expressions, str) else out


def parse_expression(problem: Problem, expression: str) -> FieldDerivative:
    """Field and multi-index of "u.xy".

    Raises:
        InputError: If there is no such field or coordinate.
    """
    field, _, letters = expression.partition(".")
    check_name("field", field, problem.output_names, f"problem {problem.name!r}")
    return field, derivative_index(letters, problem.coordinates, field)
