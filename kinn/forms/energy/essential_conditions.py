"""Checks of the conditions of an energy: those on values are essential, those on derivatives natural."""

from __future__ import annotations

from kinn.errors import InputError
from kinn.fields import TIME
from kinn.problem import Problem


def check_stated(problem: Problem) -> None:
    """Raise for what has no energy to minimise, or loads that the energy is not told of."""
    if TIME in problem.coordinates:
        raise InputError(f"problem {problem.name!r} depends on time, and the energy form is for states of rest")
    if problem.unknowns:
        # dE/dk is no equation of theirs: the energy falls as a stiffness does, without end, and a misfit added to it
        # finds where the two balance, which moves with its weight, and not the constants that the data are of
        named = ", ".join(repr(u.name) for u in problem.unknowns)
        raise InputError(
            f"problem {problem.name!r} has unknowns ({named}), which an energy does not determine, for its least value is "
            "that of the softest body: identify them in the strong form (form='strong')"
        )
    for condition in problem.conditions:
        condition.essential_part()  # which refuses what an energy cannot keep
        if not any(callable(value) or value != 0 for value in condition.natural_data):
            continue
        for on in condition.boundaries:
            if on not in problem.work:
                raise InputError(
                    f"{condition.label} of problem {problem.name!r} is a natural condition, and work= says nothing of it: "
                    f"give the density of its work on {on!r}"
                )
