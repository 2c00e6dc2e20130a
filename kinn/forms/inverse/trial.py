"""Trial functions on the boundary: a network for each edge, of its parameter, which carries what is unknown there."""

from __future__ import annotations

from collections.abc import Iterable
from math import pi

import numpy as np
import torch
from torch import Tensor, nn

from kinn.errors import InputError
from kinn.forms.inverse.discretisation import Discretisation
from kinn.forms.inverse.evaluation import evaluated
from kinn.forms.inverse.setting import Setting
from kinn.forms.parameters import FlatParameters
from kinn.forms.trial import Trial
from kinn.forms.unknowns import Unknowns
from kinn.jets import IndexSet
from kinn.networks import Architecture, Network, Tape
from kinn.problem import Array, Problem

#: Values alone, of one coordinate and of two.
_VALUES = {d: IndexSet.closure(d, [(0,) * d]) for d in (1, 2)}


class BoundaryTrial(Trial):
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
        nn.Module.__init__(self)
        if dtype != torch.float64:
            raise InputError("the inverse form is solved in float64")
        if problem.unknowns:
            raise InputError(f"the inverse form takes no unknowns, and problem {problem.name!r} has some")
        self.problem = problem
        self.architecture = architecture
        self.dtype = dtype
        self.setting = Setting(problem)
        self.networks = nn.ModuleDict()
        for number, edge in enumerate(self.setting.outline.edges):
            sides, c = len(self.setting.outline.beside[number]), self.setting.components
            inputs = 2 if edge.closed else 1  # a closed curve is a circle to its network
            self.networks[f"{number}-{edge.name}"] = architecture.build(
                inputs, sides * c, ([-1.0] * inputs, [1.0] * inputs), seed=seed + 1_000_003 * number, dtype=dtype
            )
        self.unknowns = Unknowns(problem, architecture, seed, dtype)
        self.flat = FlatParameters(self)
        self._made: dict[int, Discretisation] = {}
        self._least = 0

    def discretisation(self, nodes: int = 0) -> Discretisation:
        """Return the equations on panels of at least so many nodes, made once; the first is the one it is evaluated on."""
        if not self._made:
            self._least = nodes
        if nodes not in self._made:
            self._made[nodes] = Discretisation(self.setting, nodes)
        return self._made[nodes]

    @property
    def main(self) -> Discretisation:
        """The equations that it is evaluated on."""
        return self.discretisation(self._least)

    @property
    def backend(self) -> str:
        """The name of the back end that evaluates the networks."""
        network = self._network(0)
        return network.backend(_VALUES[network.inputs])

    def last_layer(self) -> Tensor:
        """Return the positions in the flat vector of the parameters that the data are affine in."""
        layers = [p for n in range(len(self.networks)) for p in self._network(n).last_layer]
        return torch.cat([torch.arange(s.start, s.stop) for s in (self.flat.slices[p] for p in layers)])

    def data(self, made: Discretisation) -> Tensor:
        """Return the unknown data X (Q,) at the nodes."""
        with torch.no_grad():
            return torch.cat([self.on_edge(n, made).flatten() for n in range(len(self.networks))])

    def on_edge(self, number: int, made: Discretisation, tape: Tape | None = None) -> Tensor:
        """Return the unknown data (n, m) at the nodes of an edge; a tape, if given, records what the Jacobian needs."""
        network = self._network(number)
        t = torch.as_tensor(made.parameters(number))
        if network.inputs == 2:
            x = torch.stack([torch.cos(2 * pi * t), torch.sin(2 * pi * t)], dim=1)
        else:
            x = (2 * t - 1)[:, None]
        return network.jet(x, _VALUES[network.inputs], tape)[0]

    def evaluate(self, points: Array, expressions: str | Iterable[str], *, subdomain: str | None = None) -> Array:
        """Return fields and first derivatives at points; see `Trial.evaluate`."""
        return evaluated(self, self.main, self.data(self.main).numpy(), points, expressions, subdomain)

    def _network(self, number: int) -> Network:
        network = list(self.networks.values())[number]
        assert isinstance(network, Network)
        return network


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
        return len(self.trial.main.solution)

    def evaluate(self, points: Array, expressions: str | Iterable[str], *, subdomain: str | None = None) -> Array:
        """Return fields and first derivatives at points; see `Trial.evaluate`."""
        made = self.trial.main
        return evaluated(self.trial, made, made.solution, points, expressions, subdomain)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the data."""
        return {"data": torch.as_tensor(np.array(self.trial.main.solution))}
