"""Defaults of a solve: what a problem recommends, form by form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from kinn.config import Specification
from kinn.geometry import Geometry
from kinn.geometry.types import Array
from kinn.training_options import TrainingOptions, option_kinds

if TYPE_CHECKING:  # few problems grade their quadratures
    from kinn.geometry import Grading


class NetworkSpecification(Specification, Protocol):
    """The settings of a network; `kinn.networks.Architecture` is one."""

    def build(self, inputs: int, outputs: int, bounds: Any = None, *, seed: int = 0, dtype: Any = ...) -> Any:
        """Network from inputs in a box to outputs."""


#: Training options of the strong form, which no other form knows.
STRONG_ONLY = {name: None for name, kind in option_kinds().items() if kind.strong_only}

#: Defaults of the other forms that differ from those of the strong form, on any problem.
OF_FORMS: dict[str, dict[str, Any]] = {
    "energy": {"points": None, "points_per_parameter": 10.0, **STRONG_ONLY},
    "inverse": {"points": None, "points_per_parameter": 2.0, "budget": 20.0, **STRONG_ONLY},
}

#: Forms whose networks are functions on the boundary: those of the domain do not suit them.
ON_BOUNDARIES = ("inverse",)


@dataclass(frozen=True)
class Defaults(TrainingOptions):
    """Defaults of a solve, the options of `TrainingOptions` among them.

    Attributes:
        networks: The settings of networks by name; others use the library's defaults.
        points: The number of interior collocation points; None to follow the number of parameters.
        optimizer: The name of the optimizer.
        budget: Seconds of training.
        boundary_density: How much closer points lie on boundaries than inside: 1 gives both the same spacing.
        sampler: Draws interior points `n x d` of a subdomain, called with its geometry, n and a seed; None for a
            Sobol sequence spread evenly. Mean squares are taken over the points as drawn.
        points_per_parameter: Interior points for each parameter and field where `points` is None: with fewer the network
            fits the points and not the equations.
        penalty: The factor of the squared residuals of soft conditions in an energy, in units of the density's stiffness
            and the size of the domain.
        grading: The corners at which fields are singular: quadratures of the energy form are graded towards them.
        form: The form that they are for.
        forms: Defaults of other forms that differ, by the name of the form: `{"energy": {"budget": 30}}`.
    """

    networks: Mapping[str, NetworkSpecification] = field(default_factory=dict)
    points: int | None = None
    boundary_density: float = 1.0
    optimizer: str = "auto"
    budget: float = 60.0
    sampler: Callable[[Geometry, int, int], Array] | None = None
    points_per_parameter: float = 4.0
    penalty: float = 100.0
    grading: Grading | None = None
    form: str = "strong"
    forms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, form: str) -> Defaults:
        """Defaults of a form."""
        if form == self.form:
            return self
        settings = {**OF_FORMS.get(form, {}), **self.forms.get(form, {})}
        inherited = {} if form in ON_BOUNDARIES else self.networks
        return replace(self, form=form, **settings | {"networks": {**inherited, **settings.get("networks", {})}})
