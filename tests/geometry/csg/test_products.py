from __future__ import annotations

import math

import numpy as np
import pytest

from kinn.errors import InputError
from kinn.geometry import Disk, Extrusion, Face, Interval, Polygon, Rectangle, TimeInterval


def test_sides_keep_names_and_ends_are_added() -> None:
    plate = Polygon([(0, 0), (2, 0), (0, 1)], ["base", "slope", "wall"]) - Disk((0.5, 0.25), 0.125)
    shape = Extrusion(plate, (-1, 2))
    assert shape.coordinates == ("x", "y", "z")
    assert shape.boundaries == ("base", "slope", "wall", "disk", "bottom", "top")
    assert shape.measure == pytest.approx(3 * (1 - math.pi / 64))
    assert shape.boundary("slope").measure == pytest.approx(3 * math.sqrt(5))
    assert shape.boundary("top").measure == pytest.approx(1 - math.pi / 64)
    assert shape.boundary("extrusion").measure == pytest.approx(2 - math.pi / 32)
    assert shape.boundary("polygon").measure == pytest.approx(3 * (3 + math.sqrt(5)))
    assert np.all(shape.boundary("bottom").sample(5).normals == [0, 0, -1])
    assert np.all(shape.boundary("disk").sample(5).normals[:, 2] == 0)
    assert shape.boundary("top").face == Face(2, 2.0, 1)
    assert "disk" not in {part.name for part in shape.boundary("outer").parts}


def test_counts_on_a_perforated_block_follow_true_areas() -> None:
    plate = Rectangle((-1, -1), (1, 1))
    shape = Extrusion(plate - Disk((-1, -1), 0.4) - Disk((0.2, 0.3), 0.4), (0, 1), ends=("floor", "roof"))
    shape = shape - Extrusion(Disk((0.4, -0.5), 0.25), (0.5, 2))  # a blind hole
    arcs = 0.4 * math.pi * 2.5
    face = 4 - math.pi * 0.16 * 1.25
    true = {"disk": 0.2 * math.pi, "disk-2": 0.8 * math.pi, "disk-3": 0.25 * math.pi, "floor": face}
    true |= {"roof": face - math.pi / 16, "bottom-2": math.pi / 16, "left": 1.6, "right": 2.0}
    total = 8 - 0.8 + arcs + 0.25 * math.pi + 2 * face
    assert shape.boundary("boundary").measure == pytest.approx(total, rel=1e-3)
    samples = shape.boundary("boundary").sample(5000, method="random")
    counts = dict.fromkeys(true, 0)
    for name in true:
        near = np.abs(shape.boundary(name).distance(*samples.points.T)) < 1e-9
        counts[name] = int(near.sum())
        share = true[name] / total
        assert abs(counts[name] - 5000 * share) < 3 * math.sqrt(5000 * share * (1 - share)), name


def test_ends_are_numbered_or_renamed() -> None:
    block = Rectangle((0, 0), (1, 1))
    assert Extrusion(block, (0, 1)).boundaries[-2:] == ("bottom-2", "top-2")
    assert Extrusion(block, (0, 1), ends=("floor", "roof")).boundaries[-2:] == ("floor", "roof")
    assert Extrusion(Interval(0, 1), (0, 2)).boundary("bottom").measure == 1


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Extrusion(Disk((0, 0), 1), (1, 1)), "height of an extrusion must rise, got 1 and 1"),
        (lambda: Extrusion(Disk((0, 0), 1), (0, math.inf)), "must be finite"),
        (lambda: Extrusion(Disk((0, 0), 1), 3), "needs 2 coordinates, got 1"),
        (lambda: Extrusion("disk", (0, 1)), "only a shape can be extruded, got 'disk'"),
        (lambda: Extrusion(Interval(0, 1) * TimeInterval(0, 1), (0, 1)), "time cannot be extruded"),
        (lambda: Extrusion(Disk((0, 0), 1), (0, 1), ends="ab"), "2 ends to name"),
    ],
)
def test_rejected(make: object, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        make()  # type: ignore[operator]
    assert "\n" not in str(caught.value)
