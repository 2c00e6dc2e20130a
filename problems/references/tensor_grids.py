"""Finite-element solutions in the plane on grids that are tensor products, perhaps after a map."""

from __future__ import annotations

from typing import Any

import numpy as np

from kinn.geometry.types import Array


def on_grid(basis: Any, u: Array, at: Array) -> tuple[Array, Array, Array]:
    """Return the nodes' first (n,) and second coordinates (m,), and the values of both components (2, n, m) there.

    Args:
        basis: A scikit-fem basis of biquadratic vectors.
        u: The degrees of freedom.
        at: The coordinates (2, N) of each of them in which the grid is a tensor product.
    """
    dofs = [
        np.concatenate([np.ravel(t[c::2]) for t in (basis.nodal_dofs, basis.facet_dofs, basis.interior_dofs)])
        for c in (0, 1)
    ]
    rounded = np.round(at[:, dofs[0]], 10)
    x, y = (np.unique(row) for row in rounded)
    order = np.lexsort((rounded[1], rounded[0]))
    return x, y, np.stack([u[d][order].reshape(len(x), len(y)) for d in dofs])
