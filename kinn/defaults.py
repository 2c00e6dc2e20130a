"""How a problem is solved when the user does not say, form by form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kinn.geometry import Geometry, Grading
from kinn.geometry.types import Array
from kinn.networks import KAN, MLP, Architecture
from kinn.training_options import TrainingOptions, option_kinds

#: Training options of the strong form, which no other form knows.
STRONG_ONLY = {name: None for name, kind in option_kinds().items() if kind.strong_only}

#: What the forms do otherwise than the strong one on any problem.
OF_FORMS: dict[str, dict[str, Any]] = {
    "energy": {"points": None, "per_parameter": 10.0, **STRONG_ONLY},
    "inverse": {
        "points": None,
        "per_parameter": 2.0,
        "networks": {"kan": KAN((4,), 6, 5), "mlp": MLP((10,))},  # one an edge, of one coordinate
        "budget": 20.0,
        **STRONG_ONLY,
    },
}


@dataclass(frozen=True)
class Defaults(TrainingOptions):
    """How a problem is solved when the user does not say; the options of `TrainingOptions` belong to it.

    Attributes:
        networks: Architectures by name; others use the library's own defaults.
        points: The number of interior collocation points; None to follow the number of parameters.
        optimizer: The name of the optimizer.
        budget: Seconds of training.
        boundary: How much closer points lie on boundaries than inside: 1 gives both the same spacing.
        pde_weight: The factor of the mean square of the PDE's residual in the loss; conditions have 1.
        sampler: Draws interior points `n x d` of a subdomain, called with its geometry, n and a seed; None for a
            Sobol sequence spread evenly. Mean squares are taken over the points as drawn.
        per_parameter: Interior points for each parameter and field where `points` is None: with fewer the network fits the
            points and not the equations.
        penalty: The energy form's factor of the square of what its conditions leave over where they are not built in,
            in units of the density's stiffness and the size of the domain.
        grading: The corners at which fields are singular: quadratures of the energy form crowd towards them.
        form: The form that they are for.
        forms: What other forms than the strong one do otherwise, by the name of the form: `{"energy": {"budget": 30}}`.
    """

    networks: Mapping[str, Architecture] = field(default_factory=dict)
    points: int | None = None
    boundary: float = 1.0
    optimizer: str = "auto"
    budget: float = 60.0
    pde_weight: float = 1e-2
    sampler: Callable[[Geometry, int, int], Array] | None = None
    per_parameter: float = 4.0
    penalty: float = 100.0
    grading: Grading | None = None
    form: str = "strong"
    forms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, form: str) -> Defaults:
        """Return the defaults of a form."""
        own = {**OF_FORMS.get(form, {}), **self.forms.get(form, {})} if form != self.form else {}
        if "networks" in own:
            own["networks"] = {**self.networks, **own["networks"]}
        return replace(self, form=form, **own)
