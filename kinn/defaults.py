"""How a problem is solved when the user does not say, form by form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from kinn.geometry import Geometry, Grading
from kinn.networks import KAN, MLP, Architecture

Array: TypeAlias = npt.NDArray[np.float64]

#: Strategies of the strong form, which no other form knows.
STRATEGIES = {"weights": None, "sampling": None, "causal": None, "slabs": 1}

#: What the forms do otherwise than the strong one on any problem.
OF_FORMS: dict[str, dict[str, Any]] = {
    "energy": {"points": None, "per_parameter": 10.0, **STRATEGIES},
    "inverse": {
        "points": None,
        "per_parameter": 2.0,
        "networks": {"kan": KAN((4,), 6, 5), "mlp": MLP((10,))},  # one an edge, of one coordinate
        "budget": 20.0,
        **STRATEGIES,
    },
}


@dataclass(frozen=True)
class Defaults:
    """How a problem is solved when the user does not say.

    Attributes:
        networks: Architectures by name; others use the library's own defaults.
        points: The number of interior collocation points; None to follow the number of parameters.
        optimizer: The name of the optimizer.
        budget: Seconds of training.
        boundary: How much closer points lie on boundaries than inside: 1 gives both the same spacing.
        pde_weight: The factor of the mean square of the PDE's residual in the loss; conditions have 1.
        sampler: Draws interior points `n x d` of a subdomain, called with its geometry, n and a seed; None for a
            Sobol sequence spread evenly. Mean squares are taken over the points as drawn.
        weights: The loss weights, see `kinn.solve`: an object such as `kinn.NTK()` or its name.
        sampling: How points are moved while training goes on: `kinn.RAD()` or its name.
        causal: How early times come before late ones: `kinn.Causal()`, or True for its defaults.
        slabs: The number of intervals that the time is cut into.
        curriculum: The values that constants of the problem take one after the other, by name.
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
    weights: Any = None
    sampling: Any = None
    causal: Any = None
    slabs: int = 1
    curriculum: Mapping[str, Sequence[float]] | None = None
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
