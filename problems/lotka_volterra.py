"""The equations of Lotka and Volterra: predators and their prey.

    x' = alpha x - beta x y, y' = delta x y - gamma y on (0, 6), (x, y)(0) = (1, 1),
    alpha = 1.5, beta = 1, gamma = 3, delta = 1.

Reference: a Runge-Kutta method of eighth order. With term=unknown it is not known how predators reduce the prey: the
term beta x y is a small KAN of x and y, learnt from measurements of both.
"""

from __future__ import annotations

import numpy as np

from kinn.conditions import Condition, Initial, Observation
from kinn.errors import InputError, unknown
from kinn.fields import Field, Points
from kinn.geometry import TimeInterval
from kinn.networks import KAN, MLP, ResNet
from kinn.problem import Array, Defaults, Problem
from kinn.problems.references.trajectories import lotka_volterra
from kinn.problems.settings import whole_number
from kinn.unknowns import UnknownTerm

#: alpha, beta, gamma and delta.
CONSTANTS = (1.5, 1.0, 3.0, 1.0)

START, END = (1.0, 1.0), 6.0

#: What the numbers of prey and of predators stay within.
WITHIN = ((0.0, 8.0), (0.0, 4.5))

TERMS = ("known", "unknown")


def reference(points: Array) -> Array:
    """Return prey and predators (N, 2) at points (N, 1) of t."""
    return lotka_volterra(CONSTANTS, START, END)(points)


def strong(x: Field, y: Field, p: Points) -> list[Field]:
    """Return the residuals, divided by 10, the order of the rates."""
    alpha, _, gamma, delta = CONSTANTS
    return [(x.t - alpha * x + p.predation) / 10, (y.t - delta * x * y + gamma * y) / 10]


def make_problem(term: str = "known", samples: int = 80, noise: float = 0.0) -> Problem:
    """Return the problem.

    Args:
        term: "known", or "unknown" where predation is to be learnt from measurements.
        samples: At how many instants x and y are measured, at least 8.
        noise: The standard deviation of the errors of measurement, 0 to 1.

    Raises:
        InputError: If a setting is out of range.
    """
    if term not in TERMS:
        raise unknown("term", term, TERMS, "problem 'lotka-volterra'")
    whole_number("lotka-volterra", "samples", samples, 8)
    if not 0.0 <= noise <= 1.0:
        raise InputError(f"noise of lotka-volterra is 0 to 1, not {noise}")
    learnt = term == "unknown"
    beta = CONSTANTS[1]

    def known(x: Field, y: Field, p: Points) -> list[Field]:
        return strong(x, y, p.with_bindings([{"predation": beta * x * y}]))

    conditions: list[Condition] = [
        Initial(name, start, enforce="hard") for name, start in zip("xy", START, strict=True)
    ]
    if learnt:
        t = np.linspace(0.0, END, samples)[:, None]
        values = reference(t)
        measured = values + noise * np.random.default_rng(0).standard_normal(values.shape)
        columns = zip("xy", measured.T, strict=True)
        conditions += [Observation(name, t, column, noise=noise or None) for name, column in columns]
    law = UnknownTerm(
        "predation", arguments=("x", "y"), within=WITHIN, network=KAN((2,), 3, 5), exact=lambda x, y: beta * x * y
    )
    return Problem(
        "lotka-volterra",
        TimeInterval(0.0, END),
        fields=("x", "y"),
        strong=strong if learnt else known,
        conditions=conditions,
        reference=reference,
        unknowns=[law] if learnt else (),
        defaults=Defaults(
            networks={"kan": KAN((6,), 10, 5), "mlp": MLP((20, 20)), "resnet": ResNet(12, 3)},
            points=600,
            budget=30.0,
            pde_weight=3e-4,
        )
        if learnt
        else Defaults(
            networks={"kan": KAN((3,), 8, 5), "mlp": MLP((20,)), "resnet": ResNet(8, 2)},
            points=400,
            time_windows=4,
            budget=20.0,
        ),
        title="Lotka-Volterra" + (", predation to be learnt" if learnt else ""),
        source="Rackauckas et al., arXiv:2001.04385 (2020)",
    )
