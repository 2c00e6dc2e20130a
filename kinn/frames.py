"""Frames that move: networks that see a point's place along a flow and not its place in space."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class MovingCoordinate:
    """What networks take in instead of a coordinate; one of a problem's `features`.

    A wave that is carried along hardly changes in a frame that moves with it. With the foot of the characteristic through
    (x, t) in the place of x, networks learn what happens along characteristics, the Lagrangian view (Mojgani, Balajewicz
    and Hassanzadeh 2023, Comput. Methods Appl. Mech. Eng. 404, 115810). The problem stays what it is: equations, conditions,
    solutions and errors are all about (x, t).

    Attributes:
        coordinate: The name of the coordinate.
        place: Its place in the moving frame, a function of the coordinates: `lambda x, t: x - c * t`.
    """

    coordinate: str
    place: Callable[..., Any]

    def __call__(self, *coordinates: Any) -> Any:
        """Return the place of points with these coordinates."""
        return self.place(*coordinates)
