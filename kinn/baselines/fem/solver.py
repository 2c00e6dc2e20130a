"""A problem solved by finite elements on successively refined meshes, for a comparison: cost and error of each mesh."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kinn.baselines.fem import Lagrange, Newton
from kinn.baselines.fem.discretisation import FEDiscretisation, check_conditions, recording_trial
from kinn.baselines.fem.integrals import check_derivatives
from kinn.baselines.fem.space import check_geometry
from kinn.errors import InputError
from kinn.forms.energy.energy_term import density_of, plan_energy
from kinn.forms.trial_functions import FieldDerivative, evaluate_expressions, parse_expression
from kinn.metrics import field_errors
from kinn.problem import Array, Problem
from kinn.solution import Solution
from kinn.solver import torch_threads
from kinn.train.loop import CLOCKS
from kinn.train.state import HistoryEntry

#: Edges along the largest extent of a subdomain on the coarsest mesh.
COARSEST = 4

#: How often the coarsest mesh is refined where none can be made of edges that long.
TRIES = 3

#: The growth of the time per mesh, beside that of the number of elements.
MARGIN = 1.5

#: The number of points at which densities are tried.
PROBES = 8

#: The elements and methods that a comparison has rows for.
METHODS = ((Lagrange(1), Newton()), (Lagrange(2), Newton()))


class FEFields:
    """Finite-element functions as solved fields, for errors, figures and files.

    Args:
        discretisation: The functions.
        x: Their coefficients (dofs,).
    """

    def __init__(self, discretisation: FEDiscretisation, x: Array) -> None:
        self.discretisation, self.x = discretisation, x
        self.problem = discretisation.problem

    @property
    def parameter_count(self) -> int:
        """The number of coefficients."""
        return len(self.x)

    def state_dict(self) -> Mapping[str, Tensor]:
        """The coefficients."""
        return {"coefficients": torch.as_tensor(self.x)}

    def evaluate(self, points: Array, expressions: str | Iterable[str], *, subdomain: str | None = None) -> Array:
        """Fields and first derivatives at points; see `DomainTrial.evaluate`.

        Raises:
            InputError: If an expression names no field or coordinate, or is a derivative beyond the first.
        """
        names = [expressions] if isinstance(expressions, str) else list(expressions)
        for name in names:
            if sum(parse_expression(self.problem, name)[1]) > 1:
                raise InputError(f"finite elements give no {name}: their first derivatives jump between elements")
        requested = expressions if isinstance(expressions, str) else names
        return evaluate_expressions(self.problem, self._values, points, requested, subdomain)

    def _values(self, subdomain: str, points: Array, wanted: Sequence[FieldDerivative]) -> Array:
        """Fields and first derivatives (N, len(wanted)) at points (N, d), N > 0, of a subdomain."""
        numbers, functions = self.discretisation.spaces[subdomain].interpolation(points)
        coefficients = self.discretisation.constraints.coefficients(self.x, subdomain)
        parts = [(self.problem.names.index(field), 1 + a.index(1) if any(a) else 0) for field, a in wanted]
        return np.stack([np.sum(coefficients[c][numbers] * functions[part], axis=1) for c, part in parts], axis=1)


def check(problem: Problem) -> None:
    """Refuse a problem that finite elements are not implemented for here.

    Raises:
        InputError: If the problem states no energy, or something that has no counterpart on finite elements.
    """
    problem.in_form("energy")
    check_conditions(problem)
    trial = recording_trial(problem)
    for name, geometry in problem.subdomains.items():
        check_geometry(geometry)
        energy = problem.energy_of(name)
        assert energy is not None
        probes = problem.points(torch.as_tensor(geometry.sample(PROBES)))
        check_derivatives(plan_energy(trial, "the energy", (name,), density_of(problem, energy), probes), problem)


def solve(
    problem: Problem,
    network: Lagrange,
    *,
    optimizer: Newton,
    budget: float,
    clock: str = "wall",
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[HistoryEntry], None] | None = None,
    **_: Any,
) -> Solution:
    """Solve a problem on meshes of halved size, until the next would exceed the degrees of freedom or the time.

    The arguments are those of `kinn.solve`, with elements as network and Newton's method as optimizer; the seed is recorded
    only, since finite elements draw no random numbers. The history has the cost of each mesh by itself: setup, assembly and
    solution.

    Raises:
        InputError: If scikit-fem or gmsh are not installed, or the problem is refused.
        SolveError: If Newton's method fails.
    """
    import skfem

    check(problem)
    now = CLOCKS[clock]
    extent = max(g.size for g in problem.subdomains.values())
    history: list[HistoryEntry] = []
    with torch_threads(threads):
        parts = _coarsest(problem, network, extent)  # what is loaded and compiled at first is not counted
        spent = 0.0
        while True:
            began = now()
            discretisation = FEDiscretisation(problem, extent / parts, network.degree)
            ready = now()
            x, steps = discretisation.solve(optimizer)
            seconds = now() - began
            spent += seconds
            fields = FEFields(discretisation, x)
            errors = field_errors(fields)
            dofs, elements = float(discretisation.dofs), float(discretisation.elements)
            detail = {"dofs": dofs, "elements": elements, "setup": ready - began}
            detail |= {f"error of {name}": e.l2 for name, e in errors.items() if name not in problem.names}
            of_fields = {name: e.l2 for name, e in errors.items() if name in problem.names}
            energy, name = discretisation.energy(x), f"mesh {len(history) + 1}"
            history.append(HistoryEntry(name, steps, seconds, energy, detail=detail, errors=of_fields))
            if progress is not None:
                progress(history[-1])
            growth = 2**problem.dimension
            too_many = growth * discretisation.dofs > network.dofs
            if too_many or spent + MARGIN * growth * seconds > budget:
                break
            parts *= 2
    return Solution(
        problem=problem,
        form="energy",
        network=network,
        optimizer=optimizer.name,
        seed=seed,
        dtype="float64",
        device="cpu",
        backend=f"scikit-fem {skfem.__version__}",
        parameters=discretisation.dofs,
        iterations=steps,
        seconds=seconds,
        stopped="degrees of freedom" if too_many else "budget",
        loss=history[-1].loss,
        errors=errors,
        history=tuple(history),
        fields=fields,
    )


def _coarsest(problem: Problem, network: Lagrange, extent: float) -> int:
    """Number of edges along the extent on the coarsest mesh that can be made."""
    parts = COARSEST
    while True:
        try:
            FEDiscretisation(problem, extent / parts, network.degree).solve(Newton(steps=1000))
        except InputError:
            if parts == COARSEST * 2 ** (TRIES - 1):
                raise
            parts *= 2
        else:
            return parts
