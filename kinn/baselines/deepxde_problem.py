"""DeepXDE: problems as its data objects, networks as its nets (extra `deepxde`).

Importing this module does not import DeepXDE, which sets defaults of torch; its PyTorch back end is used.
(DeepXDE: Lu, Meng, Mao and Karniadakis, SIAM Rev. 63, 2021, 208.)
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.fields import Field
from kinn.forms import DomainTrial, strong_form
from kinn.forms.terms import Term, concatenate, evaluate
from kinn.jets import Component, Index
from kinn.jets.index import trace_axes
from kinn.networks import Architecture, Network
from kinn.problem import Problem

#: The back end of DeepXDE that shares tensors with KINN.
BACKEND = "pytorch"


def deepxde() -> ModuleType:
    """DeepXDE, imported with its PyTorch back end.

    Raises:
        InputError: If it is not installed, or runs on another back end.
    """
    if find_spec("deepxde") is None:
        raise InputError("DeepXDE is not installed: pip install 'kinn[deepxde]'")
    os.environ.setdefault("DDE_BACKEND", BACKEND)
    import deepxde as dde

    backend = dde.backend.backend_name
    if backend != BACKEND:
        raise InputError(
            f"DeepXDE runs on {backend!r}, and tensors are shared with {BACKEND!r} alone: DDE_BACKEND={BACKEND}"
        )
    return dde  # type: ignore[no-any-return]


def check(problem: Problem) -> None:
    """Refuse a problem that DeepXDE cannot state.

    Raises:
        InputError: If the problem has several subdomains, or something to be identified.
    """
    if len(problem.subdomains) > 1:
        raise InputError(f"problem {problem.name!r} has several subdomains, and DeepXDE has one network for all")
    if problem.unknowns:
        raise InputError(f"problem {problem.name!r} has unknowns besides its fields, which the bridge leaves out")
    if any(callable(f) for f in problem.features_of(next(iter(problem.subdomains)))):
        raise InputError(f"problem {problem.name!r} gives its networks features, which the bridge leaves out")


def with_soft_conditions(problem: Problem) -> Problem:
    """Problem with every condition as a term of the loss.

    Raises:
        InputError: If DeepXDE cannot state the problem.
    """
    check(problem)
    return replace(problem, conditions=[condition.softened() for condition in problem.conditions])


def to_deepxde(problem: Problem, *, points: int | None = None, seed: int = 0) -> Any:
    """Problem as DeepXDE's data object, a `deepxde.data.PDE`, with KINN's points.

    The residuals are KINN's, evaluated on DeepXDE's nested derivatives; hard conditions become terms of the loss.

    Args:
        problem: The problem, in strong form.
        points: The number of interior points; None for the problem's own.
        seed: Fixes the points.

    Raises:
        InputError: If DeepXDE is not installed, or cannot state the problem.
    """
    from kinn.networks import MLP
    from kinn.solver import collocation_count

    dde = deepxde()
    soft = with_soft_conditions(problem)
    trial = DomainTrial(soft, MLP((1,)))
    objective = strong_form(trial, points=points or collocation_count(trial), seed=seed)
    interior = [term for term in objective.terms if term.interior]
    conditions = [term for term in objective.terms if not term.interior]
    for term in objective.terms:
        if term.integral:
            raise InputError(f"{term.name} is an integral, which DeepXDE's data object has no place for")
    if not interior:
        raise InputError(f"problem {problem.name!r} has no equation for DeepXDE to train on")
    (pde,) = interior

    def residual(x: Tensor, y: Tensor) -> list[Tensor]:
        p = soft.points(x)
        values = evaluate(pde, [nested_fields(soft, x, y)], p)
        return [row.reshape(-1, 1) for row in values]

    anchors = concatenate(soft, pde.blocks).tensor.detach().cpu().numpy()
    boundary = [_DeepXDECondition(soft, term) for term in conditions]
    return dde.data.PDE(_geometry(dde, soft), residual, boundary, num_domain=0, anchors=anchors)


class _DeepXDECondition:
    """A condition with the methods of DeepXDE's: its points, and its error there.

    Args:
        problem: The problem.
        term: The condition as a term of the strong form.
    """

    def __init__(self, problem: Problem, term: Term) -> None:
        self.problem, self.term = problem, term
        self.points = concatenate(problem, term.blocks)

    def collocation_points(self, _: Any) -> Any:
        """Points (N, d), those of each side one after another."""
        sides = [self.points, *self.points.paired_points]
        return np.concatenate([side.tensor.detach().cpu().numpy() for side in sides])

    def error(self, _: Any, inputs: Tensor, outputs: Tensor, beg: int, end: int, aux_var: Any = None) -> Tensor:
        """Residuals (N, 1), those of several equations one after another."""
        count = len(self.points)
        sides = [nested_fields(self.problem, inputs, outputs, slice(at, at + count)) for at in range(beg, end, count)]
        traces = [sides[min(n, len(sides) - 1)] for n in range(len(self.term.subdomains))]
        return evaluate(self.term, traces, self.points.map(lambda data: data.to(inputs.dtype))).reshape(-1, 1)


def nested_fields(problem: Problem, x: Tensor, y: Tensor, rows: slice = slice(None)) -> dict[str, Field]:
    """Fields of a net's outputs at some of its points, with derivatives by nested automatic differentiation.

    Args:
        problem: The problem, which names them.
        x: The inputs (N, d), which require gradients.
        y: The outputs (N, C).
        rows: The rows of the points.
    """

    def leaf(channel: int) -> Callable[[Index], Component]:
        known: dict[Index, Tensor] = {(0,) * problem.dimension: y[:, channel]}

        def derivative(a: Index) -> Tensor:
            if axes := trace_axes(a):
                second = [tuple(2 * (n == axis) for n in range(problem.dimension)) for axis in axes]
                return torch.stack([derivative(b) for b in second]).sum(dim=0)
            if a not in known:
                axis = next(n for n, order in enumerate(a) if order)
                lower = derivative(tuple(order - (n == axis) for n, order in enumerate(a)))
                slopes = torch.autograd.grad(lower.sum(), x, create_graph=True)[0]
                for n in range(problem.dimension):
                    known.setdefault(tuple(o - (m == axis) + (m == n) for m, o in enumerate(a)), slopes[:, n])
            return known[a]

        return lambda a: derivative(a)[rows]

    return {name: Field(problem.coordinates, leaf(c), name) for c, name in enumerate(problem.names)}


def _geometry(dde: ModuleType, problem: Problem) -> Any:
    """Domain as a geometry of DeepXDE's."""
    (domain,) = problem.subdomains.values()
    lower, upper = (np.asarray(corner, dtype=np.float64) for corner in domain.bounds)

    class DomainAsDeepXDE(dde.geometry.geometry.Geometry):  # type: ignore[name-defined,misc]
        """A geometry of KINN with the methods of DeepXDE's."""

        def __init__(self) -> None:
            super().__init__(len(lower), (lower, upper), float(np.linalg.norm(upper - lower)))

        def inside(self, x: Any) -> Any:
            return domain.contains(np.asarray(x, dtype=np.float64))

        def on_boundary(self, x: Any) -> Any:
            steps = 1e-6 * self.diam * np.concatenate([np.eye(self.dim), -np.eye(self.dim)])
            around = np.stack([domain.contains(np.asarray(x, dtype=np.float64) + step) for step in steps])
            return around.any(axis=0) & ~around.all(axis=0)

        def random_points(self, n: int, random: str = "pseudo") -> Any:
            return domain.sample(n, method="random", seed=int(np.random.default_rng().integers(2**31)))

        def random_boundary_points(self, n: int, random: str = "pseudo") -> Any:
            return domain.boundary("boundary").sample(n, seed=int(np.random.default_rng().integers(2**31))).points

    return DomainAsDeepXDE()


def as_deepxde_net(network: Architecture | Network, inputs: int = 0, outputs: int = 0, **build: Any) -> Any:
    """Network of KINN as one of DeepXDE's, for `deepxde.Model` to train.

    Args:
        network: An architecture, which is built, or a network.
        inputs: The number of coordinates, for an architecture.
        outputs: The number of fields, for an architecture.
        **build: Further arguments of `Architecture.build`: `bounds`, `seed`.

    Raises:
        InputError: If DeepXDE is not installed.
    """
    dde = deepxde()
    real = dde.config.real(torch)
    module = network.build(inputs, outputs, dtype=real, **build) if isinstance(network, Architecture) else network

    class NetworkAsDeepXDE(dde.nn.NN):  # type: ignore[name-defined,misc]
        """A network of KINN."""

        def __init__(self) -> None:
            super().__init__()
            self.network = module

        def forward(self, x: Tensor) -> Tensor:
            """Fields (N, C) at points (N, d)."""
            y: Tensor = module(x if self._input_transform is None else self._input_transform(x))
            return y if self._output_transform is None else self._output_transform(x, y)

    return NetworkAsDeepXDE()
