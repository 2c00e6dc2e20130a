"""The solution of Burgers' equation with u(x, 0) = -sin(pi x), by the Cole-Hopf transformation.

    u(x, t) = - int sin(pi y) g(y) w(s) ds / int g(y) w(s) ds,
    y = x - sqrt(4 nu t) s, g(y) = exp(-cos(pi y) / (2 pi nu)), w(s) = exp(-s^2)

(Basdevant et al. 1986, Comput. Fluids 14, 23-41). The integrands are analytic and decay like w, so the trapezoidal rule
converges faster than any power. The formula acts on arrays and on fields alike, derivatives included.
"""

from __future__ import annotations

from math import ceil, pi
from typing import Any

import numpy as np
import torch

from kinn.geometry.types import Array
from kinn.jets import Jet
from kinn.math import cos, exp, locally_constant, sin, sqrt

#: Distance of the nodes: for t up to 1 the peaks of the integrand have a width of 0.3 or more, whatever nu.
STEP = 0.02

#: Where s^2 exceeds the whole range 1 / (pi nu) of log g by this, the integrand is below exp(-50) of its peak.
MARGIN = 50.0

#: Points handled at a time, so that memory stays bounded.
BLOCK = 2048


def burgers(x: Any, t: Any, viscosity: float) -> Any:
    """Return u at points.

    Args:
        x: An array (N,), or a field.
        t: Likewise, 0 to 1; at t = 0 the value is right, derivatives are not finite.
        viscosity: The viscosity nu > 0.

    Returns:
        An array (N,) or a field.
    """
    if isinstance(x, Jet) or isinstance(t, Jet):
        return _quadrature(x, t, viscosity)
    x, t = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(t, dtype=np.float64))
    flat = np.column_stack([x.ravel(), t.ravel()])
    blocks = [flat[i : i + BLOCK] for i in range(0, len(flat), BLOCK)]
    return np.concatenate([_quadrature(b[:, 0], b[:, 1], viscosity) for b in blocks]).reshape(x.shape)


def _quadrature(x: Any, t: Any, viscosity: float) -> Any:
    s = nodes(viscosity)
    y = _column(x) - sqrt(4 * viscosity * _column(t)) * s
    exponent = -cos(pi * y) / (2 * pi * viscosity) - s**2
    weight = exp(exponent - _largest(exponent))
    return -_total(sin(pi * y) * weight) / _total(weight)


def nodes(viscosity: float) -> Array:
    """Return the nodes of the trapezoidal rule: the smaller nu, the further from 0 the integrand can peak."""
    reach = (1 / (pi * viscosity) + MARGIN) ** 0.5
    return STEP * np.arange(-ceil(reach / STEP), ceil(reach / STEP) + 1)


def _column(v: Any) -> Any:
    """Return values (N,) as a column, to be spread over the nodes."""
    if isinstance(v, Jet):
        return v.linear(lambda c: c.unsqueeze(-1) if isinstance(c, torch.Tensor) else c)
    return v[:, None]


def _total(v: Any) -> Any:
    """Return the sum over the nodes."""
    if isinstance(v, Jet):
        return v.linear(lambda c: c.sum(dim=-1) if isinstance(c, torch.Tensor) else c)
    return v.sum(axis=-1)


def _largest(v: Any) -> Any:
    """Return the largest value over the nodes, a constant that keeps the exponential from overflowing."""
    if isinstance(v, Jet):
        return locally_constant(torch.as_tensor(v.value).amax(dim=-1, keepdim=True), v)
    return v.max(axis=-1, keepdims=True)
