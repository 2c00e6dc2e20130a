from __future__ import annotations

from math import pi

import numpy as np
import pytest

from kinn import Box, CurveDomain, Disk, InputError, Rectangle, TimeInterval
from kinn.boundary_integrals.edges import arc, edges_of, line, smooth
from tests.boundary_integrals.solutions import DOMAINS


@pytest.mark.parametrize("name", DOMAINS)
def test_the_domain_is_on_the_left_of_every_edge(name: str) -> None:
    geometry = DOMAINS[name]
    shares = np.linspace(0.1, 0.9, 9)
    for edge in edges_of(geometry):
        located = edge.at(shares)
        along = edge.at(shares + 1e-5).points - edge.at(shares - 1e-5).points
        left = np.column_stack([-along[:, 1], along[:, 0]])
        left /= np.linalg.norm(left, axis=1)[:, None]
        np.testing.assert_allclose(left, -located.normals, atol=1e-8)
        assert geometry.contains(located.points + 1e-6 * left).all()
        assert not geometry.contains(located.points - 1e-6 * left).any()


def test_a_trimmed_circle_is_one_edge_though_its_parameter_begins_inside_it() -> None:
    edges = edges_of(Disk((0, 0), 1.0) - Disk((-1.0, 0), 0.5))
    assert len(edges) == 2
    assert sum(e.length for e in edges) == pytest.approx(
        sum(p.measure for p in (Disk((0, 0), 1.0) - Disk((-1.0, 0), 0.5)).parts)
    )


def test_by_hand() -> None:
    side = line((0, 0), (2, 0))
    assert side.length == 2
    np.testing.assert_allclose(side.at(np.array([0.25])).normals, [[0, -1]])
    bend = arc((0, 0), 2.0, pi / 2, 0.0)  # clockwise: the domain is outside the circle
    np.testing.assert_allclose(bend.ends, [[0, 2], [2, 0]], atol=1e-15)
    np.testing.assert_allclose(bend.tangents, [[1, 0], [0, -1]], atol=1e-15)
    around = CurveDomain(lambda t: (2 * np.cos(t), np.sin(t)), (0, 2 * pi))
    assert smooth(around).closed
    assert smooth(around).start < smooth(around).end
    assert smooth(around, hole=True).start > smooth(around, hole=True).end
    np.testing.assert_allclose(side.opposite().at(np.array([0.25])).normals, [[0, 1]])
    np.testing.assert_allclose(side.opposite().at(np.array([0.25])).points, [[1.5, 0]])


def test_bad_input() -> None:
    with pytest.raises(InputError, match="two different ends"):
        line((1, 2), (1, 2))
    with pytest.raises(InputError, match="radius of an arc is positive"):
        arc((0, 0), -1.0, 0, 1)
    with pytest.raises(InputError, match="at most once round"):
        arc((0, 0), 1.0, 0, 7)
    with pytest.raises(InputError, match="plane shapes"):
        edges_of(Box([0, 0, 0], [1, 1, 1]))
    with pytest.raises(InputError, match="plane shapes"):
        edges_of(Rectangle((0, 0), (1, 1)) * TimeInterval(0, 1))
