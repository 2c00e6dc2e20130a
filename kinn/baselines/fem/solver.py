"""A problem of ours solved on ever finer meshes, for a comparison: what each mesh costs and how good it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kinn.baselines.fem import constraints, integrals, meshing
from kinn.baselines.fem.discretisation import Elements, FEDiscretisation, bare_trial
from kinn.baselines.fem.specification import Lagrange, Newton
from kinn.errors import InputError
from kinn.forms.energy.energy_term import density_of, plan_energy
from kinn.metrics import field_errors
from kinn.problem import Problem
from kinn.solution import Solution
from kinn.train.loop import CLOCKS
from kinn.train.state import HistoryEntry

#: Edges along the largest extent of a subdomain on the coarsest mesh.
COARSEST = 4

#: How often that is refined where no mesh can be made of edges so long.
TRIES = 3

#: What the time of the next mesh grows by, beside the number of elements.
MARGIN = 1.5

#: The points at which densities are tried.
PROBES = 8

#: The ways that a comparison has rows for.
WAYS = ((Lagrange(1), Newton()), (Lagrange(2), Newton()))


def check(problem: Problem) -> None:
    """Refuse what finite elements are not made for here.

    Raises:
        InputError: If the problem states no energy, or what the bridge leaves out.
    """
    problem.in_form("energy")
    constraints.check(problem)
    trial = bare_trial(problem)
    for name, geometry in problem.subdomains.items():
        meshing.check(geometry)
        energy = problem.energy_of(name)
        assert energy is not None
        few = problem.points(torch.as_tensor(geometry.sample(PROBES)))
        integrals.check(plan_energy(trial, "the energy", (name,), density_of(problem, energy), few), problem)


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
    """Solve a problem on meshes each of half the size, until the next would have too many degrees of freedom, or no time.

    A record tells of each mesh what it took by itself: to make, to assemble and to solve.

    Args:
        problem: What is to be solved.
        network: The elements.
        optimizer: Newton's method.
        budget: Seconds for all meshes together.
        clock: What they are counted by.
        seed: Kept for the record: finite elements draw nothing.
        threads: CPU threads; None for torch's setting.
        progress: Called with a record after each mesh.

    Raises:
        InputError: If scikit-fem or gmsh are not installed, or the problem is refused.
        SolveError: If Newton's method fails.
    """
    import skfem

    check(problem)
    now, before = CLOCKS[clock], torch.get_num_threads()
    extent = max(g.size for g in problem.subdomains.values())
    history: list[HistoryEntry] = []
    try:
        torch.set_num_threads(threads or before)
        parts = _coarsest(problem, network, extent)  # and what is loaded and compiled at first is not counted
        spent = 0.0
        while True:
            began = now()
            made = FEDiscretisation(problem, extent / parts, network.degree)
            ready = now()
            x, steps = made.solve(optimizer)
            seconds = now() - began
            spent += seconds
            fields = Elements(made, x)
            found = field_errors(fields)
            detail = {"dofs": float(made.dofs), "elements": float(made.elements), "setup": ready - began}
            detail |= {f"error of {name}": e.l2 for name, e in found.items() if name not in problem.names}
            own = {name: e.l2 for name, e in found.items() if name in problem.names}
            history.append(
                HistoryEntry(f"mesh {len(history) + 1}", steps, seconds, made.energy(x), detail=detail, errors=own)
            )
            if progress is not None:
                progress(history[-1])
            growth = 2**problem.dimension
            if growth * made.dofs > network.dofs or spent + MARGIN * growth * seconds > budget:
                break
            parts *= 2
    finally:
        torch.set_num_threads(before)
    return Solution(
        problem=problem,
        form="energy",
        network=network,
        optimizer=optimizer.name,
        seed=seed,
        dtype="float64",
        device="cpu",
        backend=f"scikit-fem {skfem.__version__}",
        parameters=made.dofs,
        iterations=steps,
        seconds=seconds,
        stopped="degrees of freedom" if growth * made.dofs > network.dofs else "budget",
        loss=history[-1].loss,
        errors=found,
        history=tuple(history),
        fields=fields,
    )


def _coarsest(problem: Problem, network: Lagrange, extent: float) -> int:
    """Return into how many edges the extent is cut on the coarsest mesh that there is."""
    for k in range(TRIES):
        try:
            FEDiscretisation(problem, extent / (COARSEST * 2**k), network.degree).solve(Newton(steps=1000))
        except InputError:
            if k == TRIES - 1:
                raise
        else:
            break
    return int(COARSEST * 2**k)
