"""Conditions: what the fields satisfy on boundaries, at the start, between subdomains, at points and on the whole.

A condition states its residual; at which points it is evaluated and how it is weighted is the form's affair. Soft
conditions enter the loss, hard ones are built into the trial functions.
"""

from __future__ import annotations

from kinn.conditions.boundary import Dirichlet, Initial, Neumann, Robin
from kinn.conditions.condition import BoundaryCondition, Condition, Traces
from kinn.conditions.interface import Interface
from kinn.conditions.periodic import Periodic
from kinn.conditions.points import Observation, PointCondition, PointValue
from kinn.conditions.residual import Integral, ResidualCondition

__all__ = [
    "BoundaryCondition",
    "Condition",
    "Dirichlet",
    "Initial",
    "Integral",
    "Interface",
    "Neumann",
    "Observation",
    "Periodic",
    "PointCondition",
    "PointValue",
    "ResidualCondition",
    "Robin",
    "Traces",
]
