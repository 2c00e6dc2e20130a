"""The energy form: densities integrated by a quadrature, each step checked on a second one."""

from kinn.forms.energy.energy_form import energy_form
from kinn.forms.energy.energy_objective import EnergyObjective

__all__ = ["EnergyObjective", "energy_form"]
