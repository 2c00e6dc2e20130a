"""Conditions on boundaries, initial states, interfaces, points and integrals of fields.

A condition states its residual and answers what the forms ask about it (`kinn.conditions.condition.Condition`). Soft
conditions enter the loss, hard ones are built into the trial functions.
"""

from __future__ import annotations

from kinn.conditions.boundary import Dirichlet, Initial, Interface, Neumann, Robin
from kinn.conditions.condition import (
    BoundaryCondition,
    BoundaryDatum,
    Condition,
    NodalConstraint,
    Periodicity,
    Sampler,
    TimeWindow,
    Traces,
    subdomains_with,
)
from kinn.conditions.integral import Integral
from kinn.conditions.periodic import Periodic
from kinn.conditions.points import Observation, PointCondition, PointValue
from kinn.conditions.residual import INTERIOR, ResidualCondition

__all__ = [
    "INTERIOR",
    "BoundaryCondition",
    "BoundaryDatum",
    "Condition",
    "Dirichlet",
    "Initial",
    "Integral",
    "Interface",
    "Neumann",
    "NodalConstraint",
    "Observation",
    "Periodic",
    "Periodicity",
    "PointCondition",
    "PointValue",
    "ResidualCondition",
    "Robin",
    "Sampler",
    "TimeWindow",
    "Traces",
    "subdomains_with",
]
