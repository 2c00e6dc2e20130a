"""The unknowns of a problem in training: free numbers behind the constants, networks behind the fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import Parameter

from kinn.errors import unknown as no_such
from kinn.fields import Field, Points
from kinn.jets import Component, Index, IndexSet
from kinn.jets.index import restricted
from kinn.networks import Architecture, Network, Tape, coordinate_stack
from kinn.problem import Problem
from kinn.unknowns import UnknownField, UnknownTerm

#: Gives the components of an unknown's network, or of the free number behind a constant.
ComponentFunction = Callable[[Index], Component]


class Unknowns(nn.Module):
    """The unknowns of a problem.

    Args:
        problem: The problem that has them.
        architecture: The network of the fields, which that of an unknown field is by default at half the width.
        seed: Fixes the initial parameters.
        dtype: float32 or float64.
    """

    def __init__(self, problem: Problem, architecture: Architecture, seed: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.problem = problem
        self._unknowns = {unknown.name: unknown for unknown in problem.unknowns}
        self.networks = nn.ModuleDict()
        self.free: Parameter | None = None
        if problem.unknown_constants:
            self.free = Parameter(torch.zeros(len(problem.unknown_constants), dtype=dtype))
        lower, upper = problem.bounds
        for n, unknown in enumerate(problem.unknown_fields):
            axes = self._axes(unknown)
            box = (lower[axes].tolist(), upper[axes].tolist())
            if isinstance(unknown, UnknownTerm):
                for name in unknown.arguments:
                    if name not in problem.names:
                        where = f"the arguments of UnknownTerm({unknown.name!r}) of problem {problem.name!r}"
                        raise no_such("field", name, problem.names, where)
                box = ([low for low, _ in unknown.within], [high for _, high in unknown.within])
            network = unknown.network or architecture.resized(0.5)
            self.networks[unknown.name] = network.build(
                len(box[0]), 1, box, seed=seed + 7_000_003 * (n + 1), dtype=dtype
            )

    def __bool__(self) -> bool:
        return self.free is not None or len(self.networks) > 0

    @property
    def affine_parameters(self) -> list[Parameter]:
        """The parameters that residuals which are affine in the unknowns are affine in."""
        parameters = [p for name in self.networks for p in self._network(name).last_layer]
        return parameters if self.free is None else [*parameters, self.free]

    def at(
        self, p: Points, index: Mapping[str, IndexSet], fields: Mapping[str, Field], tape: Tape | None = None
    ) -> dict[str, Field]:
        """Unknowns by name at points.

        Args:
            p: The N points.
            index: The derivatives that each unknown field may be asked for; those left out are not evaluated.
            fields: The fields there by name, which unknown terms depend on.
            tape: If given, records what the Jacobian needs.
        """
        stacks = {name: self._stack(name, p, derivatives, fields, tape) for name, derivatives in index.items()}
        rows = self._rows(len(p), tape) if self.free is not None else None
        numbers = {unknown.name: n for n, unknown in enumerate(self.problem.unknown_constants)}

        def component(name: str) -> ComponentFunction:
            if name in stacks:
                return lambda a: stacks[name][index[name].position[a], :, 0]
            return lambda a: rows[..., numbers[name]]  # type: ignore[index]

        return {name: self.field(name, component(name)) for name in (*numbers, *stacks)}

    def field(self, name: str, components: ComponentFunction) -> Field:
        """Unknown as a field, from the components behind it."""
        unknown = self._unknowns[name]
        axes = self._axes(unknown) if isinstance(unknown, UnknownField) else []

        def component(a: Index) -> Component:
            along = restricted(a, axes)
            return 0.0 if along is None else components(along)

        field: Field = unknown.transform(Field(self.problem.coordinates, component))
        field.name = name
        return field

    def values(self, free: Tensor | None = None) -> dict[str, float]:
        """Values of the constants by name, at the free numbers (n,) behind them or at the present ones."""
        numbers = self.free if free is None else free
        if numbers is None:
            return {}
        constants = zip(self.problem.unknown_constants, numbers.detach(), strict=True)
        return {unknown.name: float(unknown.transform(s)) for unknown, s in constants}

    def size_of(self, name: str) -> float:
        """Size of the values that an unknown takes."""
        return float(self._unknowns[name].transform.size)

    def _axes(self, unknown: UnknownField) -> list[int]:
        names = self.problem.coordinates
        return [names.index(name) for name in unknown.of] if unknown.of else list(range(len(names)))

    def _network(self, name: str) -> Network:
        network = self.networks[name]
        assert isinstance(network, Network)
        return network

    def request_arguments(self, name: str, a: Index, fields: Mapping[str, Field]) -> None:
        """Evaluate the derivatives of the fields that a derivative of an unknown needs."""
        unknown = self._unknowns[name]
        if isinstance(unknown, UnknownTerm):
            for argument in unknown.arguments:
                for b in IndexSet.closure(len(a), [a]):
                    fields[argument][b]

    def _stack(self, name: str, p: Points, index: IndexSet, fields: Mapping[str, Field], tape: Tape | None) -> Tensor:
        """Components (A, N, 1) of an unknown field's network."""
        unknown = self._unknowns[name]
        assert isinstance(unknown, UnknownField)
        if isinstance(unknown, UnknownTerm):
            arguments = [
                torch.stack([torch.as_tensor(fields[f][a], dtype=p.tensor.dtype).expand(len(p)) for a in index])
                for f in unknown.arguments
            ]
            return self._network(name).push(torch.stack(arguments, dim=2), index, tape)
        inputs = p.cached((name, index), lambda: coordinate_stack(p.tensor, index)[:, :, self._axes(unknown)])
        return self._network(name).push(inputs, index, tape)

    def _rows(self, points: int, tape: Tape | None) -> Tensor:
        """Free numbers (n,); with a tape a row of them for each point (N, n), as the Jacobian needs."""
        free = self.free
        assert free is not None
        if tape is None:
            return free
        rows = free.expand(points, -1)

        def block(adjoint: Tensor, columns: Mapping[Parameter, Tensor]) -> None:
            columns[free].add_(adjoint)

        tape.record(rows, block)
        return rows
