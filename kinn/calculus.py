"""Vector calculus on fields: spatial operators, which leave the time coordinate out."""

from __future__ import annotations

from collections.abc import Sequence

from kinn.errors import InputError
from kinn.fields import TIME, Field, Vector


def _space(u: Field) -> tuple[str, ...]:
    names = tuple(c for c in u.coordinates if c != TIME)
    if not names:
        raise InputError("spatial operators need a spatial coordinate, and the field depends on time alone")
    return names


def _components(v: Sequence[Field], operator: str) -> tuple[str, ...]:
    names = _space(v[0])
    if len(v) != len(names):
        raise InputError(f"{operator} takes one component per spatial coordinate ({', '.join(names)}), not {len(v)}")
    return names


def grad(u: Field) -> Vector:
    """Gradient (u_x, u_y, ...)."""
    return Vector(u.derivative(c) for c in _space(u))


def div(v: Sequence[Field]) -> Field:
    """Divergence of a vector with one component per spatial coordinate.

    Raises:
        InputError: If the number of components differs.
    """
    terms = [component.derivative(c) for component, c in zip(v, _components(v, "div"), strict=True)]
    return sum(terms[1:], terms[0])


def laplacian(u: Field) -> Field:
    """Laplacian u_xx + u_yy + ..."""
    return u.trace(u.coordinates.index(c) for c in _space(u))


def hessian(u: Field) -> tuple[Vector, ...]:
    """Rows of the matrix of second derivatives."""
    names = _space(u)
    return tuple(Vector(u.derivative(a + b) for b in names) for a in names)


def strain(v: Sequence[Field]) -> tuple[Vector, ...]:
    """Rows of the symmetric gradient (grad v + grad v^T) / 2 of a displacement."""
    names = _components(v, "strain")
    return tuple(
        Vector(0.5 * (v[i].derivative(b) + v[j].derivative(a)) for j, b in enumerate(names))
        for i, a in enumerate(names)
    )
