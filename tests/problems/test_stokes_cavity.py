"""The creeping flow in a cavity: its reference against the boundary, against itself, against others, and against boundary
elements."""

from __future__ import annotations

import numpy as np

from kinn import MLP, problems
from kinn.forms.inverse import BoundaryTrial, Nystrom
from kinn.problems.references import stokes_cavity


def test_velocities_of_the_walls() -> None:
    x, y, lid = stokes_cavity.boundary(777)
    u, v, _ = stokes_cavity.exact(x, y)
    assert np.abs(u - lid).max() < stokes_cavity.CONVERGED
    assert np.abs(v).max() < stokes_cavity.CONVERGED


def test_converges() -> None:
    x, y = np.random.default_rng(0).uniform(0.01, 0.99, (2, 100))
    finest = np.stack(stokes_cavity.exact(x, y))
    apart = [
        np.abs(np.stack(stokes_cavity.exact(x, y, *size)) - finest).max(axis=1) for size in ((20, 1), (20, 2), (24, 3))
    ]
    assert (apart[1][:2] < apart[0][:2] / 30).all()
    assert (apart[2][:2] < 1e-11).all()
    assert apart[2][2] < 1e-9


def test_flow_is_even_about_the_middle() -> None:
    x, y = np.random.default_rng(1).uniform(0, 1, (2, 50))
    (u, v, p), (a, b, q) = stokes_cavity.exact(x, y), stokes_cavity.exact(1 - x, y)
    np.testing.assert_allclose(u, a, atol=1e-11)
    np.testing.assert_allclose(v, -b, atol=1e-11)
    np.testing.assert_allclose(p, -q, atol=1e-8 * np.abs(p).max())


def test_vortices_on_record() -> None:
    """The stream function in the centres of the large vortex, -1.0007e-1, and of a corner's first eddy, 2.227e-6
    (cats2d.com/moffatt_eddies.html: finite elements of 992,402 unknowns)."""
    nodes, weights = np.polynomial.legendre.leggauss(40)

    def stream(x: float, y: float) -> float:
        """The integral of u up from the bottom."""
        at = y * (nodes + 1) / 2
        return float(weights @ stokes_cavity.exact(x + 0 * at, at)[0]) * y / 2

    assert abs(min(stream(0.5, y) for y in np.linspace(0.74, 0.79, 51)) + 0.10007) < 1e-5
    eddy = max(stream(x, y) for x in np.linspace(0.03, 0.06, 31) for y in np.linspace(0.03, 0.06, 31))
    assert abs(eddy - 2.227e-6) < 1e-9


def test_boundary_elements_agree() -> None:
    problem = problems.get("stokes-cavity").in_form("inverse")
    trial = BoundaryTrial(problem, MLP((4,)))
    assert problem.exact is not None
    x, y = points = np.random.default_rng(2).uniform(0.001, 0.999, (2, 200))
    found, exact = Nystrom(trial).evaluate(points.T, ["u", "v", "p"]), np.stack(problem.exact(x, y), axis=1)
    assert (np.abs(found - exact).max(axis=0) < [1e-7, 1e-7, 1e-6 * np.abs(exact[:, 2]).max()]).all()
