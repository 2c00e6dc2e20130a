"""Eigenvalue problems: the lowest eigenvalues of linear equations, with their eigenfunctions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kinn.conditions import Integral
from kinn.errors import InputError, check_name
from kinn.fields import Field, Points
from kinn.forms.strong.coarse_spectrum import CoarseEigenpair, coarse_eigenpairs
from kinn.networks import Architecture
from kinn.problem import Problem
from kinn.solution import Solution
from kinn.solver import solve


def solve_eigenproblem(
    problem: Problem, network: Architecture | str, *, count: int = 1, **options: Any
) -> list[Solution]:
    """Solutions for the lowest eigenvalues, in ascending order.

    A Galerkin method on random features gives approximate eigenpairs. Each is the start of a solve, and fixes the amplitude: the mean
    of the product of the solution and the approximate eigenfunction is 1. So no eigenvalue is found twice, and none is left out that
    the features resolve. The mean square of an eigenfunction is about 1.

    Args:
        problem: Linear equations and conditions without sources, in the strong form. Its only unknown is the eigenvalue:
            `Unknown("E", initial=0.0)`, accessed as `p.E` and linear in the equations. `bounds` select eigenvalues; the initial
            value does not matter.
        network: The network of each solution, as of `kinn.solve`.
        count: How many.
        **options: Further arguments of `kinn.solve`.

    Returns:
        One solution for each: `solution.unknowns["E"].value` is the eigenvalue.

    Raises:
        InputError: If it is no linear eigenvalue problem, or fewer eigenvalues can be told.
        SolveError: If the numbers break down.
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise InputError(f"count is a number of eigenvalues, 1 or more, not {count!r}")
    check_name("form", options.pop("form", "strong"), ("strong",), "kinn.solve_eigenproblem")
    problem = problem.in_form("strong")
    if len(problem.unknowns) != 1 or len(problem.unknown_constants) != 1:
        raise InputError(
            f'problem {problem.name!r} needs one unknown, its eigenvalue: unknowns=[Unknown("E", initial=0.0)]'
        )
    pairs = coarse_eigenpairs(problem, problem.unknown_constants[0].name, count)
    return [solve(_about(problem, pair), network, **options) for pair in pairs]


def _about(problem: Problem, pair: CoarseEigenpair) -> Problem:
    """Problem whose solution is the eigenpair next to an approximate one."""

    def product(*arguments: Any) -> Field:
        *fields, p = arguments
        assert isinstance(p, Points)
        columns = pair.at(p).T
        first, *others = (u * column for u, column in zip(fields, columns, strict=True))
        return sum(others, first)  # type: ignore[no-any-return]

    amplitude = Integral(None, 1.0, of=product, mean=True)
    unknown = replace(problem.unknown_constants[0], initial=pair.value)
    return replace(problem, unknowns=(unknown,), conditions=(*problem.conditions, amplitude))
