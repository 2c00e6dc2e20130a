"""Finite elements by scikit-fem (extra `fem`), as a baseline: the elements and the method, as a comparison names them.

The equations come from the problem's own energy, whose first and second derivatives at the quadrature points are the
residual and the tangent: every energy of values and first derivatives can be solved.
(scikit-fem: Gustafsson and McBain, JOSS 5, 2020, 2369.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kinn.errors import InputError

#: The degrees of the elements.
DEGREES = (1, 2)


@dataclass(frozen=True)
class Lagrange:
    """Lagrange elements on triangles, tetrahedra or intervals; quadratic ones are isoparametric.

    Attributes:
        degree: The degree of the shape functions: 1 or 2.
        dofs: The largest number of degrees of freedom of a mesh.
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
        tolerance: The size of the last step, relative to the solution.
        steps: The largest number of steps.
    """

    name: ClassVar[str] = "newton"

    tolerance: float = 1e-9
    steps: int = 60


#: What a configuration can name.
NETWORKS = {"lagrange": Lagrange}
OPTIMIZERS = {"newton": Newton}
