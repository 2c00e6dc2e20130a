"""Meshes made by gmsh of our shapes."""

from __future__ import annotations

import builtins
from math import pi
from typing import Any

import numpy as np
import pytest

from kinn.errors import InputError
from kinn.geometry import Cuboid, Disk, Ellipse, Geometry, Mesh, Rectangle
from kinn.geometry.meshes.gmsh_mesher import library
from tests.geometry.examples import ELL, SHAPES, STAR

PLATE = Rectangle((0, 0), (20, 20)) - Disk((0, 0), 5, name="hole")


def gmsh_missing() -> bool:
    try:
        with library():
            return False
    except InputError:
        return True


needs_gmsh = pytest.mark.skipif(gmsh_missing(), reason="gmsh, or a library that it needs, is not installed")


@needs_gmsh
def test_plate_with_a_hole() -> None:
    mesh = Mesh.of(PLATE, 2.0)
    assert Mesh.of(PLATE.with_coordinates("r", "z"), 2.0).coordinates == ("r", "z")
    assert list(mesh.elements) == ["triangle6"]
    assert set(mesh.boundaries) == {"left", "right", "bottom", "top", "hole"}
    assert mesh.measure == pytest.approx(400 - 25 * pi / 4, rel=1e-5)
    assert mesh.boundary("hole").measure == pytest.approx(2.5 * pi, rel=1e-4)
    assert mesh.boundary("left").measure == pytest.approx(15, rel=1e-12)
    assert mesh.boundary("left").distance(*np.array([[3.0], [7.0]])) == pytest.approx(3)
    rule = mesh.quadrature(4)
    exact = 20**4 / 3 - pi * 5**4 / 16
    assert rule.weights @ rule.points[:, 0] ** 2 == pytest.approx(exact, rel=1e-5)


@needs_gmsh
@pytest.mark.parametrize("order", [1, 2])
def test_the_area_converges(order: int) -> None:
    """With chords for arcs to the second order, with parabolas to the fourth."""
    errors = [abs(Mesh.of(Disk((0, 0), 1), size, order=order).measure / pi - 1) for size in (0.4, 0.2)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2 * order, abs=0.3)


@needs_gmsh
@pytest.mark.parametrize(
    "shape",
    [ELL, STAR, Ellipse((1, 2), (1, 0.3), angle=0.4), SHAPES["nested"], SHAPES["stadium"], SHAPES["plate-minus-star"]],
    ids=["polygon", "star", "ellipse", "nested", "arcs", "hole"],
)
@pytest.mark.parametrize("quadrilaterals", [False, True])
def test_shapes(shape: Geometry, quadrilaterals: bool) -> None:
    mesh = Mesh.of(shape, 0.25, quadrilaterals=quadrilaterals)
    assert mesh.measure == pytest.approx(shape.measure, rel=5e-4)
    assert mesh.boundaries == tuple(dict.fromkeys(shape.boundaries))
    for name in mesh.boundaries:
        assert mesh.boundary(name).measure == pytest.approx(shape.boundary(name).measure, rel=5e-4)
        ours = mesh.boundary(name).sample(30)
        assert np.max(np.abs(shape.level(ours.points))) < 2e-3
    assert ("quad8" in mesh.elements) == quadrilaterals


@needs_gmsh
def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="the size of elements must be positive"):
        Mesh.of(PLATE, 0)
    with pytest.raises(InputError, match="elements of order 1 or 2, got 3"):
        Mesh.of(PLATE, 1, order=3)
    with pytest.raises(InputError, match="shapes in the plane that curves bound, not of Cuboid"):
        Mesh.of(Cuboid((0, 0, 0), (1, 1, 1)), 1)
    with pytest.raises(InputError, match="it consists of 2 bodies"):
        Mesh.of(Disk((0, 0), 1) | Disk((3, 0), 1), 0.5)
    with pytest.raises(InputError, match="its boundary meets itself in a point"):
        Mesh.of(Rectangle((0, 0), (1, 1)) | Rectangle((1, 1), (2, 2)), 0.5)


@pytest.mark.parametrize("error", [ModuleNotFoundError("No module named 'gmsh'"), OSError("libGLU.so.1: cannot open")])
def test_without_gmsh_one_line_says_so(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = builtins.__import__

    def missing(name: str, *rest: Any, **named: Any) -> Any:
        if name == "gmsh":
            raise error
        return plain(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(InputError, match=r"making a mesh needs gmsh: pip install 'kinn\[mesh\]' \(see the README\)"):
        Mesh.of(PLATE, 2)
