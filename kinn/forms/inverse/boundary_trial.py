"""Trial functions on the boundary: a network for the unknown data of each edge, or the nodal data of a Nystrom method."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from kinn.errors import InputError, SolveError
from kinn.forms.inverse.boundary_system import BoundarySystem, assemble_system
from kinn.forms.inverse.evaluation import InteriorEvaluator
from kinn.forms.inverse.formulation import BoundaryFormulation
from kinn.forms.inverse.plane_formulation import BoundaryFormulation2D
from kinn.forms.trial_functions import FieldDerivative, TrialFunctions, evaluate_expressions
from kinn.geometry.types import Array
from kinn.jets import IndexSet
from kinn.networks import Architecture, Network, Tape
from kinn.problem import Problem

#: The jet of values alone, of one coordinate, two and three.
_VALUES = {d: IndexSet.closure(d, [(0,) * d]) for d in (1, 2, 3)}


class BoundaryTrial(TrialFunctions):
    """Networks for the unknown boundary data, and the solution inside by the representation formula.

    Args:
        problem: The problem; states `inverse`.
        architecture: The network of each edge.
        seed: Fixes the initial parameters.
        dtype: float64.

    Raises:
        InputError: If the problem has no inverse form, or the precision is another.
    """

    def __init__(
        self, problem: Problem, architecture: Architecture, *, seed: int = 0, dtype: torch.dtype = torch.float64
    ) -> None:
        if dtype != torch.float64:
            raise InputError("the inverse form is solved in float64")
        if problem.unknowns:
            raise InputError(f"the inverse form takes no unknowns, and problem {problem.name!r} has some")
        formulation = _formulation(problem)
        topology, networks = formulation.topology, nn.ModuleDict()
        for number, (edge, adjacent) in enumerate(zip(topology.edges, topology.adjacent_subdomains, strict=True)):
            inputs, outputs = formulation.input_dimension(number), len(adjacent) * formulation.components
            networks[f"{number}-{edge.name}"] = architecture.build(
                inputs, outputs, ([-1.0] * inputs, [1.0] * inputs), seed=seed + 1_000_003 * number, dtype=dtype
            )
        super().__init__(problem, architecture, networks, seed=seed, dtype=dtype)
        self.formulation = formulation
        self._systems: dict[int, BoundarySystem] = {}
        self._evaluator: InteriorEvaluator | None = None

    def system(self, nodes: int = 0) -> BoundarySystem:
        """Equations on panels with at least this number of nodes, assembled once."""
        if nodes not in self._systems:
            self._systems[nodes] = assemble_system(self.formulation, nodes)
        return self._systems[nodes]

    @property
    def main_system(self) -> BoundarySystem:
        """The equations that the solution is evaluated on: the first ones that were assembled."""
        return next(iter(self._systems.values())) if self._systems else self.system()

    @property
    def backend(self) -> str:
        network = self.edge_network(0)
        return network.backend(_VALUES[network.inputs])

    def direct_solution(self) -> Nystrom | None:
        """Fields of the Nystrom method on the same panels, or None where it found no solution."""
        return None if self.main_system.solution is None else Nystrom(self)

    def system_pair(self, most_equations: int) -> tuple[BoundarySystem, BoundarySystem | None]:
        """Equations on the present panels or finer ones, with at most this number where finer, and on coarser ones than these.

        Finer panels are those of validation where they are assembled, and else of half the length; None where the present
        panels are the coarsest and finer ones have too many equations.
        """
        main = self.main_system
        finer = [s for s in self._systems.values() if _nodes(s) > _nodes(main)]
        if not finer and 2 ** (self.problem.dimension - 1) * len(main.equations.right) <= most_equations:
            finer = [self.system(_nodes(main) + 1)]
        solvable = [s for s in finer if len(s.equations.right) <= most_equations]
        if solvable:
            return max(solvable, key=_nodes), main
        coarsest = self.system()
        return main, coarsest if _nodes(coarsest) < _nodes(main) else None

    def edge_network(self, number: int) -> Network:
        """Network of an edge."""
        return self.network(list(self.networks)[number])

    def data(self, system: BoundarySystem) -> Tensor:
        """Unknown data X (Q,) at the nodes."""
        with torch.no_grad():
            return torch.cat([self.edge_data(n, system).flatten() for n in range(len(self.networks))])

    def edge_data(self, number: int, system: BoundarySystem, tape: Tape | None = None) -> Tensor:
        """Unknown data (n, m) at the nodes of an edge; a tape, if given, records them for the Jacobian."""
        network = self.edge_network(number)
        x = torch.as_tensor(self.formulation.coordinates(system.discretisation.panels, number))
        return network.jet(x, _VALUES[network.inputs], tape)[0]

    def values(self, subdomain: str, points: Array, wanted: Sequence[FieldDerivative]) -> Array:
        data = self.data(self.main_system).numpy()
        if self._evaluator is None or not np.array_equal(self._evaluator.data, data):
            self._evaluator = InteriorEvaluator(self.main_system, data)
        return self._evaluator.values(subdomain, points, wanted)


def _nodes(system: BoundarySystem) -> int:
    """Number of nodes of the panels of a system."""
    return system.discretisation.panels.nodes


def _formulation(problem: Problem) -> BoundaryFormulation:
    """The problem in the inverse form; panels of surfaces are loaded in space alone."""
    if problem.dimension != 3:
        return BoundaryFormulation2D(problem)
    from kinn.forms.inverse.space_formulation import BoundaryFormulation3D

    return BoundaryFormulation3D(problem)


class Nystrom:
    """The Nystrom solution of the same equations, without a network: the reference of every run in the inverse form.

    Args:
        trial: The trial functions.
        system: Their equations; None for those that they are evaluated on.

    Raises:
        SolveError: If the iteration found no solution.
    """

    def __init__(self, trial: BoundaryTrial, system: BoundarySystem | None = None) -> None:
        self.problem, system = trial.problem, system or trial.main_system
        if system.solution is None:
            raise SolveError("no solution of the boundary element method was found")
        self._evaluator = InteriorEvaluator(system, system.solution)

    @property
    def parameter_count(self) -> int:
        """The number of unknown data."""
        return len(self._evaluator.data)

    def evaluate(self, points: Array, expressions: str | Iterable[str], *, subdomain: str | None = None) -> Array:
        """Fields and first derivatives at points; see `TrialFunctions.evaluate`."""
        return evaluate_expressions(self.problem, self._evaluator.values, points, expressions, subdomain)

    def state_dict(self) -> dict[str, Tensor]:
        """The data."""
        return {"data": torch.as_tensor(self._evaluator.data.copy())}
