"""The strong form: residuals at points in the mean square, and how well data identify unknown constants."""

from kinn.forms.strong.residual_objective import ResidualObjective
from kinn.forms.strong.strong_form import strong_form

__all__ = ["ResidualObjective", "strong_form"]
