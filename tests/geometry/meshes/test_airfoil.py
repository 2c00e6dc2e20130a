"""Points of a graded mesh around a Joukowski airfoil whose far field is 20 chords away."""

from __future__ import annotations

import numpy as np

from kinn import Mesh

CENTRE, RADIUS, FAR = -0.1, 1.02 * 1.1, 80.0


def rings(around: int, layers: int) -> Mesh:
    """O-grid of triangles, the image of circles around `CENTRE` under z + 1 / z; the chord is 4."""
    angle = np.linspace(0, 2 * np.pi, around, endpoint=False)
    radius = RADIUS * (FAR / RADIUS) ** np.linspace(0, 1, layers + 1)
    z = CENTRE + radius[:, None] * np.exp(1j * angle)
    z = (z + 1 / z).ravel()
    i, first = np.arange(around), np.arange(layers)[:, None] * around
    a, b = (first + i).ravel(), (first + (i + 1) % around).ravel()
    triangles = np.concatenate([np.column_stack([a, b, b + around]), np.column_stack([a, b + around, a + around])])
    foil = np.column_stack([i, (i + 1) % around])
    return Mesh(
        np.column_stack([z.real, z.imag]), {"triangle": triangles}, {"foil": foil, "far": foil + layers * around}
    )


def test_half_of_the_points_lie_where_half_of_the_mesh_does() -> None:
    mesh = rings(32, 20)
    near = np.hypot(*mesh.collocation(2000, seed=1).points.T) < 10
    assert np.mean(near) > 0.35
    assert np.mean(np.hypot(*mesh.sample(2000, seed=1).T) < 10) < 0.02
