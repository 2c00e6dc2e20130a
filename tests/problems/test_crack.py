from __future__ import annotations

import numpy as np
import torch

from kinn.problems.crack import make_problem, singular_field


def test_field_is_the_odd_root_of_the_distance() -> None:
    r, theta = np.meshgrid([1e-6, 0.3, 1.0], np.linspace(-3.14, 3.14, 40))
    given = singular_field()(r * np.cos(theta), r * np.sin(theta))
    np.testing.assert_allclose(given, np.sqrt(r) * np.sin(theta / 2), rtol=1e-12, atol=1e-15)
    assert singular_field()(np.array([-0.5]), np.array([0.1])) > 0


def test_nothing_cancels_just_ahead_of_the_crack_line() -> None:
    x, y = np.array([0.5, 1e-3]), np.array([1e-14, 1e-14])
    np.testing.assert_allclose(singular_field()(x, y), y / (2 * np.sqrt(x)), rtol=1e-12)


def test_faces_are_told_apart_by_their_side() -> None:
    x, y = np.array([-0.25]), np.array([0.0])
    np.testing.assert_allclose(singular_field(1.0)(x, y), [0.5])
    np.testing.assert_allclose(singular_field(-1.0)(x, y), [-0.5])


def test_networks_see_the_singular_field_only_where_asked() -> None:
    plain, helped = make_problem(), make_problem(features="tip")
    assert "singular" not in plain.title
    assert "singular" in helped.title
    for name, geometry in helped.subdomains.items():
        assert not plain.features_of(name)
        (feature,) = helped.features_of(name)
        p = helped.points(torch.as_tensor(geometry.sample(50)))
        assert helped.exact is not None
        torch.testing.assert_close(feature(*p.coordinates).value, helped.exact(*p.coordinates).value)


def test_error_is_measured_at_the_cell_centres_of_a_grid() -> None:
    x = make_problem().evaluation
    assert x is not None
    assert x.shape == (10_000, 2)
    np.testing.assert_allclose([x.min(), x.max()], [-0.99, 0.99])
