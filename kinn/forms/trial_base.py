"""Trial functions: what those of every form have in common, wherever their networks live."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import nn

from kinn.errors import InputError, unknown
from kinn.fields import derivative_index
from kinn.forms.parameters import FlatParameters
from kinn.forms.unknowns import Unknowns
from kinn.jets import Index
from kinn.networks import Architecture, Network
from kinn.problem import Array, Problem

#: A field with the derivative of it that is wanted.
Wanted: TypeAlias = tuple[str, Index]


class TrialFunctions(nn.Module, ABC):
    """The functions among which a solution is sought, and, once trained, the solution.

    Args:
        problem: What is to be solved.
        architecture: The network of each part.
        networks: The networks, made from it.
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
        """The number P of trainable parameters."""
        return self.flat.size

    @property
    @abstractmethod
    def backend(self) -> str:
        """The name of the back end that evaluates the networks."""

    def direct_solution(self) -> Any:
        """Evaluated fields of the same discretisation solved without networks, or None where there is no such solution."""
        return None

    def network(self, name: str) -> Network:
        """Return the network of a part by its name."""
        network = self.networks[name]
        assert isinstance(network, Network)
        return network

    def last_layer(self) -> torch.Tensor:
        """Return the positions in the flat vector of the parameters that the fields are affine in."""
        parameters = [p for name in self.networks for p in self.network(name).last_layer]
        slices = [self.flat.slices[p] for p in (*parameters, *self.unknowns.affine_parameters)]
        return torch.cat([torch.arange(s.start, s.stop) for s in slices])

    def evaluate(self, points: Array, expressions: str | Iterable[str], *, subdomain: str | None = None) -> Array:
        """Return fields and derivatives at points, each taken from the subdomain that contains the point.

        Args:
            points: A `N x d` array.
            expressions: "u", "u.x", "u.xy", or several of them.
            subdomain: If given, all points are taken to lie in this one (its side of an interface, say).

        Returns:
            A `N` array for one expression, `N x len(expressions)` for several; NaN outside the domain.

        Raises:
            InputError: If the points have the wrong shape or an expression names no field or coordinate.
        """
        return evaluated(self.problem, self.values, points, expressions, subdomain)

    @abstractmethod
    def values(self, subdomain: str, points: Array, wanted: Sequence[Wanted]) -> Array:
        """Return fields and derivatives (N, len(wanted)) at points (N, d), N > 0, of a subdomain."""


def evaluated(
    problem: Problem,
    values: Callable[[str, Array, Sequence[Wanted]], Array],
    points: Array,
    expressions: str | Iterable[str],
    subdomain: str | None = None,
) -> Array:
    """Return fields and derivatives at points; see `TrialFunctions.evaluate`.

    Args:
        problem: The problem.
        values: Gives them at points of one subdomain.
        points: A `N x d` array.
        expressions: What is asked for.
        subdomain: If given, all points are taken to lie in this one.
    """
    names = [expressions] if isinstance(expressions, str) else list(expressions)
    x = np.asarray(points, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] != problem.dimension:
        raise InputError(f"points have shape (N, {problem.dimension}), not {x.shape}")
    wanted = [parsed(problem, name) for name in names]
    out = np.full((len(x), len(names)), np.nan)
    free = np.ones(len(x), dtype=bool)
    for name, geometry in problem.subdomains.items():
        if subdomain is None:
            here = np.flatnonzero(free & geometry.contains(x))
            free[here] = False
        else:
            here = np.arange(len(x)) if name == subdomain else np.arange(0)
        if len(here):
            out[here] = values(name, x[here], wanted)
    return out[:, 0] if isinstance(expressions, str) else out


def parsed(problem: Problem, expression: str) -> Wanted:
    """Return field and multi-index of "u.xy".

    Raises:
        InputError: If there is no such field or coordinate.
    """
    field, _, letters = expression.partition(".")
    if field not in problem.output_names:
        raise unknown("field", field, problem.output_names, f"problem {problem.name!r}")
    return field, derivative_index(letters, problem.coordinates, field)
