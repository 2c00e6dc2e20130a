"""Checks that the parts of a problem share: names, the arguments of functions, and points."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from keyword import iskeyword
from typing import Any

from kinn.errors import InputError, check_name
from kinn.fields import Field, Points
from kinn.geometry.types import Array, Mask
from kinn.unknowns import Unknown, UnknownField

#: Attributes of points that belong to each of them, which no coefficient or unknown can hide behind.
POINT_DATA = ("tensor", "observed", "paired_points", "weights", "fields", "normals", "names", "coefficients")


def check_field_names(names: Sequence[str], coordinates: Sequence[str], owner: str) -> None:
    """Check that fields have names that expressions such as "u.x" can call, none of them that of a coordinate.

    Raises:
        InputError: Names the first that has not.
    """
    for name in names:
        if not isinstance(name, str) or not name.isidentifier() or iskeyword(name):
            raise InputError(
                f"the field {name!r} of {owner} cannot be called so: a name is a word such as 'u' or 'u_in'"
            )
        if name in coordinates:
            raise InputError(f"the field {name!r} of {owner} has the name of a coordinate: {', '.join(coordinates)}")


def check_coordinate_names(names: Iterable[str], owner: str) -> None:
    """Check that points and fields have no attributes of the names of coordinates.

    Raises:
        InputError: Names the first that they have.
    """
    for name in names:
        if hasattr(Points, name) or name in POINT_DATA or hasattr(Field, name):
            raise InputError(f"the coordinate {name!r} of {owner} cannot be called so: p.{name} or u.{name} means more")


def check_coefficient_names(names: Iterable[str], taken: Sequence[str], owner: str) -> None:
    """Check that residuals can access every coefficient as `p.name`.

    Raises:
        InputError: Names the first that they cannot.
    """
    for name in names:
        where = f"the coefficient {name!r} of {owner}"
        if not name.isidentifier() or iskeyword(name) or hasattr(Points, name) or name in POINT_DATA:
            raise InputError(f"{where} cannot be called so: p.{name} means something else, or is no name")
        if name in taken:
            raise InputError(f"{where} has the name of a field or a coordinate: call it something else")


def check_bindings(
    unknowns: Sequence[Unknown | UnknownField], taken: Sequence[str], coordinates: Sequence[str], owner: str
) -> None:
    """Check that residuals can access every unknown as `p.name`, and that it depends on coordinates that there are.

    Args:
        unknowns: The unknowns.
        taken: Names that mean something else.
        coordinates: The names of the coordinates.
        owner: What messages call the problem.

    Raises:
        InputError: Names the first that cannot be.
    """
    names = list(taken)
    for sought in unknowns:
        where = f"the unknown {sought.name!r} of {owner}"
        if not sought.name.isidentifier() or hasattr(Points, sought.name) or sought.name in POINT_DATA:
            raise InputError(f"{where} cannot be called so: p.{sought.name} means something else")
        if sought.name in names:
            raise InputError(f"{where} has the name of a field, a coordinate, a coefficient or another unknown")
        names.append(sought.name)
        for name in getattr(sought, "of", None) or ():
            check_name("coordinate", name, coordinates, where)


def check_arguments(function: Callable[..., Any], names: Sequence[str], what: str) -> None:
    """Check that a function takes arguments of these names in order.

    Raises:
        InputError: If it does not.
    """
    try:
        inspect.signature(function).bind(*names)
    except TypeError as error:
        raise InputError(f"{what} must take {', '.join(names)} in this order: {error}") from error


def check_points(points: Array, coordinates: Sequence[str], contains: Callable[[Array], Mask], where: str) -> None:
    """Check that points (N, d) lie in a domain.

    Raises:
        InputError: Tells the first that does not.
    """
    if points.shape[1] != len(coordinates):
        raise InputError(
            f"{where} has points of {points.shape[1]} coordinates; "
            f"the domain has {len(coordinates)} ({', '.join(coordinates)})"
        )
    outside = ~contains(points)
    if outside.any():
        first = ", ".join(f"{c:g}" for c in points[outside][0])
        raise InputError(f"{where} has {int(outside.sum())} points outside the domain, the first at ({first})")
