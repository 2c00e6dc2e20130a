from __future__ import annotations

import numpy as np
import pytest
import torch

from kinn import InputError, Points, div, grad, hessian, laplacian, sin, strain
from kinn.fields import Field, derivative_index


def points(d: int = 2, normals: bool = False) -> Points:
    x = torch.rand(6, d, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    n = torch.nn.functional.normalize(x, dim=1) if normals else None
    return Points(("x", "y", "z")[:d], x, n, {"nu": 0.1, "source": lambda x, y: x * y})


def test_derivatives_by_name() -> None:
    p = points()
    u = p.x**2 * p.y**3
    x, y = p.tensor.T
    torch.testing.assert_close(u.xy.value, 6 * x * y**2)
    torch.testing.assert_close((p.x * u.x).x.value, 4 * x * y**3)
    torch.testing.assert_close(u.derivative("yy").value, 6 * x**2 * y)


def test_derivatives_by_names_of_several_letters() -> None:
    names = tuple(f"x{n}" for n in range(1, 11))
    assert derivative_index("x1x10x1", names, "u") == (2, 0, 0, 0, 0, 0, 0, 0, 0, 1)
    with pytest.raises(InputError, match="u has no derivative .x1y: 'y' is no coordinate"):
        derivative_index("x1y", names, "u")
    p = Points(names[:5], torch.rand(4, 5, dtype=torch.float64))
    torch.testing.assert_close((p.x2**2 * p.x5).x2x5.value, 2 * p.tensor[:, 1])


def test_operators() -> None:
    p = points()
    x, y = p.tensor.T
    u, v = p.x**2 * p.y, sin(p.x) * p.y
    torch.testing.assert_close(laplacian(u).value, 2 * y)
    torch.testing.assert_close(div(p.x * grad(u)).value, 4 * x * y + 0 * y)
    torch.testing.assert_close((div((u, v))).value, 2 * x * y + torch.sin(x))
    rows = strain((u, v))
    torch.testing.assert_close(rows[0][1].value, 0.5 * (x**2 + torch.cos(x) * y))
    torch.testing.assert_close(rows[0][1].value, rows[1][0].value)
    torch.testing.assert_close(hessian(u)[0][1].value, 2 * x)
    vector = (grad(u) - grad(v)) / 2 + -grad(u)
    torch.testing.assert_close(
        (vector @ grad(u)).value,
        ((-0.5 * (2 * x * y) - 0.5 * torch.cos(x) * y) * 2 * x * y + (-0.5 * x**2 - 0.5 * torch.sin(x)) * x**2),
    )


def test_time_is_not_space() -> None:
    p = Points(("x", "t"), torch.rand(4, 2, dtype=torch.float64))
    u = p.x**2 * p.t**2
    torch.testing.assert_close(laplacian(u).value, 2 * p.tensor[:, 1] ** 2)
    assert len(grad(u)) == 1
    q = Points(("t",), torch.rand(4, 1))
    with pytest.raises(InputError, match="time alone"):
        grad(q.t)


def test_points_give_constants_and_normals() -> None:
    p = points(normals=True)
    assert p.nu == 0.1
    torch.testing.assert_close(p.source(p.x, p.y).x.value, p.tensor[:, 1])
    torch.testing.assert_close((grad(p.x) @ p.n).value, p.normals[:, 0])
    with pytest.raises(InputError, match="boundary normal"):
        _ = points().n


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda p: (p.x * 2).z, "'z' is no coordinate; the coordinates are x, y"),
        (lambda p: p.nuu, "did you mean 'nu'"),
        (lambda p: p.field(np.ones(3), "the data"), r"the data has shape \(3,\), and there are 6 points"),
        (lambda p: p.field(float("nan"), "the data"), "the data is not finite"),
        (lambda p: p.field("abc", "the data"), "the data is no number"),
        (lambda p: div((p.x,)), "one component per spatial coordinate"),
        (lambda p: strain((p.x,)), "one component per spatial coordinate"),
    ],
)
def test_mistakes_are_named(use: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        use(points())  # type: ignore[operator]


def test_fields_are_fields() -> None:
    assert isinstance(2 * points().x + 1, Field)
    assert not hasattr(points().x, "_private")
