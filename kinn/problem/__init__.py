"""The specification layer's centre: the problem, its defaults, and the checks of what it states."""

from kinn.defaults import Defaults
from kinn.geometry.types import Array
from kinn.problem.postprocess import Postprocess
from kinn.problem.problem import FORMS, WHOLE, Density, Problem, Residual

__all__ = ["FORMS", "WHOLE", "Array", "Defaults", "Density", "Postprocess", "Problem", "Residual"]
