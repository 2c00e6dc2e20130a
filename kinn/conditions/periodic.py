"""Periodicity: two opposite faces of the domain are identified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass

from kinn.conditions.condition import Condition, subdomains_with
from kinn.conditions.types import Periodicity, Sampler, Traces, Weight
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry import Geometry
from kinn.jets.index import MAX_ORDER


@dataclass(frozen=True)
class Periodic(Condition):
    """The field is the same on two opposite faces of a box, and so are its derivatives.

    Soft, derivatives are matched at pairs of points on the two faces. Hard, the network sees the cosine and the sine of
    the coordinate in place of the coordinate itself: the field is periodic with all its derivatives.

    Attributes:
        field: The name of the field.
        on: The names of the two faces.
        derivatives: What is matched, soft: "" for the field itself, "x" for a derivative. By default the field and its
            first derivative across the faces, which is what an equation of second order needs.
        enforce: "soft" or "hard".
        harmonics: Hard, how many multiples of the angle the network sees: cos, sin, cos 2, sin 2, ...
        weight: See `Weight`.
    """

    field: str
    _: KW_ONLY
    on: tuple[str, str]
    derivatives: str | tuple[str, ...] | None = None
    enforce: str = "soft"
    harmonics: int = 1
    weight: Weight = 1.0

    def __post_init__(self) -> None:
        faces = tuple(self.on)
        if len(faces) != 2 or faces[0] == faces[1]:
            raise InputError(f"{self.label} joins two faces: on=('left', 'right')")
        object.__setattr__(self, "on", faces)
        if self.derivatives is not None:
            derivatives = (self.derivatives,) if isinstance(self.derivatives, str) else tuple(self.derivatives)
            object.__setattr__(self, "derivatives", derivatives)
        if self.harmonics < 1:
            raise InputError(f"the harmonics of {self.label} are at least 1, not {self.harmonics}")
        super().__post_init__()

    @property
    def boundaries(self) -> tuple[str, ...]:
        return self.on

    def subdomain_groups(self, subdomains: Mapping[str, Geometry]) -> tuple[tuple[str, ...], ...]:
        """Pairs (subdomain of the first face, of the second): twice the same where one subdomain has both."""
        first, second = (subdomains_with(subdomains, name) for name in self.on)
        both = tuple((name, name) for name in first if name in second)
        pairs = both or (((first[0], second[0]),) if len(first) == len(second) == 1 else ())
        for pair in pairs:
            self._span([subdomains[name] for name in pair])
        if pairs:
            return pairs
        raise InputError(f"the faces lie in several subdomains each: {', '.join(first)}; {', '.join(second)}")

    def collocation_points(self, sampler: Sampler, group: Sequence[str], seed: int) -> Points:
        axis, (_, there) = self._span([sampler.subdomains[name] for name in group])
        p = sampler.boundary(group[0], self.on[0], seed)
        assert p.normals is not None
        image = p.tensor.clone()
        image[:, axis] = there
        p.paired_points = (Points(p.names, image, -p.normals, p.coefficients, fields=p.fields),)
        return p

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        first, second = (trace[self.field] for trace in traces)
        derivatives = self.derivatives
        if derivatives is None:
            shift = (p.side(1).tensor[0] - p.tensor[0]).abs()
            derivatives = ("", p.names[int(shift.argmax())])
        return [first.derivative(d) - second.derivative(d) for d in derivatives]

    @property
    def multiplicity(self) -> int:
        """One for each two of the field and its derivatives that are matched; hard, as many as any equation needs."""
        if self.enforce == "hard":
            return MAX_ORDER
        return 1 if self.derivatives is None else (len(self.derivatives) + 1) // 2

    def periodicity(self, geometries: Sequence[Geometry]) -> Periodicity | None:
        return Periodicity(*self._span(geometries), self.harmonics) if self.enforce == "hard" else None

    def essential_part(self) -> Condition:
        if self.enforce != "hard":
            raise InputError(f"the energy form builds periodicity in: state {self.label} with enforce='hard'")
        return self

    def _span(self, geometries: Sequence[Geometry]) -> tuple[int, tuple[float, float]]:
        """The periodic coordinate, and where it has the first and the second face.

        Args:
            geometries: The subdomains of the two faces.

        Raises:
            InputError: If they are no opposite faces of a box.
        """
        first, second = (g.boundary(name).face for g, name in zip(geometries, self.on, strict=True))
        if first is None or second is None or first.axis != second.axis:
            raise InputError(f"{self.label} needs two opposite faces of a box, and these are none")
        return first.axis, (first.value, second.value)
