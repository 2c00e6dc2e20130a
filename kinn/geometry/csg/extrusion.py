"""Extrusions: a shape carried along one more axis of space."""

from __future__ import annotations

from collections.abc import Sequence

from kinn.errors import InputError
from kinn.geometry import arguments
from kinn.geometry.boundaries import Label, Name, free_names
from kinn.geometry.csg.product import Product
from kinn.geometry.geometry import Geometry

_ENDS = ("bottom", "top")


class Extrusion(Product):
    """A shape in the plane, extruded along z.

    The boundaries of the shape keep their names and groups and become walls; the ends are added, and numbered where
    the shape has boundaries of these names ("top-2").

    Args:
        shape: The shape in x and y; any shape in space will do, and gets one more coordinate.
        height: Where z begins and ends.
        ends: Names of the lower and the upper end.
        name: The name that both ends together answer to.

    Raises:
        InputError: What is extruded is no shape, or has time; the height is not finite or does not rise.
    """

    def __init__(
        self,
        shape: Geometry,
        height: Sequence[float],
        *,
        ends: Sequence[str] = _ENDS,
        name: str = "extrusion",
    ) -> None:
        if not isinstance(shape, Geometry):
            raise InputError(f"only a shape can be extruded, got {shape!r}")
        if "t" in shape.coordinates:
            raise InputError("time cannot be extruded: extrude the shape in space, then multiply it by time")
        start, end = arguments.point(height, "the height of an extrusion", 2)
        if not start < end:
            raise InputError(f"the height of an extrusion must rise, got {start:g} and {end:g}")
        super().__init__(shape, (start, end))
        self.name = arguments.label(name)
        if isinstance(ends, str) or len(ends) != len(_ENDS):
            raise InputError(f"an extrusion has 2 ends to name, got {ends!r}")
        self.end_names = tuple(arguments.label(end, "the name of an end") for end in ends)

    def __repr__(self) -> str:
        return f"Extrusion({self.base!r}, {self.ends}, ends={self.end_names}, name={self.name!r})"

    @property
    def cap_labels(self) -> tuple[Label, ...]:
        """The ends, numbered past equal names of the shape."""
        names = [Name(name) for name in (self.name, *self.end_names)]
        new = free_names(names, self.base.labels)
        return tuple(Label(new[name], new[names[0]]) for name in names[1:])
