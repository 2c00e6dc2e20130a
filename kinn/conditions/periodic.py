"""Two faces of the domain are one: what leaves through the first comes in through the second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from kinn.conditions.condition import Condition, Traces, Weight, check_enforcement, check_weight, having
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry import Geometry


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

    kind: ClassVar[str] = "Periodic"

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
        check_enforcement(self.enforce, self.label)
        check_weight(self.weight, self.label)

    def groups(self, subdomains: Mapping[str, Geometry]) -> tuple[tuple[str, ...], ...]:
        """Return the pairs (subdomain of the first face, of the second): the same one twice where it has both."""
        first, second = (having(subdomains, name) for name in self.on)
        both = tuple((name, name) for name in first if name in second)
        pairs = both or (((first[0], second[0]),) if len(first) == len(second) == 1 else ())
        for pair in pairs:
            self.span([subdomains[name] for name in pair])
        if pairs:
            return pairs
        raise InputError(f"the faces lie in several subdomains each: {', '.join(first)}; {', '.join(second)}")

    def span(self, geometries: Sequence[Geometry]) -> tuple[int, tuple[float, float]]:
        """Return the periodic coordinate and where it has the first and the second face.

        Args:
            geometries: The subdomains of the two faces.

        Raises:
            InputError: If they are no opposite faces of a box.
        """
        first, second = (g.boundary(name).face for g, name in zip(geometries, self.on, strict=True))
        if first is None or second is None or first.axis != second.axis:
            raise InputError(f"{self.label} needs two opposite faces of a box, and these are none")
        return first.axis, (first.value, second.value)

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """Return the differences between the faces, of the field and its derivatives."""
        first, second = (trace[self.field] for trace in traces)
        derivatives = self.derivatives
        if derivatives is None:
            apart = (p.side(1).tensor[0] - p.tensor[0]).abs()
            derivatives = ("", p.names[int(apart.argmax())])
        return [first.along(d) - second.along(d) if d else first - second for d in derivatives]
