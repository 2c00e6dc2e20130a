"""What every shape promises, held for every primitive and for combinations of them."""

from __future__ import annotations

from tests.geometry.examples import SHAPES, SQUARE


def test_coordinates() -> None:
    assert SHAPES["interval"].coordinates == ("x",)
    assert SHAPES["polygon"].coordinates == ("x", "y")
    assert SHAPES["box"].coordinates == ("x", "y", "z")
    assert SHAPES["box-4d"].coordinates == ("x1", "x2", "x3", "x4")
    assert SHAPES["difference-time"].coordinates == ("x", "y", "t")
    assert SHAPES["time"].coordinates == ("t",)


def test_only_shapes_combine() -> None:
    for operation in ("__or__", "__and__", "__sub__", "__mul__"):
        assert getattr(SQUARE, operation)(3) is NotImplemented
