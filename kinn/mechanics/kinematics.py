"""Deformation tensors as rows of fields, in two and three dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any, TypeAlias

from kinn.calculus import grad
from kinn.errors import InputError
from kinn.fields import Field, Vector
from kinn.math import sqrt

#: The rows of a tensor.
Tensor: TypeAlias = tuple[Vector, ...]


def deformation_gradient(v: Sequence[Field]) -> Tensor:
    """Rows of the deformation gradient F = 1 + grad v.

    Raises:
        InputError: Unless the displacement has one component per coordinate in space, two or three.
    """
    rows = tuple(grad(component) for component in v)
    if len(rows) not in (2, 3) or any(len(row) != len(rows) for row in rows):
        raise InputError(f"a displacement has 2 or 3 components, one a coordinate in space, not {len(rows)}")
    return tuple(Vector(entry + 1.0 if i == j else entry for j, entry in enumerate(row)) for i, row in enumerate(rows))


def green_strain(v: Sequence[Field]) -> Tensor:
    """Rows of the Green-Lagrange strain (F^T F - 1) / 2."""
    columns = transposed(deformation_gradient(v))
    return tuple(
        Vector(0.5 * (a @ b - (1.0 if i == j else 0.0)) for j, b in enumerate(columns)) for i, a in enumerate(columns)
    )


def determinant(rows: Tensor) -> Field:
    """Determinant of a tensor in two or three dimensions."""
    return rows[0] @ cofactor(rows)[0]


def cofactor(rows: Tensor) -> Tensor:
    """Rows of the cofactor det F F^-T."""
    if len(rows) == 2:
        (a, b), (c, d) = rows
        return Vector((d, -c)), Vector((-b, a))
    return tuple(cross(rows[(i + 1) % 3], rows[(i + 2) % 3]) for i in range(3))


def cross(a: Sequence[Field], b: Sequence[Field]) -> Vector:
    """Vector product."""
    return Vector(a[(k + 1) % 3] * b[(k + 2) % 3] - a[(k + 2) % 3] * b[(k + 1) % 3] for k in range(3))


def transposed(rows: Tensor) -> Tensor:
    """Columns of a tensor."""
    return tuple(Vector(column) for column in zip(*rows, strict=True))


def product(a: Tensor, b: Tensor) -> Tensor:
    """Rows of the product a b."""
    columns = transposed(b)
    return tuple(Vector(row @ column for column in columns) for row in a)


def double(a: Tensor, b: Tensor) -> Field:
    """Double contraction a : b."""
    return reduce(add, (row @ other for row, other in zip(a, b, strict=True)))


def trace(rows: Tensor) -> Field:
    """Trace of a tensor."""
    return reduce(add, (row[i] for i, row in enumerate(rows)))


def hooke(strain: Tensor, lame: Any, shear: Any) -> Tensor:
    """Rows of the stress lambda tr(strain) 1 + 2 mu strain."""
    volume, twice = trace(strain) * lame, 2.0 * shear
    return tuple(
        Vector(e * twice + volume if i == j else e * twice for j, e in enumerate(row)) for i, row in enumerate(strain)
    )


def von_mises(stress: Tensor, out_of_plane: Field | float = 0.0) -> Field:
    """Equivalent (von Mises) stress of a symmetric stress; in the plane, with the normal stress out of it."""
    if len(stress) == 2:
        (xx, xy), (_, yy) = stress
        zz, shear = out_of_plane, xy * xy
    else:
        (xx, xy, xz), (_, yy, yz), (_, _, zz) = stress
        shear = xy * xy + yz * yz + xz * xz
    differences = (xx - yy) ** 2 + (yy - zz) ** 2 + (xx - zz) ** 2
    equivalent: Field = sqrt(0.5 * differences + 3.0 * shear)
    return equivalent
