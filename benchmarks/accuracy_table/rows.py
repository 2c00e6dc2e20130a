"""The rows of the accuracy table: problems with target errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: The networks of most problems, without targets.
KAN_AND_MLP: Mapping[str, float | None] = {"kan": None, "mlp": None}


@dataclass(frozen=True, eq=False)
class Row:
    """Lines of the table, one per network: a problem with target errors.

    Attributes:
        problem: The name.
        targets: The networks, each with its target error; None where there is no target.
        within: The time limit in seconds.
        settings: The arguments of `--set`.
        best: The target error of the most accurate network.
        constants: Whether the error is the largest of the unknown constants instead of that of a field.
        form: The form of the equations.
        of: The field of the error; the first one if empty.
    """

    problem: str
    targets: Mapping[str, float | None] = field(default_factory=lambda: KAN_AND_MLP)
    within: int = 300
    settings: tuple[str, ...] = ()
    best: float | None = None
    constants: bool = False
    form: str = "strong"
    of: str = ""

    @property
    def label(self) -> str:
        """The name in the table."""
        form = () if self.form == "strong" else (f"({self.form})",)
        shown = ", constants" if self.constants else f", {self.of}" if self.of else ""
        return " ".join([self.problem, *form, *self.settings]) + shown


#: KANs and MLPs.
ROWS = (
    Row("poisson-2d", {"kan": 1e-7, "mlp": 1e-8}, 30),
    Row("helmholtz", {"kan": 3e-4, "mlp": 5e-5}, 90),
    Row("burgers", {"kan": 2e-3, "mlp": 2e-4}, 180),
    Row("heat-multifrequency", {"kan": 1e-4, "mlp": None}, 180),
    Row("crack", {"kan": 5e-3, "mlp": None}, 180),
    Row("crack", {"kan": 1e-5, "mlp": None}, 180, ("features=tip",)),
    Row("wedge", {"kan": 1e-6, "mlp": 1e-6}, 30),
    Row("poisson-5d", best=1e-4),
    Row("poisson-lshape", best=5e-3),
    Row("poisson-lshape", best=1e-4, settings=("features=corner",)),
    Row("poisson-holes", best=1e-3),
    Row("annulus-robin", best=1e-6),
    Row("biharmonic", best=1e-6),
    Row("eikonal"),
    Row("allen-cahn", best=1e-3),
    Row("advection", best=1e-3),
    Row("wave-1d", best=1e-3),
    Row("heat-anisotropic", best=1e-3),
    Row("korteweg-de-vries", best=1e-3),
    Row("kuramoto-sivashinsky"),
    Row("reaction-diffusion"),
    Row("schroedinger", best=1e-3),
    Row("kovasznay", best=1e-6),
    Row("lid-driven-cavity", best=2e-2),
    Row("lorenz"),
    Row("lorenz", best=1e-3, settings=("constants=unknown",), constants=True),
    Row("burgers-viscosity", best=5e-3, constants=True),
    Row("heat-conductivity"),
    Row("conductivity-field", best=1e-2, of="K"),
    Row("koch", {"kan": 1e-3, "mlp": None}, 120),
    Row("heterogeneous"),
    Row("plate-hole", {"kan": 5e-4, "mlp": None}, 180),
    Row("plate-hole-modulus", {"kan": 1e-3, "mlp": None}, 180, constants=True),
    Row("plate-hole-modulus", {"kan": 5e-3, "mlp": None}, 180, ("noise=0.01",), constants=True),
    Row("poisson-2d", form="energy"),
    Row("crack", {"kan": 2e-3, "mlp": None}, 120, form="energy"),
    Row("crack", {"kan": 1e-5, "mlp": None}, 120, ("features=tip",), form="energy"),
    Row("plate-hole", {"kan": 1e-4, "mlp": None}, 180, form="energy"),
    Row("hyperelastic-beam", {"kan": 2e-4, "mlp": None}, 300, form="energy"),
    Row("heterogeneous", {"kan": 5e-4, "mlp": None}, 120, form="energy"),
    Row("koch", {"kan": 1e-3, "mlp": None}, 120, form="energy"),
    Row("biharmonic-plate", form="energy"),
    Row("cantilever-3d", form="energy"),
    Row("cooks-membrane", form="energy"),
    Row("disk-compression", form="energy"),
    Row("l-shape-elasticity", form="energy"),
    Row("l-shape-elasticity", settings=("features=corner",), form="energy"),
    Row("crack", {"kan": 1e-5, "mlp": None}, 30, form="inverse"),
    Row("plate-hole", {"kan": 5e-5, "mlp": None}, 60, form="inverse"),
    Row("flower", {"kan": 1e-5, "mlp": None}, 60, form="inverse"),
    Row("annulus-robin", {"kan": 1e-5, "mlp": 1e-5}, 60, form="inverse"),
    Row("poisson-holes", {"kan": 1e-5, "mlp": 1e-5}, 60, form="inverse"),
    Row("two-holes", {"kan": 1e-5, "mlp": None}, 60, form="inverse"),
    Row("laplace-ball", form="inverse"),
    Row("scattering-disk", {"kan": 1e-5, "mlp": None}, 60, form="inverse"),
    Row("inclusion", {"kan": 1e-5, "mlp": 1e-5}, 60, form="inverse"),
    Row("stokes-cavity", {"kan": 1e-5, "mlp": None}, 60, form="inverse"),
    Row("stokes-cavity", {"kan": 1e-5, "mlp": None}, 60, form="inverse", of="p"),
)

#: Residual networks and neural ODEs, and dynamics.
OTHERS = (
    Row("poisson-2d", {"resnet": 1e-6, "neural-ode": 1e-6}, 60),
    Row("burgers", {"resnet": 2e-3, "neural-ode": 2e-3}, 180),
    Row("crack", {"resnet": 1e-2, "neural-ode": 1e-2}, 180),
    Row("advection", {"mlp": 1e-4, "kan": None}, settings=("frame=moving",)),
    Row("advection", {"mlp": 1e-3, "kan": None}, settings=("frame=moving", "velocity=50")),
    Row("van-der-pol", best=1e-4),
    Row("robertson", best=1e-3),
    Row("lotka-volterra", best=1e-3, settings=("term=unknown",)),
    Row("lotka-volterra", best=1e-2, settings=("term=unknown",), of="predation"),
)

#: The pages of the documentation, each with its rows.
PAGES = {"accuracy.md": ROWS, "networks.md": OTHERS}
