"""Trial functions on the domain: a network for each subdomain, and the ansatz of the hard conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.forms.field_scales import FieldScales
from kinn.forms.hard.ansatz import Ansatz, hard_ansatz
from kinn.forms.input_features import InputFeatures
from kinn.forms.trial_functions import FieldDerivative, TrialFunctions
from kinn.jets import Component, Index, IndexSet
from kinn.networks import Architecture, Network, Tape, embed
from kinn.problem import Array, Problem

#: Points evaluated at a time outside training, so that memory stays bounded.
BLOCK = 16384


class DomainTrial(TrialFunctions):
    """Trial functions on the domain: a network for each subdomain.

    Args:
        problem: The problem.
        architecture: The network of each subdomain.
        seed: Fixes the initial parameters.
        dtype: float32 or float64.
        scales: The scales of the fields; None for fields of size one.
    """

    def __init__(
        self,
        problem: Problem,
        architecture: Architecture,
        *,
        seed: int = 0,
        dtype: torch.dtype = torch.float64,
        scales: FieldScales | None = None,
    ) -> None:
        inputs = {name: InputFeatures(problem, name) for name in problem.subdomains}
        ansatz: dict[tuple[str, str], Ansatz | None] = {
            (name, field): hard_ansatz(problem, name, field) for name in problem.subdomains for field in problem.names
        }
        networks = nn.ModuleDict()
        for n, (name, features) in enumerate(inputs.items()):
            networks[name] = architecture.build(
                len(features.bounds[0]),
                len(problem.names),
                features.bounds,
                seed=seed + 1_000_003 * n,  # subdomains must not start from equal networks
                dtype=dtype,
                angles=features.angles,
            )
        super().__init__(problem, architecture, networks, seed=seed, dtype=dtype)
        self._inputs, self._ansatz = inputs, ansatz
        self.scales = scales or FieldScales()
        for name in problem.names:  # saved with the weights, which mean nothing without them
            number = [self.scales.shifts.get(name, 0.0), self.scales.size(name)]
            self.register_buffer(f"scale_{name}", torch.tensor(number, dtype=dtype))
        for name, features in inputs.items():
            if features.embeddings:
                self._check_periodicity(name)

    def _check_periodicity(self, subdomain: str) -> None:
        """Raise if data of hard conditions, or features, are not periodic where the network is."""
        lower, upper = self.problem.subdomains[subdomain].bounds
        for axis in self._inputs[subdomain].embeddings:
            x = lower + (upper - lower) * np.random.default_rng(0).random((32, len(lower)))
            coordinate = self.problem.coordinates[axis]
            for derivative in ("", coordinate):
                names = [f"{name}.{derivative}" if derivative else name for name in self.problem.names]
                lower_values, upper_values = (
                    self.evaluate(np.insert(np.delete(x, axis, axis=1), axis, end, axis=1), names, subdomain=subdomain)
                    for end in (lower[axis], upper[axis])
                )
                gap = np.abs(lower_values - upper_values).max(axis=0) / np.maximum(
                    1.0, np.abs(lower_values).max(axis=0)
                )
                if gap.max() > (1e-8 if self.dtype == torch.float64 else 1e-3):
                    raise InputError(
                        f"problem {self.problem.name!r} is periodic in {coordinate}, enforced hard, and data of its hard "
                        f"conditions (or a feature) is not: {names[int(gap.argmax())]} jumps; enforce one of them soft"
                    )

    @torch.no_grad()
    def embed(self, smaller: DomainTrial) -> None:
        """Parameters with which the fields and unknowns are those of a trial with smaller networks.

        Raises:
            InputError: If the networks cannot be the same functions.
        """
        if smaller.problem.output_names != self.problem.output_names or set(smaller.networks) != set(self.networks):
            raise InputError(f"networks of problem {smaller.problem.name!r} do not solve {self.problem.name!r}")
        for name in self.networks:
            embed(smaller.network(name), self.network(name))
        for name, network in self.unknowns.networks.items():
            assert isinstance(network, Network)
            old = smaller.unknowns.networks[name]
            assert isinstance(old, Network)
            embed(old, network)
        if self.unknowns.free is not None and smaller.unknowns.free is not None:
            self.unknowns.free.copy_(smaller.unknowns.free)

    @property
    def backend(self) -> str:
        index = IndexSet.full(len(self.problem.coordinates), 1)
        return self.network(next(iter(self.problem.subdomains))).backend(index)

    def inputs(self, subdomain: str, p: Points) -> Tensor:
        """Inputs (N, inputs) of the network of a subdomain at points."""
        return self._inputs[subdomain].stack(p, IndexSet.closure(self.problem.dimension, []))[0]

    def size_of(self, name: str) -> float:
        """Size of a field or unknown field, by which its residuals become dimensionless."""
        return self.scales.size(name) if name in self.problem.names else self.unknowns.size_of(name)

    def fields(self, subdomain: str, p: Points, index: IndexSet, tape: Tape | None = None) -> dict[str, Field]:
        """Fields of a subdomain by name at points.

        Args:
            subdomain: Its name.
            p: The N points.
            index: The derivatives of the network that the fields may be asked for.
            tape: If given, records what the Jacobian needs.
        """
        stack = self.outputs(subdomain, p, index, tape)

        def component(channel: int, name: str) -> Callable[[Index], Component]:
            return lambda a: self.scales.apply(name, a, stack[index.position[a], :, channel])

        return self._apply_ansatz(subdomain, p, [component(c, name) for c, name in enumerate(self.problem.names)])

    def outputs(self, subdomain: str, p: Points, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Stack (A, N, C) of the outputs of a subdomain's network; the arguments are those of `fields`."""
        inputs = p.cached((subdomain, index), lambda: self._inputs[subdomain].stack(p, index))
        return self.network(subdomain).push(inputs, index, tape)

    def is_constrained(self, field: str) -> bool:
        """Whether hard conditions restrict a field somewhere."""
        return any(ansatz is not None for (_, name), ansatz in self._ansatz.items() if name == field)

    def traces(
        self,
        subdomains: Sequence[str],
        p: Points,
        index: Sequence[IndexSet],
        unknown_index: Sequence[Mapping[str, IndexSet]],
        tape: Tape | None = None,
    ) -> tuple[list[dict[str, Field]], Points]:
        """Fields by name on each side of a condition, and the points with the unknowns bound to them.

        Args:
            subdomains: The subdomain of each side.
            p: The points; those of the sides are opposite to them.
            index: As for `fields`, for each side.
            unknown_index: The derivatives that the unknown fields may be asked for, for each side.
            tape: If given, records what the Jacobian needs.
        """
        traces = [
            self.fields(s, p.side(n), derivatives, tape)
            for n, (s, derivatives) in enumerate(zip(subdomains, index, strict=True))
        ]
        if not self.unknowns:
            return traces, p
        unknowns = [
            self.unknowns.at(p.side(n), unknown_index[n], traces[min(n, len(traces) - 1)], tape)
            for n in range(1 + len(p.paired_points))
        ]
        return self._bind_unknowns(traces, p, unknowns)

    def record_traces(
        self, subdomains: Sequence[str], p: Points, answer: Callable[[int, str, Index], Component]
    ) -> tuple[list[dict[str, Field]], Points]:
        """Fields and points as of `traces`, whose derivatives are `answer(side, field, index)` and not the networks'.

        So `answer` learns which derivatives an expression needs; of an unknown constant it is asked for the free number
        behind it, as the zeroth derivative.
        """

        def of_unknown(side: int, name: str, a: Index) -> Component:
            self.unknowns.request_arguments(name, a, traces[min(side, len(traces) - 1)])
            return answer(side, name, a)

        traces = [
            self._apply_ansatz(s, p.side(n), [partial(answer, n, name) for name in self.problem.names])
            for n, s in enumerate(subdomains)
        ]
        if not self.unknowns:
            return traces, p
        unknowns = [
            {u.name: self.unknowns.field(u.name, partial(of_unknown, n, u.name)) for u in self.problem.unknowns}
            for n in range(1 + len(p.paired_points))
        ]
        return self._bind_unknowns(traces, p, unknowns)

    def _bind_unknowns(
        self, traces: list[dict[str, Field]], p: Points, unknowns: list[dict[str, Field]]
    ) -> tuple[list[dict[str, Field]], Points]:
        """Fields with the unknowns beside them, and points that have the unknowns as attributes."""
        sides = [trace | unknowns[n if n < len(unknowns) else 0] for n, trace in enumerate(traces)]
        return sides, p.with_bindings(unknowns)

    def _apply_ansatz(
        self, subdomain: str, p: Points, leaves: Sequence[Callable[[Index], Component]]
    ) -> dict[str, Field]:
        """Trial functions from the components of the networks."""
        out = {}
        for name, leaf in zip(self.problem.names, leaves, strict=True):
            field = Field(self.problem.coordinates, leaf, name)
            ansatz = self._ansatz[subdomain, name]
            if ansatz is not None:
                # what depends on the points alone is computed once for points that are used again and again
                trial_map = p.cached((subdomain, name), lambda ansatz=ansatz: ansatz(p))  # type: ignore[misc]
                field = trial_map(field)
                field.name = name
            out[name] = field
        return out

    def values(self, subdomain: str, points: Array, wanted: Sequence[FieldDerivative]) -> Array:
        below = IndexSet.closure(self.problem.dimension, [a for _, a in wanted])
        unknown_index = {
            u.name: below for u in self.problem.unknown_fields if any(field == u.name for field, _ in wanted)
        }
        index = self._network_derivatives(subdomain, points[:1], wanted)
        out = np.empty((len(points), len(wanted)))
        for rows in np.array_split(np.arange(len(points)), -(-len(points) // BLOCK)):
            with torch.no_grad():
                p = self.problem.points(torch.as_tensor(points[rows], dtype=self.dtype))
                (fields,), _ = self.traces([subdomain], p, [index], [unknown_index])
                for column, (field, a) in enumerate(wanted):
                    out[rows, column] = torch.as_tensor(fields[field][a]).numpy()
        return out

    def _network_derivatives(self, subdomain: str, x: Array, wanted: Sequence[FieldDerivative]) -> IndexSet:
        """Derivatives of the network that those of the fields need: hard conditions may need more."""
        requested: set[Index] = set()

        def answer(side: int, field: str, a: Index) -> Component:  # noqa: ARG001
            if field in self.problem.names:
                requested.add(a)
            return 1.0

        (fields,), _ = self.record_traces(
            [subdomain], self.problem.points(torch.as_tensor(x, dtype=self.dtype)), answer
        )
        for field, a in wanted:
            fields[field][a]
        return IndexSet.closure(self.problem.dimension, requested)
