"""The problems of solid mechanics: their references against figures on record, and what is derived from the fields."""

from __future__ import annotations

import gc
from math import pi

import meshio
import numpy as np
import pytest
import torch

import kinn
from kinn import InputError, problems
from kinn.fields import Points
from kinn.metrics import derived_reference
from kinn.problems.references import cooks_membrane, hyperelastic_beam, plate_hole


def test_plate_moves_as_on_record():
    points = np.array([[0.0, 5.0], [20.0, 0.0], [20.0, 20.0]])
    values = plate_hole.reference(points)
    assert values[0] == pytest.approx([0.0, -0.750], abs=5e-4)
    assert values[1] == pytest.approx([2.755, 0.0], abs=5e-4)
    assert problems.get("plate-hole").domain.measure == pytest.approx(400 - 25 * pi / 4)


def test_stress_of_the_plate_is_largest_above_the_hole():
    problem = problems.get("plate-hole")
    above = derived_reference(problem, "mises", np.array([[1e-9, 5.0], [10.0, 10.0]]))
    assert above[0] == pytest.approx(358, abs=2)
    assert above[1] < 200


def test_derivatives_of_the_plate_take_little_memory():
    """An evaluation has ten thousand points: what a point holds on to, gigabytes come of."""
    count = 501
    points = np.random.default_rng(0).uniform(6.0, 20.0, (count, 2))
    gc.collect()
    u, v = plate_hole.displacement(*Points(("x", "y"), torch.as_tensor(points)).coordinates)
    components = [f[index] for f in (u, v) for index in ((0, 0), (1, 0), (0, 1))]
    assert all(len(component) == count for component in components)
    held = [t for t in gc.get_objects() if type(t) is torch.Tensor and t.shape == (count,)]
    assert sum(t.nbytes for t in held) < 20_000 * count


def test_beam_bends_as_on_record():
    tip = hyperelastic_beam.reference(np.array([[4.0, 0.5]]))[0]
    assert tip == pytest.approx([-0.1824, -1.1302], abs=1e-4)


@pytest.mark.parametrize(("depth", "share"), [(0, 1.0), (1, 4 / 3), (2, 40 / 27)])
def test_snowflake_has_its_area(depth, share):
    domain = problems.get("koch", depth=depth).domain
    assert domain.measure == pytest.approx(share * 9 * 3**0.5 / 4)
    assert len(domain.vertices) == 3 * 4**depth


def test_derived_fields_follow_from_the_solution():
    problem = kinn.Problem(
        "slope",
        kinn.Rectangle((0, 0), (1, 1)),
        strong=lambda u, p: kinn.laplacian(u),
        conditions=[kinn.Dirichlet("u", lambda x, y: x * y, on="boundary", enforce="hard")],
        exact=lambda x, y: x * y,
        derived={"steepness": lambda u, p: u.x * u.x + u.y * u.y},
    )
    solution = kinn.solve(problem, kinn.MLP((4,)), iterations=3)
    points = np.array([[0.2, 0.4], [0.5, 0.5]])
    assert solution.derived("steepness", points) == pytest.approx((points**2).sum(axis=1), abs=1e-3)
    assert solution.errors["steepness"].l2 < 1e-2
    with pytest.raises(InputError, match="did you mean 'steepness'"):
        solution.derived("stepness", points)


def test_derived_fields_are_drawn_and_written(tmp_path):
    problem = kinn.Problem(
        "bar",
        kinn.Rectangle((0, 0), (1, 1)),
        energy=lambda u, p: 0.5 * kinn.grad(u) @ kinn.grad(u),
        work={"right": lambda u, p: 1.0 * u},
        conditions=[kinn.Dirichlet("u", 0.0, on="left", enforce="hard")],
        derived={"flux": lambda u, p: 1.0 * u.x},
    )
    solution = kinn.solve(problem, kinn.MLP((4,)), form="energy", iterations=4)
    assert {"u", "flux", "convergence"} <= set(solution.plot(tmp_path))
    solution.save_vtu(tmp_path / "bar.vtu")
    flux = meshio.read(tmp_path / "bar.vtu").point_data["flux"]
    assert flux == pytest.approx(np.ones(len(flux)), abs=0.05)


def test_derived_fields_need_names_of_their_own():
    with pytest.raises(InputError, match="derives 'u'"):
        kinn.Problem("p", kinn.Interval(0, 1), strong=lambda u, p: u.xx, derived={"u": lambda u, p: u})


def test_membrane_rises_as_on_record():
    middle = cooks_membrane.reference(np.array([[48.0, 52.0]]))[0]
    assert middle[1] == pytest.approx(23.96, abs=0.01)
    assert problems.get("cooks-membrane").domain.measure == pytest.approx(48 * (44 + 16) / 2)


def test_membrane_agrees_with_a_coarser_computation():
    pytest.importorskip("skfem")
    x, t, values = cooks_membrane.compute((24, 16))
    (x, t), values = (x[::2], t[::2]), values[:, ::2, ::2]
    x, t = (c.ravel() for c in np.meshgrid(x, t, indexing="ij"))
    stored = cooks_membrane.reference(np.column_stack([x, cooks_membrane.lower(x) + t * cooks_membrane.height(x)]))
    assert np.abs(stored - values.reshape(2, -1).T).max() < 3e-4 * np.abs(stored).max()


def test_derivatives_of_the_membrane_are_those_of_its_displacement():
    x, step = np.array([[10.0, 30.0], [40.0, 50.0]]), 1e-4
    for index, shift in (((1, 0), (step, 0)), ((0, 1), (0, step))):
        for lower in ((0, 0), (1, 0), (0, 1)):
            a, b = (cooks_membrane.derivative(x + sign * np.array(shift), lower) for sign in (1, -1))
            second = tuple(i + j for i, j in zip(index, lower, strict=True))
            np.testing.assert_allclose(cooks_membrane.derivative(x, second), (a - b) / (2 * step), atol=1e-6)
