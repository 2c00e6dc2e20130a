"""Constructive solid geometry: Boolean operations, products with an interval, motions.

Each module is loaded when its operation is first used.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from kinn.geometry.geometry import Geometry


def _operation(module: str, name: str) -> Callable[..., Geometry]:
    """Return the constructor of that name in a module of this package, imported at the first call."""

    def construct(*arguments: object) -> Geometry:
        shape: Geometry = getattr(import_module(f"kinn.geometry.csg.{module}"), name)(*arguments)
        return shape

    return construct


Geometry.operations.update(
    union=_operation("boolean", "Union"),
    intersection=_operation("boolean", "Intersection"),
    difference=_operation("boolean", "Difference"),
    space_time=_operation("products", "SpaceTime"),
    translated=_operation("motion", "translated"),
    rotated=_operation("motion", "rotated"),
)
