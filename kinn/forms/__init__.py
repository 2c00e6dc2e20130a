"""Forms: how a problem becomes residuals or energies of trial functions."""

from kinn.forms.base import System
from kinn.forms.energy.form import energy_form
from kinn.forms.energy.system import EnergySystem
from kinn.forms.functions import TrialFunctions
from kinn.forms.inverse import BoundaryTrial, InverseSystem, Nystrom, inverse_form
from kinn.forms.made import make_trial
from kinn.forms.strong.form import strong_form
from kinn.forms.strong.system import ResidualSystem
from kinn.forms.trial import Trial

__all__ = [
    "BoundaryTrial",
    "EnergySystem",
    "InverseSystem",
    "Nystrom",
    "ResidualSystem",
    "System",
    "Trial",
    "TrialFunctions",
    "energy_form",
    "inverse_form",
    "make_trial",
    "strong_form",
]
