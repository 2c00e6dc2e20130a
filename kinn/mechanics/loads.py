"""Loads, supports and interfaces: tractions, follower pressure, planes of symmetry, perfect bonding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar

from kinn.conditions import Condition, Dirichlet, Interface, NodalConstraint, ResidualCondition, Traces
from kinn.errors import InputError
from kinn.fields import Field, Points, Vector
from kinn.mechanics.kinematics import cofactor, deformation_gradient
from kinn.mechanics.material import Material


@dataclass(frozen=True)
class Traction(ResidualCondition):
    """A dead traction on a boundary, sigma n = t: its residual in the strong form, its `work` in an energy.

    Attributes:
        residual: Derived from the others.
        material: The material, or a function of the points that returns it.
        value: The traction, a number or function of the coordinates per component; None for a component along which the
            displacement is prescribed instead.
        scale: The unit of the residual, so that stresses and displacements have equal weight: Young's modulus by default.
    """

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
        traction = material.traction(fields[: len(self.value)], p.n)
        scale = self.scale if self.scale is not None else material.young
        return [
            (t - p.field(prescribed, f"the traction of {self.label}")) / scale
            for t, prescribed in zip(traction, self.value, strict=True)
            if prescribed is not None
        ]

    @property
    def natural_data(self) -> tuple[Any, ...]:
        return tuple(t for t in self.value if t is not None)

    def loaded_fields(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(name for name, t in zip(names, self.value, strict=False) if t is not None)

    def work(self, *arguments: Any) -> Field:
        """Density of the work t . v, for `Problem(work={"right": traction.work})`."""
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


@dataclass(frozen=True)
class Bonded(Interface):
    """Perfect bonding of two solids: displacement and traction are continuous.

    Attributes:
        field: A displacement, which names the condition in messages; the condition holds for all of them.
        materials: The materials of the two subdomains, in order.
    """

    multiplier_is_flux: ClassVar[bool] = False  # there is one for each displacement

    _: KW_ONLY
    materials: tuple[Material, Material]

    @property
    def field_names(self) -> tuple[str, ...]:
        """None: the condition is about all fields."""
        return ()

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """The jumps of the displacements, and those of the tractions over the larger Young's modulus."""
        first, second = ([trace[name] for name in p.fields] for trace in traces)
        jumps = [a - b for a, b in zip(first, second, strict=True)]
        stiff = max(material.young for material in self.materials)
        tractions = (m.traction(v, p.n) for m, v in zip(self.materials, (first, second), strict=True))
        return jumps + [(a - b) / stiff for a, b in zip(*tractions, strict=True)]

    def nodal_constraint(self, names: Sequence[str]) -> NodalConstraint:
        """All displacements are the same at nodes of the two subdomains."""
        return NodalConstraint(tuple(names), 0.0, tied=True)


def symmetry(on: str, field_across: str, *, enforce: str = "hard") -> Condition:
    """Condition of a plane of symmetry: no displacement across it.

    Zero shear along it is a natural condition of an energy; in the strong form state it as a `Traction` whose component
    across the plane is None.

    Args:
        on: The name of the boundary, a plane at right angles to a coordinate.
        field_across: The displacement along that coordinate.
        enforce: "hard" or "soft".
    """
    return Dirichlet(field_across, 0.0, on=on, enforce=enforce)


def pressure_work(v: Sequence[Field], p: Points, pressure: float) -> Field:
    """Density of the work of a follower pressure.

    The work is the pressure times the volume that the surface sweeps: the integral of -(X + v) . cof F N / d over the
    undeformed surface less its value at v = 0. Its variation is the follower load where the rim of the surface is fixed or
    lies in planes of symmetry through the origin, or the surface is closed. The pressure is positive towards the body.
    """
    normal = p.n
    deformed = Vector(x + u for x, u in zip(p.coordinates, v, strict=True))
    area = Vector(row @ normal for row in cofactor(deformation_gradient(v)))
    at_rest = Vector(p.coordinates) @ normal
    work: Field = (deformed @ area - at_rest) * (-pressure / len(v))
    return work
