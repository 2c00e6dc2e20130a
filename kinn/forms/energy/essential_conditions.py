"""What conditions say to an energy: values are held, derivatives come out by themselves."""

from __future__ import annotations

from dataclasses import replace

from kinn.conditions import Condition, Integral, Interface, Neumann, Observation, Periodic, PointValue, Robin
from kinn.errors import InputError
from kinn.fields import TIME
from kinn.mechanics import Traction
from kinn.problem import Problem


def essential(condition: Condition) -> Condition | None:
    """Return what a condition says of values, or None where it is about derivatives alone: a natural one.

    Raises:
        InputError: If the energy form cannot keep it.
    """
    if isinstance(condition, Neumann | Robin):
        return None
    if isinstance(condition, Interface):
        return None if condition.value is None else replace(condition, flux=None)
    if isinstance(condition, PointValue) and condition.derivative:
        raise InputError(f"{condition.label} gives a derivative at a point, which an energy does not feel")
    if isinstance(condition, Periodic) and condition.enforce != "hard":
        raise InputError(f"the energy form builds periodicity in: state {condition.label} with enforce='hard'")
    if isinstance(condition, Observation | Integral):
        raise InputError(f"the energy form does not know {condition.label}: solve the strong form")
    return condition


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
        essential(condition)
        if isinstance(condition, Neumann):
            data = [condition.flux]
        elif isinstance(condition, Robin):
            data = [condition.value, condition.alpha]
        elif isinstance(condition, Traction):
            data = [t for t in condition.value if t is not None]
        else:
            continue
        if any(callable(value) or value != 0 for value in data) and condition.on not in problem.work:
            raise InputError(
                f"{condition.label} of problem {problem.name!r} is a natural condition, and work= says nothing of it: "
                f"give the density of its work on {condition.on!r}"
            )
