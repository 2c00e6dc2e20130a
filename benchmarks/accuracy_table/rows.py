"""What the table of accuracy is made of: problems, and what they must reach."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """Two lines of the table, one a network: a problem with what it must reach.

    Attributes:
        problem: The name.
        kan: The error a KAN must reach; None where it is only reported.
        mlp: Likewise an MLP.
        within: Seconds allowed.
        settings: What goes to `--set`.
        best: The error that the more accurate of the two must reach.
        constants: Whether the error is that of the unknown constants, the largest, and not that of the primary field.
        form: The form of the equations.
    """

    problem: str
    kan: float | None = None
    mlp: float | None = None
    within: int = 300
    settings: tuple[str, ...] = ()
    best: float | None = None
    constants: bool = False
    form: str = "strong"

    @property
    def label(self) -> str:
        """What the table calls it."""
        form = () if self.form == "strong" else (f"({self.form})",)
        constants = (", constants",) if self.constants else ()
        return " ".join([self.problem, *form, *self.settings]) + "".join(constants)


ROWS = (
    Row("poisson-2d", 1e-7, 1e-8, 30),
    Row("helmholtz", 3e-4, 5e-5, 90),
    Row("burgers", 2e-3, 2e-4, 180),
    Row("heat-multifrequency", 1e-4, None, 180),
    Row("crack", 5e-3, None, 180),
    Row("crack", 1e-5, None, 180, ("features=tip",)),
    Row("wedge", 1e-6, 1e-6, 30),
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
    Row("koch", 1e-3, None, 120),
    Row("heterogeneous"),
    Row("plate-hole", 5e-4, None, 180),
    Row("plate-hole-modulus", 1e-3, None, 180, constants=True),
    Row("plate-hole-modulus", 5e-3, None, 180, ("noise=0.01",), constants=True),
    Row("poisson-2d", form="energy"),
    Row("crack", 2e-3, None, 120, form="energy"),
    Row("crack", 1e-5, None, 120, ("features=tip",), form="energy"),
    Row("plate-hole", 1e-4, None, 180, form="energy"),
    Row("hyperelastic-beam", 2e-4, None, 300, form="energy"),
    Row("heterogeneous", 5e-4, None, 120, form="energy"),
    Row("koch", 1e-3, None, 120, form="energy"),
    Row("crack", 1e-5, None, 30, form="inverse"),
    Row("plate-hole", 5e-5, None, 60, form="inverse"),
    Row("flower", 1e-5, None, 60, form="inverse"),
    Row("annulus-robin", 1e-5, 1e-5, 60, form="inverse"),
    Row("poisson-holes", 1e-5, 1e-5, 60, form="inverse"),
    Row("two-holes", 1e-5, None, 60, form="inverse"),
    Row("scattering-disk", 1e-5, None, 60, form="inverse"),
    Row("inclusion", 1e-5, 1e-5, 60, form="inverse"),
)
