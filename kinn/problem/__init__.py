"""The specification layer's centre: the problem, its defaults, and the checks of what it states."""

from kinn.problem.defaults import Array, Defaults
from kinn.problem.output import Output
from kinn.problem.statement import FORMS, WHOLE, Density, Problem, Residual

__all__ = ["FORMS", "WHOLE", "Array", "Defaults", "Density", "Output", "Problem", "Residual"]
