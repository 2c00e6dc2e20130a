"""What conditions say to finite elements: given values, and nodes of two subdomains that are one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from kinn.baselines.fem.space import Space
from kinn.conditions import Condition
from kinn.errors import InputError
from kinn.forms.energy.energy_form import check_energy_problem
from kinn.geometry.types import Indices
from kinn.problem import Array, Problem

#: Nodes nearer than this, relative to the size of the domain, are one.
_TOGETHER = 1e-7


def check(problem: Problem) -> None:
    """Raise for conditions that finite elements are not given here.

    Raises:
        InputError: Names the condition.
    """
    check_energy_problem(problem)
    for condition in problem.conditions:
        essential = condition.essential_part()
        if essential is None or essential.nodal_constraint(problem.names) is not None:
            continue
        raise InputError(
            f"{condition.label} of problem {problem.name!r} is left out by the bridge to finite elements, "
            "which knows Dirichlet, Interface and loads"
        )


class Constraints:
    """The free coefficients among those of all subdomains.

    Args:
        problem: Whose conditions they are.
        spaces: The functions on each subdomain.
    """

    def __init__(self, problem: Problem, spaces: Mapping[str, Space]) -> None:
        self.problem, self.spaces = problem, spaces
        self.fields = len(problem.names)
        sizes = [self.fields * space.count for space in spaces.values()]
        self.starts = dict(zip(spaces, np.cumsum([0, *sizes[:-1]]).tolist(), strict=True))
        self.total = sum(sizes)
        ties = [pair for condition in problem.conditions for pair in self._ties(condition)]
        pairs = np.concatenate([*ties, np.zeros((0, 2), dtype=np.intp)])
        links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(self.total, self.total))
        self.dofs, self.number = connected_components(links, directed=False)
        self.spread = csr_array(
            (np.ones(self.total), (np.arange(self.total), self.number)), shape=(self.total, self.dofs)
        )
        values = np.full(self.dofs, np.nan)
        for condition in problem.conditions:
            for numbers, given in self._given(condition):
                values[self.number[numbers]] = given
        self.held = np.flatnonzero(np.isfinite(values))
        self.free = np.flatnonzero(~np.isfinite(values))
        self.values: Array = values[self.held]

    def of(self, x: Array, subdomain: str) -> Array:
        """Return the coefficients (C, n) on a subdomain, of all (dofs,)."""
        start, count = self.starts[subdomain], self.spaces[subdomain].count
        return np.asarray(x[self.number[start : start + self.fields * count]].reshape(self.fields, count))

    def _ties(self, condition: Condition) -> list[Indices]:
        """Return pairs of coefficients that are one."""
        constraint = condition.nodal_constraint(self.problem.names)
        if constraint is None or not constraint.tied:
            return []
        if callable(constraint.value) or constraint.value != 0:
            raise InputError(f"{condition.label} has a jump, which finite elements are not given here")
        ((first, second),), (on,) = self.problem.subdomain_groups(condition), condition.boundaries
        a, b = self.spaces[first], self.spaces[second]
        mine, others = a.nodes_on(on), b.nodes_on(on)
        apart, which = cKDTree(b.nodes[others]).query(a.nodes[mine])
        if len(mine) != len(others) or apart.max() > _TOGETHER * a.geometry.size:
            raise InputError(f"the meshes on the two sides of {on!r} do not match")
        fields = [self.problem.names.index(name) for name in constraint.fields]
        return [
            np.column_stack(
                [self.starts[first] + c * a.count + mine, self.starts[second] + c * b.count + others[which]]
            )
            for c in fields
        ]

    def _given(self, condition: Condition) -> list[tuple[Indices, Array]]:
        """Return numbers of coefficients, and their values."""
        constraint = condition.nodal_constraint(self.problem.names)
        if constraint is None or constraint.tied:
            return []
        (field,), (on,), out = constraint.fields, condition.boundaries, []
        for (name,) in self.problem.subdomain_groups(condition):
            space = self.spaces[name]
            nodes = space.nodes_on(on)
            p = self.problem.points(torch.as_tensor(space.nodes[nodes]))
            value = torch.as_tensor(p.field(constraint.value, f"the value of {condition.label}").value)
            first = self.starts[name] + self.problem.names.index(field) * space.count
            out.append((first + nodes, np.broadcast_to(value.numpy(), len(nodes))))
        return out
