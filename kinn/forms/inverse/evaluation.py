"""The fields inside, from data on the boundary: values and first derivatives, as near to it as is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from kinn.errors import InputError
from kinn.forms.inverse.discretisation import Discretisation, particular
from kinn.problem import Array

if TYPE_CHECKING:
    from kinn.forms.trial import Trial


def evaluated(
    trial: Trial,
    made: Discretisation,
    data: Array,
    points: Array,
    expressions: str | Iterable[str],
    subdomain: str | None,
) -> Array:
    """Return fields and first derivatives at points; see `Trial.evaluate`.

    Args:
        trial: Knows the names.
        made: The discretisation.
        data: The data X on the boundary.
        points: A `N x 2` array.
        expressions: "u", "u.x", or several of them.
        subdomain: If given, all points are taken to lie in this one.

    Raises:
        InputError: If the points have the wrong shape, or an expression is a derivative of higher order.
    """
    problem = trial.problem
    names = [expressions] if isinstance(expressions, str) else list(expressions)
    x = np.asarray(points, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] != problem.dimension:
        raise InputError(f"points have shape (N, {problem.dimension}), not {x.shape}")
    wanted = [trial.parse(name) for name in names]
    for name, (_, index) in zip(names, wanted, strict=True):
        if sum(index) > 1 or min(index) < 0:
            raise InputError(f"the inverse form gives fields and first derivatives, not {name!r}")
    out = np.full((len(x), len(names)), np.nan)
    free = np.ones(len(x), dtype=bool)
    for name, geometry in problem.subdomains.items():
        if subdomain is None:
            here = np.flatnonzero(free & geometry.contains(x))
            free[here] = False
        else:
            here = np.arange(len(x)) if name == subdomain else np.arange(0)
        if not len(here):
            continue
        slopes_wanted = any(any(index) for _, index in wanted)
        values, slopes = made.representation(name, data)(x[here], gradient=slopes_wanted)
        if made.setting.equation(name).particular is not None:
            more, more_slopes = particular(made.setting, name, x[here])
            values = values + more
            slopes = None if slopes is None else slopes + more_slopes
        for column, (field, index) in enumerate(wanted):
            c = problem.names.index(field)
            if any(index):
                assert slopes is not None
                out[here, column] = slopes[:, c, list(index).index(1)]
            else:
                out[here, column] = values[:, c]
    return out[:, 0] if isinstance(expressions, str) else out
