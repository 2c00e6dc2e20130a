"""Heat through a wall of three layers: plaster, insulation and brick, each with its own conductivity and capacity.

c u_t = (k u_x)_x on (0, 1) x (0, 1), u = 1 inside (x = 0), u = 0 outside (x = 1); at the joints x = 0.2 and x = 0.5 the
temperature and the heat flux k u_x are continuous, so that the slope jumps tenfold. The wall starts from its steady state
plus the two slowest modes, which decay: the solution is a formula in each layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import numpy as np
from scipy.optimize import brentq

from kinn.conditions import Dirichlet, Initial, Interface
from kinn.fields import Field, Points
from kinn.geometry import Interval, TimeInterval
from kinn.math import cos, exp, sin, where
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem

#: The layers from the inside to the outside: name, end, conductivity, capacity.
LAYERS = (("plaster", 0.2, 1.0, 1.0), ("insulation", 0.5, 0.1, 0.5), ("brick", 1.0, 0.6, 2.0))

#: The amplitudes of the slowest modes at the start.
AMPLITUDES = (0.5, 0.25)


def starts() -> tuple[float, ...]:
    """Return where each layer begins."""
    return (0.0, *(end for _, end, _, _ in LAYERS[:-1]))


def mode(rate: float) -> tuple[list[tuple[float, float, float]], float]:
    """Return the wave number and the factors of cosine and sine in each layer of a mode that is 0 inside, and its value outside.

    Args:
        rate: The rate at which it decays.
    """
    value, flux, out = 0.0, 1.0, []
    for start, (_, end, k, c) in zip(starts(), LAYERS, strict=True):
        w = (rate * c / k) ** 0.5
        out.append((w, value, flux / (k * w)))
        angle = w * (end - start)
        value, flux = (
            value * np.cos(angle) + flux / (k * w) * np.sin(angle),
            flux * np.cos(angle) - value * k * w * np.sin(angle),
        )
    return out, float(value)


@cache
def slowest_rates() -> tuple[float, ...]:
    """Return the rates of the slowest modes, which are 0 outside."""
    rates = np.linspace(0.01, 40.0, 4000)
    ends = np.array([mode(rate)[1] for rate in rates])
    crossed = np.flatnonzero(np.sign(ends[1:]) != np.sign(ends[:-1]))[: len(AMPLITUDES)]
    return tuple(float(brentq(lambda r: mode(r)[1], rates[n], rates[n + 1], xtol=1e-14)) for n in crossed)


@cache
def scale(rate: float) -> float:
    """Return the largest value of a mode."""
    return float(np.abs(_of_layers(np.linspace(0, 1, 2001), _waves(rate))).max())


def _waves(rate: float) -> list[Callable[[Any], Any]]:
    return [partial(_wave, start, *terms) for start, terms in zip(starts(), mode(rate)[0], strict=True)]


def _wave(start: float, w: float, a: float, b: float, x: Any) -> Any:
    return a * cos(w * (x - start)) + b * sin(w * (x - start))


def _of_layers(x: Any, functions: Sequence[Callable[[Any], Any]]) -> Any:
    first, second, third = (f(x) for f in functions)
    return where(x < LAYERS[0][1], first, where(x < LAYERS[1][1], second, third))


def exact(x: Any, t: Any) -> Any:
    """Return the temperature."""
    flux = 1.0 / sum((end - start) / k for start, (_, end, k, _) in zip(starts(), LAYERS, strict=True))
    total, lines = 1.0, []
    for start, (_, end, k, _) in zip(starts(), LAYERS, strict=True):
        lines.append(lambda x, u=total, s=start, k=k: u - flux / k * (x - s))
        total -= flux / k * (end - start)
    out = _of_layers(x, lines) + 0.0 * t
    for amplitude, rate in zip(AMPLITUDES, slowest_rates(), strict=True):
        out = out + amplitude / scale(rate) * exp(-rate * t) * _of_layers(x, _waves(rate))
    return out


def conduction(k: float, c: float, u: Field, p: Points) -> Field:
    """Return the residual of the heat equation in a layer."""
    return u.t - k / c * u.xx


def make_problem() -> Problem:
    """Return the problem."""
    time = TimeInterval(0.0, 1.0)
    names = ("inside", "plaster|insulation", "insulation|brick", "outside")
    bounds = (*starts(), 1.0)
    conductivities = [k for _, _, k, _ in LAYERS]
    return Problem(
        "wall-layers",
        {
            name: Interval(bounds[n], end, ends=(names[n], names[n + 1])) * time
            for n, (name, end, _, _) in enumerate(LAYERS)
        },
        strong={name: partial(conduction, k, c) for name, _, k, c in LAYERS},
        conditions=[
            Dirichlet("u", 1.0, on="inside", enforce="hard"),
            Dirichlet("u", 0.0, on="outside", enforce="hard"),
            Initial("u", exact),
            *(Interface("u", on=names[n + 1], coefficients=tuple(conductivities[n : n + 2])) for n in range(2)),  # type: ignore[arg-type]
        ],
        exact=exact,
        defaults=Defaults(networks={"kan": KAN((6,), 6, 5), "mlp": MLP((10, 10))}, points=1200, budget=60.0),
        title="Heat through a wall of three layers",
        source="Modes of a composite slab: Özişik, Heat Conduction (Wiley 1993), chapter 8",
    )
