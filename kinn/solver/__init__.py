"""From a problem and a network to a solution."""

from kinn.solver.choices import DTYPES, FORMS, chosen_network, chosen_optimizer, collocation_count
from kinn.solver.driver import VALIDATION, solve

__all__ = ["DTYPES", "FORMS", "VALIDATION", "chosen_network", "chosen_optimizer", "collocation_count", "solve"]
