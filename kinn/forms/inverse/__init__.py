"""The inverse form: the equation as a boundary integral equation, unknown boundary data carried by the network."""

from kinn.forms.inverse.boundary_trial import BoundaryTrial, Nystrom
from kinn.forms.inverse.inverse_objective import InverseObjective, inverse_form

__all__ = ["BoundaryTrial", "InverseObjective", "Nystrom", "inverse_form"]
