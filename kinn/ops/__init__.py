"""The spline op: grids in matrix form and the back ends that evaluate splines and their derivatives on them."""

from kinn.ops.grid import SplineGrid
from kinn.ops.reference import basis

__all__ = ["SplineGrid", "basis"]
