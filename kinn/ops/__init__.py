"""The spline op: grids in matrix form and the back ends that evaluate splines and their derivatives on them."""

from kinn.ops.backends import SplineMap
from kinn.ops.grid import SplineGrid
from kinn.ops.reference import BOUNDED_MAPS, basis
from kinn.ops.spline_jet import spline_jacobian, spline_jet, spline_layers

__all__ = ["BOUNDED_MAPS", "SplineGrid", "SplineMap", "basis", "spline_jacobian", "spline_jet", "spline_layers"]
