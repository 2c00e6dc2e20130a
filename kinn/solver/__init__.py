"""From a problem and a network to a solution."""

from kinn.solver.choices import DTYPES, FORMS, collocation_count, resolve_network, resolve_optimizer
from kinn.solver.driver import VALIDATION, solve

__all__ = ["DTYPES", "FORMS", "VALIDATION", "collocation_count", "resolve_network", "resolve_optimizer", "solve"]
