"""From a problem and a network to a solution."""

from kinn.solver.choices import DTYPES, check_options, collocation_count, resolve_network, resolve_optimizer
from kinn.solver.driver import VALIDATION, solve

__all__ = [
    "DTYPES",
    "VALIDATION",
    "check_options",
    "collocation_count",
    "resolve_network",
    "resolve_optimizer",
    "solve",
]
