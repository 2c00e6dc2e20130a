"""Loads and supports: tractions, pressure that follows the surface, planes of symmetry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from kinn.conditions import Condition, Dirichlet, ResidualCondition
from kinn.errors import InputError
from kinn.fields import Field, Points, Vector
from kinn.mechanics.kinematics import cofactor, deformation_gradient
from kinn.mechanics.material import Material


@dataclass(frozen=True)
class Traction(ResidualCondition):
    """A dead traction on a boundary, sigma n = t: for the strong form its residual, for an energy its `work`.

    Attributes:
        residual: Made of the others.
        material: The material, or a function of the points that gives it.
        value: The traction, one number or function of the coordinates a component; None for a component that is not given
            (because the displacement is).
        scale: What the residual is divided by, so that stresses and displacements weigh alike: Young's modulus by default.
    """

    kind: ClassVar[str] = "Traction"
    natural_names: ClassVar[tuple[str, ...]] = ("value",)

    residual: Callable[..., Any] = field(init=False, repr=False)
    material: Material | Callable[[Points], Material] = field(kw_only=True)
    value: Sequence[Any] = field(kw_only=True)
    scale: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "residual", self._residual)
        super().__post_init__()

    def _residual(self, *arguments: Any) -> list[Field]:
        *fields, p = arguments
        material = self.material(p) if callable(self.material) else self.material
        if len(fields) < len(self.value):
            raise InputError(f"{self.label} has {len(self.value)} components, and there are {len(fields)} fields")
        found = material.traction(fields[: len(self.value)], p.n)
        scale = self.scale if self.scale is not None else material.young
        return [
            (t - p.field(given, f"the traction of {self.label}")) / scale
            for t, given in zip(found, self.value, strict=True)
            if given is not None
        ]

    @property
    def natural_data(self) -> tuple[Any, ...]:
        """The components of the traction that are prescribed."""
        return tuple(t for t in self.value if t is not None)

    def loaded_fields(self, names: Sequence[str]) -> tuple[str, ...]:
        """Names of the displacements along which the traction is prescribed."""
        return tuple(name for name, t in zip(names, self.value, strict=False) if t is not None)

    def work(self, *arguments: Any) -> Field:
        """Return the density of the work t . v: for `Problem(work={"right": traction.work})`."""
        *fields, p = arguments
        parts = [
            u * p.field(t, f"the traction of {self.label}")
            for u, t in zip(fields, self.value, strict=False)
            if t is not None and (callable(t) or t != 0)
        ]
        if not parts:
            raise InputError(f"{self.label} is zero: it does no work, and none need be stated")
        density: Field = sum(parts[1:], parts[0])
        return density


def symmetry(on: str, field_across: str, *, enforce: str = "hard") -> Condition:
    """Return the condition of a plane of symmetry: nothing moves across it.

    That nothing is sheared along it comes out by itself in an energy; in the strong form state it as a `Traction` with the
    component across given as None.

    Args:
        on: The name of the boundary, a plane at right angles to a coordinate.
        field_across: The displacement along that coordinate.
        enforce: "hard" or "soft".
    """
    return Dirichlet(field_across, 0.0, on=on, enforce=enforce)


def pressure_work(v: Sequence[Field], p: Points, pressure: float) -> Field:
    """Return the density of the work of a pressure that follows the surface it acts on.

    The work is the pressure times the volume that the surface sweeps, as the integral of -(X + v) . cof F N / d over the
    undeformed surface less that at rest. Its variation is that of the follower load where the rim of the surface is held,
    lies in planes of symmetry through the origin, or the surface is closed.

    Args:
        v: The displacement.
        p: The points, on a boundary.
        pressure: The pressure, positive towards the body.
    """
    normal = p.n
    deformed = Vector(x + u for x, u in zip(p.coordinates, v, strict=True))
    area = Vector(row @ normal for row in cofactor(deformation_gradient(v)))
    at_rest = Vector(p.coordinates) @ normal
    work: Field = (deformed @ area - at_rest) * (-pressure / len(v))
    return work
