"""Points and weights for conditions that are integrals over a domain or a boundary."""

from __future__ import annotations

import numpy as np

from kinn.conditions import Integral
from kinn.geometry import Boundary, Geometry, Rule, SpaceTime

#: The order of the rules and their least number of points, by the dimension of what is integrated over.
RULES = {0: (0, 1), 1: (11, 64), 2: (11, 576), 3: (7, 1728)}

#: The same for more dimensions.
BEYOND = (5, 4096)


def rules_of(condition: Integral, geometry: Geometry, seed: int) -> list[Rule]:
    """Return the rules of an integral condition in a subdomain: one, or one an instant in space and time."""
    over = condition.over
    if not isinstance(geometry, SpaceTime):
        return [_over(geometry if over is None else geometry.boundary(over))]
    (t0,), (t1,) = geometry.time.bounds
    if over in ("initial", "final"):
        return [_at(_over(geometry.space), t0 if over == "initial" else t1)]
    rule = _over(geometry.space if over is None else geometry.space.boundary(over))
    # spread evenly, and elsewhere for another seed
    shift = np.random.default_rng(seed).random()
    return [_at(rule, t0 + (t1 - t0) * (n + shift) / condition.instants) for n in range(condition.instants)]


def _over(what: Geometry | Boundary) -> Rule:
    order, points = RULES.get(what.dim, BEYOND)
    return what.quadrature(order, points=points)


def _at(rule: Rule, t: float) -> Rule:
    """Return a rule in space at an instant."""
    points = np.column_stack([rule.points, np.full(len(rule.points), t)])
    normals = None if rule.normals is None else np.column_stack([rule.normals, np.zeros(len(points))])
    return Rule(points, rule.weights, normals)
