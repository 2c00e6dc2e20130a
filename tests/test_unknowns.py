from __future__ import annotations

from typing import Any

import pytest
import torch

from kinn import MLP, InputError, Interval, Problem, TimeInterval, Unknown, UnknownField
from kinn.fields import Field


@pytest.mark.parametrize(
    ("options", "lower", "upper"),
    [
        ({"initial": 2.0}, -float("inf"), float("inf")),
        ({"initial": 0.0}, -float("inf"), float("inf")),
        ({"initial": 2.0, "positive": True}, 0.0, float("inf")),
        ({"initial": 2.0, "bounds": (1.0, 5.0)}, 1.0, 5.0),
        ({"initial": 2.0, "bounds": (1.0, None)}, 1.0, float("inf")),
        ({"initial": 2.0, "bounds": (None, 5.0)}, -float("inf"), 5.0),
        ({"initial": 2.0, "bounds": (-1.0, 5.0), "positive": True}, 0.0, 5.0),
    ],
)
def test_the_search_stays_within_bounds(options: dict[str, Any], lower: float, upper: float) -> None:
    allowed = Unknown("k", **options).transform
    s = torch.linspace(-20, 20, 401, dtype=torch.float64, requires_grad=True)
    values = allowed(s)
    assert float(allowed(0.0)) == pytest.approx(options["initial"])
    assert bool((values > lower - 1e-12).all())
    assert bool((values < upper + 1e-12).all())
    (slope,) = torch.autograd.grad(values.sum(), s)
    middle = slope[(s > -5) & (s < 5)].abs()
    assert float(middle.min()) > 0  # no number is a dead end
    field = Field(("x",), lambda a: 0.5 if not any(a) else 1.0)
    torch.testing.assert_close(
        torch.as_tensor(allowed(field).value, dtype=torch.float64), allowed(torch.tensor(0.5, dtype=torch.float64))
    )


@pytest.mark.parametrize(
    ("options", "initial"),
    [({}, 0.0), ({"positive": True}, 1.0), ({"bounds": (2.0, 4.0)}, 3.0), ({"bounds": (None, 4.0)}, 3.0)],
)
def test_fields_start_in_the_middle(options: dict[str, Any], initial: float) -> None:
    assert UnknownField("K", **options).transform.initial == initial


def problem(*unknowns: Any, **options: Any) -> Problem:
    return Problem("p", Interval(0, 1) * TimeInterval(0, 1), strong=lambda u, p: u.t, unknowns=unknowns, **options)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Unknown("k", initial=0.5, bounds=(1, 2)),
            "initial value of Unknown.'k'., 0.5, does not lie between 1",
        ),
        (lambda: Unknown("k", initial=1.0, bounds=(1, 2)), "does not lie between"),
        (lambda: Unknown("k", initial=-1.0, positive=True), "does not lie between 0 and inf"),
        (lambda: Unknown("k", initial=1.0, bounds=(2, 1)), "bounds of Unknown.'k'. leave nothing"),
        (lambda: Unknown("k", initial=1.0, bounds=(0, 1, 2)), "the smallest and the largest"),  # type: ignore[arg-type]
        (lambda: Unknown("k", initial=float("nan")), "finite number"),
        (lambda: UnknownField("K", initial=3.0, bounds=(0, 1)), "initial value of UnknownField"),
        (lambda: problem(Unknown("u", initial=1.0)), "name of a field"),
        (lambda: problem(Unknown("x", initial=1.0)), "name of a field, a coordinate"),
        (lambda: problem(Unknown("k", initial=1.0), coefficients={"k": 1.0}), "a coefficient"),
        (lambda: problem(Unknown("k", initial=1.0), UnknownField("k")), "another unknown"),
        (lambda: problem(Unknown("n", initial=1.0)), "p.n means something else"),
        (lambda: problem(Unknown("a b", initial=1.0)), "cannot be called so"),
        (lambda: problem(UnknownField("K", of="y")), "no coordinate named 'y'"),
    ],
)
def test_mistakes_are_named(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_networks_of_ones_own() -> None:
    assert UnknownField("K", of="x").of == ("x",)
    assert UnknownField("K", network=MLP((3,))).network == MLP((3,))
