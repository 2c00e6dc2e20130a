"""Networks of one size: those after the first, scaled to its number of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kinn.networks import Architecture
    from kinn.problem import Problem


def matched(networks: Sequence[Architecture], problem: Problem) -> list[Architecture]:
    """Return the networks, the first as it is and the others with widths that match its parameter count on a problem."""
    from kinn.forms import DomainTrial
    from kinn.networks import match_parameters

    first, *others = networks
    if not others:
        return [first]
    built = DomainTrial(problem, first).network(next(iter(problem.subdomains)))
    return [first, *(match_parameters(o, built.parameter_count, built.inputs, built.outputs) for o in others)]
