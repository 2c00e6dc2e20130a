"""Time: an interval of it, and the product of a shape in space with such an interval."""

from __future__ import annotations

from kinn.errors import InputError
from kinn.geometry.boundary.boundary import BoundaryName, Label
from kinn.geometry.csg.prism import Prism
from kinn.geometry.geometry import Geometry
from kinn.geometry.shapes.box import Interval

_INSTANTS = ("initial", "final")


class TimeInterval(Interval):
    """The time from t0 to t1: a domain with the one coordinate "t" (for ODEs) and boundaries "initial" and "final"."""

    def __init__(self, t0: float, t1: float, *, name: str = "time") -> None:
        super().__init__(t0, t1, name=name)

    @property
    def coordinates(self) -> tuple[str, ...]:
        """Time alone."""
        return ("t",)

    @property
    def side_names(self) -> tuple[tuple[str, str], ...]:
        """Initial and final."""
        return (_INSTANTS,)


class SpaceTime(Prism):
    """A shape in space times an interval of time, written `shape * TimeInterval(0, 1)`.

    The last coordinate is "t". The boundaries of the shape keep their names (also "boundary" and "outer", which hold
    nothing of the first and last instant); "initial" and "final" are added.

    Raises:
        InputError: The second factor is no TimeInterval, the first already has time, or a boundary of the shape is
            called "initial" or "final".
    """

    def __init__(self, space: Geometry, time: Geometry) -> None:
        if not isinstance(time, TimeInterval):
            raise InputError("a domain can only be multiplied by time: shape * TimeInterval(t0, t1)")
        if "t" in space.coordinates:
            raise InputError("a domain has only one time: the first factor of shape * TimeInterval(t0, t1) has one too")
        super().__init__(space, (time.lower[0], time.upper[0]))
        self.space, self.time = space, time
        taken = [name for name in space.boundaries if name in _INSTANTS]
        if taken:
            raise InputError(f"a boundary in space may not be called {taken[0]!r}: time has one of this name")

    def __repr__(self) -> str:
        return f"{self.space!r} * {self.time!r}"

    @property
    def coordinates(self) -> tuple[str, ...]:
        """Those of the shape, then t."""
        return (*self.space.coordinates, "t")

    @property
    def cap_labels(self) -> tuple[Label, ...]:
        """Initial and final, which are no boundary of the body."""
        owner = BoundaryName(self.time.name)
        return tuple(Label(BoundaryName(name), owner, lateral=False) for name in _INSTANTS)
