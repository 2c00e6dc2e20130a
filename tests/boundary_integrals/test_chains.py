from __future__ import annotations

from math import pi

import numpy as np
import pytest

from kinn import Disk, InputError
from kinn.boundary_integrals.edges import BoundaryEdge, arc, line
from kinn.boundary_integrals.loops import chain, chains_of
from tests.boundary_integrals.solutions import DOMAINS


@pytest.mark.parametrize("name", DOMAINS)
def test_chains_close_and_bound_the_area(name: str) -> None:
    geometry = DOMAINS[name]
    chains = chains_of(geometry)
    assert sum(c.length for c in chains) == pytest.approx(sum(p.measure for p in geometry.parts), rel=1e-12)
    assert sum(c.area for c in chains) == pytest.approx(geometry.measure, rel=1e-9)
    for c in chains:
        for edge, following in zip(c.edges, (*c.edges[1:], c.edges[0]), strict=True):
            np.testing.assert_allclose(edge.ends[1], following.ends[0], atol=1e-9)
        # the turns of a closed curve add up to one whole turn
        turns = sum(pi - angle for angle in c.angles)
        bend = 0.0
        for edge in c.edges:
            normals = edge.at(np.linspace(0, 1, 201)).normals
            sines = normals[:-1, 0] * normals[1:, 1] - normals[:-1, 1] * normals[1:, 0]
            bend += float(np.sum(np.arcsin(sines)))
        assert turns + bend == pytest.approx(2 * pi if c.area > 0 else -2 * pi)


def test_holes_come_last_and_run_clockwise() -> None:
    areas = [c.area for c in chains_of(DOMAINS["two-holes"])]
    assert areas[0] == pytest.approx(4.0)
    assert areas[1:] == pytest.approx([-pi / 16, -0.09 * pi])


@pytest.mark.parametrize(("name", "degrees"), [("square", [90] * 4), ("flower", [288] * 5), ("annulus", [180])])
def test_corners(name: str, degrees: list[float]) -> None:
    assert np.degrees(chains_of(DOMAINS[name])[0].angles) == pytest.approx(degrees)


def square(*corners: tuple[float, float]) -> list[BoundaryEdge]:
    return [line(p, q, f"side-{n}") for n, (p, q) in enumerate(zip(corners, (*corners[1:], corners[0]), strict=True))]


def test_by_hand() -> None:
    made = chain([line((0, 0), (2, 0)), arc((1, 0), 1.0, 0, pi)])
    assert made.area == pytest.approx(pi / 2)
    assert np.degrees(made.angles) == pytest.approx([90, 90])
    assert chain(square((0, 0), (0, 1), (1, 1), (1, 0)), hole=True).area == pytest.approx(-1)


def test_bad_chains_are_refused() -> None:
    with pytest.raises(InputError, match="at least one edge"):
        chain([])
    with pytest.raises(InputError, match=r"open: 'side' ends at \(1, 0\), and 'top' begins at \(1, 1\)"):
        chain([line((0, 0), (1, 0), "side"), line((1, 1), (0, 0), "top")])
    with pytest.raises(InputError, match="crosses itself .* 'side-0' meets 'side-2'"):
        chain(square((0, 0), (1, 0), (0.2, 0.5), (0.3, -0.5)))
    with pytest.raises(InputError, match="runs clockwise, and an outer one runs counter-clockwise"):
        chain(square((0, 0), (0, 1), (1, 1), (1, 0)))
    with pytest.raises(InputError, match="runs counter-clockwise, and that of a hole runs clockwise"):
        chain(square((0, 0), (1, 0), (1, 1), (0, 1)), hole=True)


def test_a_circle_is_a_chain_of_one_edge() -> None:
    (made,) = chains_of(Disk((1, 2), 3.0))
    assert made.angles == pytest.approx((pi,))
    assert made.edges[0].closed
