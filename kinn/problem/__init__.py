"""The problem: domain, fields, equations, conditions and what a solve uses by default."""

from kinn.defaults import Defaults
from kinn.geometry.types import Array
from kinn.problem.postprocess import Postprocess
from kinn.problem.problem import FORMS, SINGLE_DOMAIN, Density, Problem, Residual

__all__ = ["FORMS", "SINGLE_DOMAIN", "Array", "Defaults", "Density", "Postprocess", "Problem", "Residual"]
