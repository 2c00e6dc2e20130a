"""Forms: how a problem becomes residuals or energies of trial functions."""

from kinn.forms.domain_trial import DomainTrial
from kinn.forms.energy.energy_form import energy_form
from kinn.forms.energy.energy_objective import EnergyObjective
from kinn.forms.inverse import BoundaryTrial, InverseObjective, Nystrom, inverse_form
from kinn.forms.objective import FormObjective
from kinn.forms.strong.residual_objective import ResidualObjective
from kinn.forms.strong.strong_form import strong_form
from kinn.forms.trial_base import TrialFunctions
from kinn.forms.trial_factory import make_trial

__all__ = [
    "BoundaryTrial",
    "DomainTrial",
    "EnergyObjective",
    "FormObjective",
    "InverseObjective",
    "Nystrom",
    "ResidualObjective",
    "TrialFunctions",
    "energy_form",
    "inverse_form",
    "make_trial",
    "strong_form",
]
