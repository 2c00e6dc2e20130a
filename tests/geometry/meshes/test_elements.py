"""Shape functions and faces of every kind of element."""

from __future__ import annotations

import numpy as np
import pytest

from kinn.geometry.meshes.blocks import Block, make_blocks
from kinn.geometry.meshes.elements import ElementType, element_types
from kinn.geometry.quadrature.rule import QuadratureSpec, composite_rule
from tests.geometry.meshes.grids import SOLID


@pytest.fixture(params=element_types())
def kind(request: pytest.FixtureRequest) -> ElementType:
    return element_types()[request.param]


def test_shape_functions_are_one_at_their_node(kind: ElementType) -> None:
    assert np.allclose(kind.shape_functions(kind.nodes), np.eye(len(kind.nodes)), atol=1e-13)


def test_slopes_are_the_derivatives_of_the_shape_functions(kind: ElementType) -> None:
    unit = np.random.default_rng(0).uniform(0.05, 0.3, (5, kind.dim))
    for axis, step in enumerate(1e-6 * np.eye(kind.dim)):
        difference = (kind.shape_functions(unit + step) - kind.shape_functions(unit - step)) / 2e-6
        assert np.allclose(kind.gradients(unit)[:, :, axis], difference, atol=1e-8)


def test_polynomials_of_the_order_are_reproduced(kind: ElementType) -> None:
    unit = np.random.default_rng(1).uniform(0, 0.3, (5, kind.dim))
    here = unit
    if kind.collapsed:  # reference coordinates are those of the cube
        here = np.column_stack([(1 - unit[:, 2:]) * unit[:, :2] + unit[:, 2:] / 2, unit[:, 2]])
    for power in range(kind.order + 1):
        values = (kind.nodes @ np.arange(1, kind.dim + 1)) ** power
        assert np.allclose(kind.shape_functions(unit) @ values, (here @ np.arange(1, kind.dim + 1)) ** power)


@pytest.mark.parametrize("name", SOLID)
def test_faces_close_the_element_with_normals_outward(name: str) -> None:
    """The integral of x . n over the faces of a bent element is d times its volume."""
    kind = element_types()[name]
    nodes = kind.nodes + 0.03 * np.random.default_rng(2).standard_normal(kind.nodes.shape)
    volume = composite_rule([Block(kind, nodes[None])], QuadratureSpec(0)).measure
    flux = 0.0
    for face, table in kind.faces:
        rule = composite_rule([Block(element_types()[face], nodes[np.array(table)])], QuadratureSpec(10))
        assert rule.normals is not None
        flux += rule.weights @ np.sum(rule.points * rule.normals, axis=1)
    assert flux == pytest.approx(kind.dim * volume, rel=1e-9)


@pytest.mark.parametrize("name", SOLID)
def test_mirrored_elements_have_the_opposite_determinant(name: str) -> None:
    kind = element_types()[name]
    nodes = kind.nodes + 0.03 * np.random.default_rng(3).standard_normal(kind.nodes.shape)
    plain, mirrored = Block(kind, nodes[None]), Block(kind, nodes[None, kind.mirrored])
    assert plain.measures[0] > 0
    assert mirrored.measures[0] == pytest.approx(-plain.measures[0], rel=1e-12)


def test_straight_quadratic_elements_become_linear() -> None:
    kind = element_types()["triangle6"]
    bent = kind.nodes.copy()
    bent[4] += 0.05
    straight, curved = make_blocks(kind, np.stack([bent, kind.nodes]))
    assert (straight.kind, straight.count) == (element_types()["triangle"], 1)
    assert (curved.kind, curved.count) == (kind, 1)
    assert curved.measures[0] > straight.measures[0]
