"""What the inverse form refuses: an equation that its fundamental solution does not solve, and sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from kinn.equations import Equation
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.problem import Problem

#: Relative to what its terms add up to, a residual below this is zero.
_ZERO = 1e-8


def check_equation(problem: Problem, subdomain: str, equation: Equation) -> None:
    """Refuse an equation that is not what the strong form says, as far as the problem states one.

    Raises:
        InputError: If solutions of the equation do not satisfy the strong form, or a source is left out.
    """
    where = f"problem {problem.name!r}" + (f" in {subdomain!r}" if len(problem.subdomains) > 1 else "")
    if problem.dimension not in equation.dimensions:
        known = " and ".join(str(d) for d in equation.dimensions)
        raise InputError(
            f"{where} is in {problem.dimension} dimensions ({', '.join(problem.coordinates)}), and of {equation.name} the "
            f"inverse form knows the fundamental solution in {known}"
        )
    counts = (equation.components,) if not equation.incompressible else (equation.components, equation.components + 1)
    if len(problem.names) not in counts:
        about = f"{counts[0]}" + (", and a pressure" if equation.incompressible else "")
        raise InputError(f"{where} has {len(problem.names)} fields, and {equation.name} is about {about}")
    residual = problem.residual_of(subdomain)
    if residual is None:
        return
    x = problem.subdomains[subdomain].sample(16, seed=3)
    p = problem.points(torch.as_tensor(x))

    def tried(fields: Sequence[Any]) -> np.ndarray[Any, Any]:
        given = [p.field(f, "a trial solution") for f in fields]
        out = residual(*given, p)
        parts = [out] if isinstance(out, Field) or not isinstance(out, Sequence) else list(out)
        return np.stack([np.broadcast_to(torch.as_tensor(part.value).numpy(), len(p)) for part in parts])

    nothing = tried([0.0] * len(problem.names))
    if equation.particular is not None:
        given = equation.particular(*p.coordinates)
        left = tried(list(given) if isinstance(given, tuple | list) else [given])
        if np.abs(left).max() > 1e-6 * max(1.0, np.abs(nothing).max()):
            raise InputError(f"the particular solution of {where} does not satisfy its equation with the source")
    elif np.abs(nothing).max() > _ZERO:
        raise InputError(
            f"{where} has a source, of which {equation.name} knows nothing in the inverse form: "
            "give a function that satisfies the equation with it, inverse=...(particular=...)"
        )
    for fields in _solutions(equation, p, len(problem.names)):
        scale = max(1.0, *(float(torch.as_tensor(f.value).abs().max()) for f in fields))
        if np.abs(tried(fields) - nothing).max() > 1e-6 * scale * (1 + equation.stiffness):
            raise InputError(f"the strong form of {where} is not {equation.name}, which its inverse form names")


def _solutions(equation: Equation, p: Points, count: int) -> list[tuple[Field, ...]]:
    return [tuple(fields[:count]) for fields in equation.homogeneous_solutions(*p.coordinates)]
