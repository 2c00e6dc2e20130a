"""Particular solutions: what sources and singular corners are taken up by, so that what is left is smooth and has none."""

from __future__ import annotations

import numpy as np
import torch

from kinn.forms.inverse.formulation import BoundaryFormulation
from kinn.geometry.types import Array


def particular(setting: BoundaryFormulation, subdomain: str, points: Array) -> tuple[Array, Array]:
    """Return the particular solution of a subdomain at N points: all F fields (N, F), and their gradients (N, F, d).

    A pressure that it does not name is zero; so are all fields where no particular solution is given.
    """
    problem, function = setting.problem, setting.equation(subdomain).particular
    count, d = len(points), points.shape[1]
    fields = setting.components + setting.equation(subdomain).incompressible
    values, gradients = np.zeros((count, fields)), np.zeros((count, fields, d))
    if function is None:
        return values, gradients
    p = problem.points(torch.as_tensor(points))
    given = function(*p.coordinates)
    units = [tuple(row) for row in np.eye(d, dtype=int).tolist()]
    for n, data in enumerate(given if isinstance(given, tuple | list) else [given]):
        field = p.field(data, "the particular solution")
        values[:, n] = torch.as_tensor(field[(0,) * d], dtype=torch.float64).numpy()
        for axis, index in enumerate(units):
            gradients[:, n, axis] = torch.as_tensor(field[index], dtype=torch.float64).numpy()
    return values, gradients


def particular_traces(
    setting: BoundaryFormulation, subdomain: str, points: Array, normals: Array
) -> tuple[Array, Array]:
    """Return values and tractions (N, C) of the particular solution of a subdomain on a boundary with its outward normals."""
    equation, c = setting.equation(subdomain), setting.components
    values, gradients = particular(setting, subdomain, points)
    return values[:, :c], equation.traction(gradients[:, :c], normals, values[:, c:])
