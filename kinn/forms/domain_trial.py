"""Trial functions on the domain: networks, one a subdomain, dressed with the hard conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import nn

from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.forms.hard.ansatz import Ansatz, hard_ansatz
from kinn.forms.input_features import InputFeatures
from kinn.forms.trial_base import TrialFunctions, Wanted
from kinn.jets import Component, Index, IndexSet
from kinn.networks import Architecture, Tape
from kinn.problem import Array, Problem

#: Points evaluated at a time outside training, so that memory stays bounded.
BLOCK = 16384


class DomainTrial(TrialFunctions):
    """Trial functions on the domain: a network for each subdomain.

    Args:
        problem: What is to be solved.
        architecture: The network of each subdomain.
        seed: Fixes the initial parameters.
        dtype: float32 or float64.
    """

    def __init__(
        self, problem: Problem, architecture: Architecture, *, seed: int = 0, dtype: torch.dtype = torch.float64
    ) -> None:
        networks = nn.ModuleDict()
        taken: dict[str, InputFeatures] = {}
        ansatz: dict[tuple[str, str], Ansatz | None] = {}
        for n, name in enumerate(problem.subdomains):
            inputs = taken[name] = InputFeatures(problem, name)
            networks[name] = architecture.build(
                len(inputs.bounds[0]),
                len(problem.names),
                inputs.bounds,
                seed=seed + 1_000_003 * n,  # subdomains must not start from equal networks
                dtype=dtype,
            )
            for field in problem.names:
                ansatz[name, field] = hard_ansatz(problem, name, field)
        super().__init__(problem, architecture, networks, seed=seed, dtype=dtype)
        self._inputs, self._ansatz = taken, ansatz
        for name in problem.subdomains:
            self._check_cycles(name)

    def _check_cycles(self, subdomain: str) -> None:
        """Raise if data of hard conditions, or features, are not periodic where the network is."""
        lower, upper = self.problem.subdomains[subdomain].bounds
        for axis in self._inputs[subdomain].cycles:
            x = lower + (upper - lower) * np.random.default_rng(0).random((32, len(lower)))
            across = self.problem.coordinates[axis]
            for derivative in ("", across):
                names = [f"{name}.{derivative}" if derivative else name for name in self.problem.names]
                here, there = (
                    self.evaluate(np.insert(np.delete(x, axis, axis=1), axis, end, axis=1), names, subdomain=subdomain)
                    for end in (lower[axis], upper[axis])
                )
                gap = np.abs(here - there).max(axis=0) / np.maximum(1.0, np.abs(here).max(axis=0))
                if gap.max() > (1e-8 if self.dtype == torch.float64 else 1e-3):
                    raise InputError(
                        f"problem {self.problem.name!r} is periodic in {across}, enforced hard, and data of its hard "
                        f"conditions (or a feature) is not: {names[int(gap.argmax())]} jumps; enforce one of them soft"
                    )

    @property
    def backend(self) -> str:
        """The name of the back end that evaluates the networks."""
        index = IndexSet.full(len(self.problem.coordinates), 1)
        return self.network(next(iter(self.problem.subdomains))).backend(index)

    def fields(self, subdomain: str, p: Points, index: IndexSet, tape: Tape | None = None) -> dict[str, Field]:
        """Return the fields of a subdomain by name at points.

        Args:
            subdomain: Its name.
            p: The N points.
            index: The derivatives of the network that the fields may be asked for.
            tape: If given, records what the Jacobian needs.
        """
        inputs = p.cached((subdomain, index), lambda: self._inputs[subdomain].stack(p, index))
        stack = self.network(subdomain).push(inputs, index, tape)

        def leaf(channel: int) -> Callable[[Index], Component]:
            return lambda a: stack[index.position[a], :, channel]

        return self._apply_ansatz(subdomain, p, [leaf(c) for c in range(len(self.problem.names))])

    def traces(
        self,
        subdomains: Sequence[str],
        p: Points,
        index: Sequence[IndexSet],
        sought: Sequence[Mapping[str, IndexSet]],
        tape: Tape | None = None,
    ) -> tuple[list[dict[str, Field]], Points]:
        """Return the fields by name on each side of a condition, and the points with the unknowns bound to them.

        Args:
            subdomains: The subdomain of each side.
            p: The points; those of the sides are opposite to them.
            index: As for `fields`, for each side.
            sought: The derivatives that the unknown fields may be asked for, for each side.
            tape: If given, records what the Jacobian needs.
        """
        traces = [
            self.fields(s, p.side(n), own, tape) for n, (s, own) in enumerate(zip(subdomains, index, strict=True))
        ]
        if not self.unknowns:
            return traces, p
        places = range(1 + len(p.paired_points))
        return self._bind_unknowns(
            traces, p, [self.unknowns.at(p.side(n), sought[n], traces[min(n, len(traces) - 1)], tape) for n in places]
        )

    def record_traces(
        self, subdomains: Sequence[str], p: Points, answer: Callable[[int, str, Index], Component]
    ) -> tuple[list[dict[str, Field]], Points]:
        """Return what `traces` does, with derivatives given by `answer(side, field, index)`, not by the networks.

        What `answer` is asked for are the derivatives that an expression needs. Of an unknown constant it is asked for
        the free number behind it, as the zeroth derivative.
        """

        def leaf(side: int, name: str) -> Callable[[Index], Component]:
            return lambda a: answer(side, name, a)

        def unknown(side: int, name: str) -> Callable[[Index], Component]:
            def component(a: Index) -> Component:
                self.unknowns.request_arguments(name, a, traces[min(side, len(traces) - 1)])
                return answer(side, name, a)

            return component

        traces = [
            self._apply_ansatz(s, p.side(n), [leaf(n, name) for name in self.problem.names])
            for n, s in enumerate(subdomains)
        ]
        if not self.unknowns:
            return traces, p
        named = [u.name for u in self.problem.unknowns]
        places = range(1 + len(p.paired_points))
        return self._bind_unknowns(
            traces, p, [{u: self.unknowns.field(u, unknown(n, u)) for u in named} for n in places]
        )

    def _bind_unknowns(
        self, traces: list[dict[str, Field]], p: Points, unknowns: list[dict[str, Field]]
    ) -> tuple[list[dict[str, Field]], Points]:
        """Return fields with the unknowns beside them, and points that call the unknowns by name."""
        sides = [trace | unknowns[n if n < len(unknowns) else 0] for n, trace in enumerate(traces)]
        return sides, p.with_bindings(unknowns)

    def _apply_ansatz(
        self, subdomain: str, p: Points, leaves: Sequence[Callable[[Index], Component]]
    ) -> dict[str, Field]:
        """Return the fields g + d N from the networks' components."""
        out = {}
        for name, leaf in zip(self.problem.names, leaves, strict=True):
            field = Field(self.problem.coordinates, leaf, name)
            ansatz = self._ansatz[subdomain, name]
            if ansatz is not None:
                # what depends on the points alone is computed once for points that are used again and again
                dress = p.cached((subdomain, name), lambda ansatz=ansatz: ansatz(p))  # type: ignore[misc]
                field = dress(field)
                field.name = name
            out[name] = field
        return out

    def values(self, subdomain: str, points: Array, wanted: Sequence[Wanted]) -> Array:
        """Return fields and derivatives (N, len(wanted)) at points (N, d), N > 0, of a subdomain."""
        below = IndexSet.closure(self.problem.dimension, [a for _, a in wanted])
        sought = {u.name: below for u in self.problem.unknown_fields if any(field == u.name for field, _ in wanted)}
        index = self._needs(subdomain, points[:1], wanted)
        out = np.empty((len(points), len(wanted)))
        for rows in np.array_split(np.arange(len(points)), -(-len(points) // BLOCK)):
            with torch.no_grad():
                p = self.problem.points(torch.as_tensor(points[rows], dtype=self.dtype))
                (fields,), _ = self.traces([subdomain], p, [index], [sought])
                for column, (field, a) in enumerate(wanted):
                    out[rows, column] = torch.as_tensor(fields[field][a]).numpy()
        return out

    def _needs(self, subdomain: str, x: Array, wanted: Sequence[Wanted]) -> IndexSet:
        """Return the derivatives of the network that derivatives of the fields need: hard conditions may ask for more."""
        asked: set[Index] = set()

        def answer(side: int, field: str, a: Index) -> Component:  # noqa: ARG001
            if field in self.problem.names:
                asked.add(a)
            return 1.0

        (fields,), _ = self.record_traces(
            [subdomain], self.problem.points(torch.as_tensor(x, dtype=self.dtype)), answer
        )
        for field, a in wanted:
            fields[field][a]
        return IndexSet.closure(self.problem.dimension, asked)
