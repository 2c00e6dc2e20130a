"""Regression of two frequencies of unequal strength: the smallest study of spectral bias.

    y = sin(2 pi x) + 0.1 cos(50 pi x) on [0, 1], given at 100 points.

The second frequency is seen by four points a wave, just enough to tell it.
"""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np

from kinn.conditions import Observation
from kinn.geometry import Interval
from kinn.math import cos, sin
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem
from kinn.problems.settings import whole_number


def exact(x: Any) -> Any:
    """Return sin(2 pi x) + 0.1 cos(50 pi x)."""
    return sin(2 * pi * x) + 0.1 * cos(50 * pi * x)


def make_problem(samples: int = 100) -> Problem:
    """Return the problem.

    Args:
        samples: The number of equidistant points at which y is given, at least 2.

    Raises:
        InputError: If there are fewer, or the number is not whole.
    """
    whole_number("regression-two-frequency", "samples", samples, 2)
    x = np.linspace(0.0, 1.0, samples)
    return Problem(
        "regression-two-frequency",
        Interval(0.0, 1.0),
        conditions=[Observation("u", x[:, None], exact(x))],
        exact=exact,
        defaults=Defaults(
            networks={"kan": KAN((1,), (90, 4), 5), "mlp": MLP((90,), activation="sin", init_range=90.0)}, budget=10.0
        ),
        title="Regression of sin(2 pi x) + 0.1 cos(50 pi x)",
        source="Wang et al., CMAME 433 (2025) 117518, section on spectral bias",
    )
