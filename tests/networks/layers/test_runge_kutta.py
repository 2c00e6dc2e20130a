"""Runge-Kutta methods against the conditions of their orders."""

from __future__ import annotations

import numpy as np
import pytest

from kinn.networks.layers.runge_kutta import METHODS, Tableau


def order_conditions(method: Tableau, weights: np.ndarray) -> dict[int, list[float]]:
    """Return what has to vanish for each order up to 5 (Hairer, Norsett and Wanner, table II.2.2)."""
    n = len(method.nodes)
    a, c = np.zeros((n, n)), np.array(method.nodes)
    for row, values in enumerate(method.stages):
        a[row, : len(values)] = values
    b = weights
    return {
        1: [b.sum() - 1],
        2: [b @ c - 1 / 2],
        3: [b @ c**2 - 1 / 3, b @ a @ c - 1 / 6],
        4: [b @ c**3 - 1 / 4, b @ (c * (a @ c)) - 1 / 8, b @ a @ c**2 - 1 / 12, b @ a @ a @ c - 1 / 24],
        5: [
            b @ c**4 - 1 / 5,
            b @ (c**2 * (a @ c)) - 1 / 10,
            b @ (c * (a @ c**2)) - 1 / 15,
            b @ (c * (a @ a @ c)) - 1 / 30,
            b @ (a @ c) ** 2 - 1 / 20,
            b @ a @ c**3 - 1 / 20,
            b @ a @ (c * (a @ c)) - 1 / 40,
            b @ a @ a @ c**2 - 1 / 60,
            b @ a @ a @ a @ c - 1 / 120,
        ],
    }


@pytest.mark.parametrize("name", METHODS)
def test_order(name: str) -> None:
    method = METHODS[name]
    assert len(method.stages) == len(method.weights) == len(method.nodes)
    for node, row in zip(method.nodes, method.stages, strict=True):
        assert sum(row) == pytest.approx(node, abs=1e-14)
    conditions = order_conditions(method, np.array(method.weights))
    for order in range(1, method.order + 1):
        assert conditions[order] == pytest.approx([0.0] * len(conditions[order]), abs=1e-13)
    if method.order < 5:
        assert max(map(abs, conditions[method.order + 1])) > 1e-3


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.error])
def test_the_embedded_method_is_of_one_order_less(name: str) -> None:
    method = METHODS[name]
    conditions = order_conditions(method, np.array(method.weights) - np.array(method.error))
    for order in range(1, method.order):
        assert conditions[order] == pytest.approx([0.0] * len(conditions[order]), abs=1e-13)
    assert max(map(abs, conditions[method.order])) > 1e-5
