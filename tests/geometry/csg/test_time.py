from __future__ import annotations

import numpy as np
import pytest

from kinn.errors import InputError
from kinn.geometry import Disk, Face, Interval, Polygon, Rectangle, SpaceTime, TimeInterval

TIME = TimeInterval(0, 2)


def test_time_alone() -> None:
    assert TIME.coordinates == ("t",)
    assert TIME.boundaries == ("initial", "final")
    assert TIME.measure == 2
    assert TIME.boundary("initial").face == Face(0, 0.0, 0)
    samples = TIME.boundary("final").sample(2)
    assert samples.points.tolist() == [[2.0], [2.0]]
    assert samples.normals.tolist() == [[1.0], [1.0]]
    with pytest.raises(InputError, match="lower bound of t"):
        TimeInterval(1, 0)


def test_names_carry_over() -> None:
    shape = Interval(-1, 1) * TIME
    assert isinstance(shape, SpaceTime)
    assert shape.coordinates == ("x", "t")
    assert shape.boundaries == ("left", "right", "initial", "final")
    assert shape.measure == 4
    left, final = shape.boundary("left"), shape.boundary("final")
    assert left.face == Face(0, -1.0, 0)
    assert final.face == Face(1, 2.0, 1)
    assert left.measure == 2
    assert final.measure == 2
    samples = left.sample(16)
    assert np.all(samples.points[:, 0] == -1)
    assert np.all(samples.normals == [-1, 0])
    assert samples.points[:, 1].min() < 0.25
    assert samples.points[:, 1].max() > 1.75
    assert np.all(shape.boundary("initial").sample(5).normals == [0, -1])


def test_the_boundary_is_that_of_the_body() -> None:
    """A Dirichlet condition on the "boundary" must not fix the solution at the final time."""
    shape = Rectangle((0, 0), (1, 1)) * TIME
    for name in ("boundary", "outer", "rectangle"):
        boundary = shape.boundary(name)
        assert boundary.measure == 8
        assert np.all(boundary.sample(40).normals[:, 2] == 0)
    assert {part.name for part in shape.boundary("time").parts} == {"initial", "final"}


def test_combined_shapes_over_time() -> None:
    space = Rectangle((0, 0), (1, 1)) - Disk((0.5, 0.5), 0.25)
    shape = space * TIME
    assert shape.measure == pytest.approx(2 * (1 - np.pi / 16))
    assert shape.boundary("disk").measure == pytest.approx(np.pi)
    assert shape.boundary("initial").measure == pytest.approx(1 - np.pi / 16)
    assert shape.boundary("initial").face == Face(2, 0.0, 0)
    assert shape.boundary("left").face == Face(0, 0.0, 0)
    points = shape.boundary("final").sample(200).points
    assert space.contains(points[:, :2]).all()
    assert np.all(points[:, 2] == 2)


def test_initial_face_of_separate_intervals() -> None:
    shape = (Interval(0, 1) | Interval(2, 4)) * TIME
    initial = shape.boundary("initial")
    assert initial.measure == 3
    assert initial.face == Face(1, 0.0, 0)
    points = initial.sample(30, method="uniform").points[:, 0]
    assert np.sum(points < 1) == 10
    assert np.sum(points > 2) == 20


def test_regions_of_space_time_combine() -> None:
    shape = (Interval(0, 4) * TIME) - (Interval(1, 3) * TimeInterval(1, 3))
    assert shape.measure == pytest.approx(6, rel=1e-12)
    assert shape.boundary("final").measure == pytest.approx(2, rel=1e-10)
    assert shape.boundary("final").face is None
    assert shape.boundary("initial-2").sample(3).normals == pytest.approx(np.array([[0, 1]] * 3))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Interval(0, 1) * Interval(0, 1), "multiplied by time"),
        (lambda: TIME * Interval(0, 1), "multiplied by time"),
        (lambda: TIME * TIME, "only one time"),
        (lambda: Interval(0, 1) * TIME * TIME, "only one time"),
        (lambda: Disk((0, 0), 1, name="final") * TIME, "may not be called 'final'"),
        (lambda: Polygon([(0, 0), (1, 0), (0, 1)], ["initial", "a", "b"]) * TIME, "may not be called 'initial'"),
        (lambda: (Interval(0, 1) * TIME) - Interval(0, 1), r"different coordinates: \(x, t\) - \(x\)"),
        (lambda: Interval(0, 1) | TIME, r"different coordinates: \(x\) | \(t\)"),
    ],
)
def test_rejected(make: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        make()  # type: ignore[operator]
