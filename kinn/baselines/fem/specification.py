"""What a comparison says of finite elements in the place of a network and a method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kinn.errors import InputError

#: The degrees there are.
DEGREES = (1, 2)


@dataclass(frozen=True)
class Lagrange:
    """Lagrange elements on triangles, tetrahedra or intervals; quadratic ones have curved edges where the boundary has.

    Attributes:
        degree: The degree of the shape functions: 1 or 2.
        dofs: The most degrees of freedom of the finest mesh.
    """

    name: ClassVar[str] = "lagrange"

    degree: int = 2
    dofs: int = 40_000

    def __post_init__(self) -> None:
        if self.degree not in DEGREES:
            raise InputError(f"finite elements are of degree 1 or 2, not {self.degree!r}")
        if self.dofs < 1:
            raise InputError(f"finite elements need at least one degree of freedom, not {self.dofs}")


@dataclass(frozen=True)
class Newton:
    """Newton's method with a line search on the energy; one step where the energy is quadratic.

    Attributes:
        tolerance: The last step, relative to the solution.
        steps: The most steps.
    """

    name: ClassVar[str] = "newton"

    tolerance: float = 1e-9
    steps: int = 60


#: What may be read back from a configuration.
NETWORKS = {"lagrange": Lagrange}
OPTIMIZERS = {"newton": Newton}
