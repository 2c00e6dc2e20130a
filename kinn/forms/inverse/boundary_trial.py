"""Trial functions on the boundary: a network for each edge, of its parameter, which carries what is unknown there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from kinn.errors import InputError, SolveError
from kinn.forms.inverse.discretisation import BoundaryDiscretisation
from kinn.forms.inverse.evaluation import InteriorEvaluator
from kinn.forms.inverse.formulation import BoundaryFormulation
from kinn.forms.inverse.formulation_2d import BoundaryFormulation2D
from kinn.forms.inverse.formulation_3d import BoundaryFormulation3D
from kinn.forms.trial_functions import TrialFunctions, Wanted, evaluate_expressions
from kinn.jets import IndexSet
from kinn.networks import Architecture, Network, Tape
from kinn.problem import Array, Problem

#: Values alone, of one coordinate, two and three.
_VALUES = {d: IndexSet.closure(d, [(0,) * d]) for d in (1, 2, 3)}

#: The number of dimensions of space.
SPACE = 3


class BoundaryTrial(TrialFunctions):
    """The functions on the boundary among which the unknown data are sought, and the solution inside that they give.

    Args:
        problem: What is to be solved; states `inverse`.
        architecture: The network of each edge.
        seed: Fixes the initial parameters.
        dtype: float64.

    Raises:
        InputError: If the problem cannot be put in this form, or the precision is another.
    """

    def __init__(
        self, problem: Problem, architecture: Architecture, *, seed: int = 0, dtype: torch.dtype = torch.float64
    ) -> None:
        if dtype != torch.float64:
            raise InputError("the inverse form is solved in float64")
        if problem.unknowns:
            raise InputError(f"the inverse form takes no unknowns, and problem {problem.name!r} has some")
        setting: BoundaryFormulation = (BoundaryFormulation3D if problem.dimension == SPACE else BoundaryFormulation2D)(
            problem
        )
        networks = nn.ModuleDict()
        for number, edge in enumerate(setting.outline.edges):
            sides, c = len(setting.outline.beside[number]), setting.components
            inputs = setting.inputs(number)
            networks[f"{number}-{edge.name}"] = architecture.build(
                inputs, sides * c, ([-1.0] * inputs, [1.0] * inputs), seed=seed + 1_000_003 * number, dtype=dtype
            )
        super().__init__(problem, architecture, networks, seed=seed, dtype=dtype)
        self.setting = setting
        self._made: dict[int, BoundaryDiscretisation] = {}
        self._least = 0
        self._inside: InteriorEvaluator | None = None

    def discretisation(self, nodes: int = 0) -> BoundaryDiscretisation:
        """Return the equations on panels of at least so many nodes, made once; the first is the one it is evaluated on."""
        if not self._made:
            self._least = nodes
        if nodes not in self._made:
            self._made[nodes] = BoundaryDiscretisation(self.setting, nodes)
        return self._made[nodes]

    @property
    def main(self) -> BoundaryDiscretisation:
        """The equations that it is evaluated on."""
        return self.discretisation(self._least)

    @property
    def backend(self) -> str:
        """The name of the back end that evaluates the networks."""
        network = self.on(0)
        return network.backend(_VALUES[network.inputs])

    def direct_solution(self) -> Nystrom | None:
        """Fields of the Nystrom method on the same panels, or None where it found no solution."""
        return None if self.main.solution is None else Nystrom(self)

    def on(self, number: int) -> Network:
        """Return the network of an edge."""
        return self.network(list(self.networks)[number])

    def data(self, made: BoundaryDiscretisation) -> Tensor:
        """Return the unknown data X (Q,) at the nodes."""
        with torch.no_grad():
            return torch.cat([self.on_edge(n, made).flatten() for n in range(len(self.networks))])

    def on_edge(self, number: int, made: BoundaryDiscretisation, tape: Tape | None = None) -> Tensor:
        """Return the unknown data (n, m) at the nodes of an edge; a tape, if given, records what the Jacobian needs."""
        network = self.on(number)
        x = torch.as_tensor(made.coordinates(number))
        return network.jet(x, _VALUES[network.inputs], tape)[0]

    def values(self, subdomain: str, points: Array, wanted: Sequence[Wanted]) -> Array:
        """Return fields and first derivatives (N, len(wanted)) at points (N, 2), N > 0, of a subdomain."""
        data = self.data(self.main).numpy()
        if self._inside is None or not np.array_equal(self._inside.data, data):
            self._inside = InteriorEvaluator(self.main, data)
        return self._inside.values(subdomain, points, wanted)


class Nystrom:
    """What a plain Nystrom method makes of the same equations: the data at the nodes, with no network between.

    Args:
        trial: The trial functions whose equations they are.
    """

    def __init__(self, trial: BoundaryTrial) -> None:
        self.problem = trial.problem
        self.trial = trial

    @property
    def parameter_count(self) -> int:
        """The number of unknown data."""
        return self.trial.main.size

    def evaluate(self, points: Array, expressions: str | Iterable[str], *, subdomain: str | None = None) -> Array:
        """Return fields and first derivatives at points; see `TrialFunctions.evaluate`."""
        return evaluate_expressions(self.problem, self._inside.values, points, expressions, subdomain)

    @cached_property
    def _inside(self) -> InteriorEvaluator:
        return InteriorEvaluator(self.trial.main, self._data)

    @property
    def _data(self) -> Array:
        found = self.trial.main.solution
        if found is None:
            raise SolveError("no solution of the boundary element method was found")
        return found

    def state_dict(self) -> dict[str, Tensor]:
        """Return the data."""
        return {"data": torch.as_tensor(np.array(self._data))}
