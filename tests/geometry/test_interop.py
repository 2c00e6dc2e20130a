from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kinn import Dirichlet, InputError, Problem
from kinn.geometry import Disk, SpaceTime, TimeInterval, adapt


class Annulus:
    """Has the methods of a DeepXDE geometry, in single precision; draws half of its points on the short inner circle."""

    dim = 2
    bbox = (np.array([-2.0, -2.0]), np.array([2.0, 2.0]))

    def inside(self, x: np.ndarray) -> np.ndarray:
        r = np.linalg.norm(x, axis=-1)
        return (r >= 0.5) & (r <= 2)

    def on_boundary(self, x: np.ndarray) -> np.ndarray:
        r = np.linalg.norm(x, axis=-1)
        return np.isclose(r, 0.5, atol=1e-6) | np.isclose(r, 2, atol=1e-6)

    def boundary_normal(self, x: np.ndarray) -> np.ndarray:
        r = np.linalg.norm(x, axis=-1, keepdims=True)
        return np.where(r > 1, 1, -1) * x / r

    def random_boundary_points(self, n: int, random: str = "pseudo") -> np.ndarray:
        angle = 2 * np.pi * np.random.random(n)  # noqa: NPY002 - as the library does
        radius = np.where(np.arange(n) % 2, 0.5, 2)
        return (radius * [np.cos(angle), np.sin(angle)]).T.astype(np.float32)


class Line:
    dim = 1
    bbox = (np.array([0.0]), np.array([3.0]))

    def inside(self, x: np.ndarray) -> np.ndarray:
        return ((x >= 0) & (x <= 3)).flatten()

    def on_boundary(self, x: np.ndarray) -> np.ndarray:
        return np.any(np.isclose(x, [0, 3]), axis=-1)

    def boundary_normal(self, x: np.ndarray) -> np.ndarray:
        return -np.isclose(x, 0).astype(np.float32) + np.isclose(x, 3)

    def random_boundary_points(self, n: int, random: str = "pseudo") -> np.ndarray:
        return np.random.choice([0.0, 3.0], n)[:, None].astype(np.float32)  # noqa: NPY002


def test_counts_follow_lengths_although_its_own_do_not() -> None:
    shape = adapt(Annulus(), {"inner": lambda x: np.linalg.norm(x, axis=1) < 1})
    assert shape.boundaries == ("inner", "rest")
    assert shape.measure == pytest.approx(3.75 * math.pi, rel=1e-3)
    assert shape.boundary("inner").measure == pytest.approx(math.pi, rel=0.1)
    assert shape.boundary("rest").measure == pytest.approx(4 * math.pi, rel=0.1)
    samples = shape.boundary("boundary").sample(1000)
    inner = np.linalg.norm(samples.points, axis=1) < 1
    assert abs(inner.sum() - 200) < 3 * math.sqrt(1000 * 0.2 * 0.8)
    np.testing.assert_allclose(samples.normals[~inner], samples.points[~inner] / 2, atol=1e-6)
    np.testing.assert_allclose(samples.normals[inner], -samples.points[inner] / 0.5, atol=1e-6)
    assert shape.contains(samples.points).all()
    x = shape.sample(500)
    assert x.dtype == np.float64
    assert shape.contains(x).all()
    with pytest.raises(InputError, match="no smooth distance is known"):
        shape.boundary("inner").distance(*x.T)


def test_the_global_generator_is_left_alone() -> None:
    np.random.seed(7)  # noqa: NPY002
    state = np.random.get_state()[1].copy()  # type: ignore[union-attr]  # noqa: NPY002
    first = adapt(Annulus()).boundary("boundary").sample(20)
    assert np.array_equal(state, np.random.get_state()[1])  # type: ignore[index]  # noqa: NPY002
    assert np.array_equal(first.points, adapt(Annulus()).boundary("boundary").sample(20).points)


def test_in_one_dimension_and_over_time() -> None:
    line = adapt(Line(), {"left": lambda x: x[:, 0] < 1})
    assert line.boundary("boundary").measure == 2
    assert line.boundary("left").sample(2).points.tolist() == [[0], [0]]
    assert line.boundary("rest").sample(1).normals.tolist() == [[1]]
    time = SimpleNamespace(t0=0.0, t1=2.0)
    shape = adapt(SimpleNamespace(geometry=Line(), timedomain=time), {"left": lambda x: x[:, 0] < 1})
    assert isinstance(shape, SpaceTime)
    assert shape.coordinates == ("x", "t")
    assert shape.boundaries == ("left", "rest", "initial", "final")
    assert shape.boundary("initial").measure == 3
    assert isinstance(adapt(time), TimeInterval)
    disk = Disk((0, 0), 1)
    assert adapt(disk) is disk


def test_problems_take_them_as_they_are() -> None:
    problem = Problem("p", Annulus(), strong=lambda u, p: u.xx + u.yy, conditions=[Dirichlet("u", 0, on="boundary")])  # type: ignore[arg-type]
    (shape,) = problem.subdomains.values()
    assert shape.boundaries == ("boundary",)
    assert problem.contains(np.array([[1.0, 0.0], [0.0, 0.0]])).tolist() == [True, False]
    with pytest.raises(InputError, match="a str is no geometry"):
        Problem("p", "disk", strong=lambda u, p: u.xx)  # type: ignore[arg-type]


def without(*names: str) -> Any:
    return type("Odd", (), {k: v for k, v in Annulus.__dict__.items() if k not in names and not k.startswith("_")})()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: adapt(3), "a int is no geometry: it has no inside, no on_boundary, no boundary_normal"),
        (lambda: adapt(without("inside")), "a Odd is no geometry: it has no inside$"),
        (lambda: adapt(without("bbox")), "it has no bbox"),
        (lambda: adapt(Annulus(), {"far": lambda x: x[:, 0] > 9}).boundaries, "boundary 'far' of .* is empty"),
        (lambda: (adapt(Annulus()) - Disk((0, 0), 1)).measure, "combine it in its own library"),
    ],
)
def test_rejected(make: object, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        make()  # type: ignore[operator]
    assert "\n" not in str(caught.value)


def test_normals_that_its_library_does_not_have() -> None:
    class Bare(Annulus):
        def boundary_normal(self, x: np.ndarray) -> np.ndarray:
            raise NotImplementedError

    with pytest.raises(InputError, match="has no normals in its own library: use a shape of KINN"):
        _ = adapt(Bare()).boundaries


def test_an_infinite_or_empty_box() -> None:
    odd = Annulus()
    odd.bbox = (np.array([-2.0, -2.0]), np.array([2.0, np.inf]))
    with pytest.raises(InputError, match="bounding box of a Annulus must be finite"):
        adapt(odd)
    odd.bbox = (np.array([2.0, 2.0]), np.array([3.0, 2.0]))
    with pytest.raises(InputError, match="empty domain"):
        adapt(odd)
    odd.bbox = (np.array([2.0, 2.0]), np.array([3.0, 3.0]))
    with pytest.raises(InputError, match="empty domain"):
        _ = adapt(odd).measure
