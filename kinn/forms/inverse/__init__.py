"""The inverse form: boundary integral equations, with networks for the unknown boundary data."""

from kinn.forms.inverse.boundary_trial import BoundaryTrial, Nystrom
from kinn.forms.inverse.inverse_objective import InverseObjective, inverse_form

__all__ = ["BoundaryTrial", "InverseObjective", "Nystrom", "inverse_form"]
