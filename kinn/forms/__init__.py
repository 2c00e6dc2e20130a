"""Forms: how a problem becomes residuals or energies of trial functions."""

from kinn.forms.base import System
from kinn.forms.strong import strong_form
from kinn.forms.system import ResidualSystem
from kinn.forms.trial import Trial

__all__ = ["ResidualSystem", "System", "Trial", "strong_form"]
