"""The inverse form: the plain boundary element method is exact to rounding, and networks come close to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import kinn
import kinn.errors
from kinn import KAN, MLP, Dirichlet, Disk, InputError, Interface, Neumann, Polygon, Problem, Rectangle, Robin, problems
from kinn.conditions import PointValue, ResidualCondition
from kinn.equations import Elasticity, Equation, Helmholtz, Laplace, Stokes
from kinn.forms.inverse import BoundaryTrial, Nystrom, inverse_form
from kinn.metrics import exact_values

LAPLACE = Laplace()
SQUARE = Rectangle((-1, -1), (1, 1))


def harmonic(x: Any, y: Any) -> Any:
    return kinn.sin(x) * kinn.sinh(y) + kinn.cos(x) * kinn.cosh(y)


def trial_of(problem: Problem, network: kinn.networks.Architecture | None = None) -> BoundaryTrial:
    return BoundaryTrial(problem.in_form("inverse"), network or MLP((6,)))


def plain(problem: Problem) -> float:
    """The relative error of a plain boundary element method."""
    points = np.concatenate([g.sample(150, seed=1) for g in problem.subdomains.values()])
    exact = exact_values(problem, points)
    assert exact is not None
    found = Nystrom(trial_of(problem)).evaluate(points, problem.names)
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


@pytest.mark.parametrize("name", ["annulus-robin", "poisson-holes", "crack", "flower", "two-holes", "scattering-disk"])
def test_boundary_elements_are_exact(name: str) -> None:
    assert plain(problems.get(name)) < 1e-10


def test_plate_with_a_hole() -> None:
    """The displacements on record, and those of the finite elements, which are good to 1e-6."""
    problem = problems.get("plate-hole")
    assert plain(problem) < 2e-6
    found = Nystrom(trial_of(problem)).evaluate(np.array([[0.0, 5.0], [20.0, 0.0]]), ["u", "v"])
    np.testing.assert_allclose(found[[0, 1], [1, 0]], [-0.750, 2.755], atol=5e-4)
    np.testing.assert_allclose(found[[0, 1], [0, 1]], 0.0, atol=1e-9)


def slopes(x: Any, y: Any, n: tuple[float, float]) -> Any:
    across = kinn.cos(x) * kinn.sinh(y) - kinn.sin(x) * kinn.cosh(y)
    return n[0] * across + n[1] * (kinn.sin(x) * kinn.cosh(y) + kinn.cos(x) * kinn.sinh(y))


def test_mixed_conditions() -> None:
    """Values, fluxes and a relation of both on one square; where they meet nothing is lost."""
    problem = Problem(
        "mixed",
        SQUARE,
        inverse=Laplace(),
        conditions=[
            Dirichlet("u", harmonic, on="left"),
            Neumann("u", lambda x, y: slopes(x, y, (1.0, 0.0)), on="right"),
            Robin("u", 2.0, 1.0, lambda x, y: 2 * harmonic(x, y) + slopes(x, y, (0.0, 1.0)), on="top"),
            ResidualCondition(lambda u, p: u.x * p.n[0] + u.y * p.n[1] + slopes(p.x, p.y, (0.0, 1.0)), on="bottom"),
        ],
        exact=harmonic,
    )
    assert plain(problem) < 1e-11


def test_a_source_is_taken_up_by_a_particular_solution() -> None:
    def exact(x: Any, y: Any) -> Any:
        return harmonic(x, y) + x * x * y

    problem = Problem(
        "source",
        SQUARE,
        strong=lambda u, p: kinn.laplacian(u) - 2 * p.y,
        inverse=Laplace(particular=lambda x, y: x * x * y),
        conditions=[Dirichlet("u", exact, on="boundary")],
        exact=exact,
    )
    assert plain(problem) < 1e-12


def test_two_materials() -> None:
    """A kink at x = 0: u = x + y on the left of it, 3 x + y on the right, conductivities 3 and 1."""

    def exact(x: Any, y: Any) -> Any:
        return kinn.where(np.asarray(getattr(x, "value", x)) > 0, 3 * x, x) + y

    left = Polygon([(-1, -1), (0, -1), (0, 1), (-1, 1)], edges=["bottom", "joint", "top", "left"])
    right = Polygon([(0, -1), (1, -1), (1, 1), (0, 1)], edges=["bottom", "right", "top", "joint"])
    problem = Problem(
        "materials",
        {"left": left, "right": right},
        inverse=Laplace(),
        conditions=[
            *(Dirichlet("u", exact, on=name) for name in ("left", "right", "top")),
            Neumann("u", -1.0, on="bottom"),
            Interface("u", on="joint", coefficients=(3.0, 1.0)),
        ],
        exact=exact,
    )
    assert plain(problem) < 1e-10
    sides = Nystrom(trial_of(problem)).evaluate(np.array([[-1e-9, 0.3], [1e-9, 0.3]]), ["u", "u.x"])
    np.testing.assert_allclose(sides, [[0.3, 1.0], [0.3, 3.0]], atol=1e-6)


def displacement(x: Any, y: Any) -> Any:
    return x * y, -0.5 * y * y * RATIO + 0.3 * x


SOLID = Elasticity(E=2.0, nu=0.3)
_K = 1 / (1 - 2 * SOLID.poisson)
RATIO = _K / (1 + _K)


def traction(component: int) -> Any:
    """The condition that the traction is that of `displacement`, for plane stress."""

    def residual(u: Any, v: Any, p: Any) -> Any:
        mu, lame = SOLID.shear, 2 * SOLID.shear * SOLID.poisson / (1 - 2 * SOLID.poisson)

        def stress(a: Any, b: Any) -> Any:
            ux, uy, vx, vy = a
            volume, shear = lame * (ux + vy), mu * (uy + vx)
            rows = ((2 * mu * ux + volume, shear), (shear, 2 * mu * vy + volume))[component]
            return rows[0] * b[0] + rows[1] * b[1]

        exact = (p.y, p.x, 0.3, -RATIO * p.y)
        return stress((u.x, u.y, v.x, v.y), p.n) - stress(exact, p.n)

    return residual


def test_elasticity_by_displacements_and_tractions() -> None:
    problem = Problem(
        "solid",
        SQUARE - Disk((0.2, 0), 0.4),
        fields=("u", "v"),
        inverse=SOLID,
        conditions=[
            *(Dirichlet(f, lambda x, y, n=n: displacement(x, y)[n], on="left") for n, f in enumerate("uv")),
            # a roller: one displacement, the other's traction
            Dirichlet("u", lambda x, y: displacement(x, y)[0], on="right"),
            ResidualCondition(traction(1), on="right"),
            *(ResidualCondition(traction(n), on=on) for n in range(2) for on in ("top", "bottom", "disk")),
        ],
        exact=displacement,
    )
    assert plain(problem) < 1e-10


@pytest.mark.parametrize("named", [False, True])
def test_creeping_flow(named: bool) -> None:
    """Velocities, and the pressure where the problem names it, fixed at a corner."""

    def exact(x: Any, y: Any) -> Any:
        return (x * x - y * y, -2 * x * y) if not named else (y * y + x, -y, 1.4 * x - 0.3)

    fixed = [PointValue("p", -1.7, at=(-1.0, -1.0))] if named else []
    problem = Problem(
        "flow",
        SQUARE - Disk((0.2, 0), 0.4),
        fields=("u", "v", "p") if named else ("u", "v"),
        inverse=Stokes(0.7),
        conditions=[Dirichlet(f, lambda x, y, n=n: exact(x, y)[n], on="boundary") for n, f in enumerate("uv")] + fixed,
        exact=exact,
    )
    assert plain(problem) < (1e-7 if named else 1e-11)  # next to the boundary the pressure loses digits
    if named:
        near = np.array([[0.2, 0.40001], [-0.99999, 0.3], [1.0, 0.5]])
        found = Nystrom(trial_of(problem)).evaluate(near, ["u.y", "p", "p.x", "p.y"])
        np.testing.assert_allclose(found[:, 0], 2 * near[:, 1], atol=1e-6)
        np.testing.assert_allclose(found[:, 1], 1.4 * near[:, 0] - 0.3, atol=1e-7)
        np.testing.assert_allclose(found[:2, 2:], [[1.4, 0.0]] * 2, atol=1e-5)


def test_creeping_flow_by_tractions() -> None:
    """Poiseuille flow: velocities on walls and inflow, the traction where it leaves, which fixes the pressure."""
    problem = Problem(
        "channel",
        SQUARE,
        fields=("u", "v", "p"),
        strong=lambda u, v, p, at: [p.x - kinn.laplacian(u), p.y - kinn.laplacian(v), u.x + v.y],
        inverse=Stokes(),
        conditions=[
            *(Dirichlet(f, 0.0, on=side) for f in "uv" for side in ("top", "bottom")),
            Dirichlet("u", lambda x, y: 1 - y * y, on="left"),
            Dirichlet("v", 0.0, on="left"),
            ResidualCondition(lambda u, v, p, at: [2 * u.x - p, u.y + v.x + 2 * at.y], on="right"),
        ],
        exact=lambda x, y: (1 - y * y, 0 * x, 2 - 2 * x),
    )
    assert plain(problem) < 1e-9


def test_a_singular_solution_taken_off() -> None:
    """The sum of both satisfies the conditions; the network carries the homogeneous part."""

    def exact(x: Any, y: Any) -> Any:
        return harmonic(x, y) + kinn.log((x - 1.01) ** 2 + y * y)

    problem = Problem(
        "close",
        SQUARE,
        inverse=Laplace(particular=lambda x, y: kinn.log((x - 1.01) ** 2 + y * y)),
        conditions=[
            Dirichlet("u", exact, on="left"),
            Dirichlet("u", exact, on="right"),
            Neumann("u", lambda x, y: slopes(x, y, (0.0, 1.0)) + 2 * y / ((x - 1.01) ** 2 + y * y), on="top"),
            Dirichlet("u", exact, on="bottom"),
        ],
        exact=exact,
    )
    assert plain(problem) < 1e-11


def test_a_free_constant_is_the_one_of_mean_zero_on_the_boundary() -> None:
    problem = Problem(
        "free",
        SQUARE,
        inverse=Laplace(),
        conditions=[Neumann("u", lambda x, y: x, on="right"), Neumann("u", lambda x, y: -1 + 0 * x, on="left")]
        + [Neumann("u", 0.0, on=name) for name in ("top", "bottom")],
        exact=lambda x, y: x,
    )
    assert plain(problem) < 1e-12


def pulled(*fixed: Any) -> Problem:
    """A solid in equilibrium under tractions alone: u = x, v = -0.3 y + 1 and a small rotation."""

    def exact(x: Any, y: Any) -> Any:
        return 0.5 * x - 0.2 * y, 0.2 * x - 0.15 * y + 1

    def loaded(u: Any, v: Any, p: Any) -> Any:
        mu, lame = SOLID.shear, 2 * SOLID.shear * SOLID.poisson / (1 - 2 * SOLID.poisson)
        volume, shear = lame * (u.x + v.y), mu * (u.y + v.x)
        rows = (2 * mu * u.x + volume, shear), (shear, 2 * mu * v.y + volume)
        traction = 2 * mu * 0.5 + lame * 0.35, -2 * mu * 0.15 + lame * 0.35
        return [rows[n][0] * p.n[0] + rows[n][1] * p.n[1] - traction[n] * p.n[n] for n in range(2)]

    return Problem(
        "pulled",
        SQUARE,
        fields=("u", "v"),
        inverse=SOLID,
        conditions=[ResidualCondition(loaded, on="boundary"), *fixed],
        exact=exact,
    )


def test_values_at_points_fix_what_is_free() -> None:
    """A constant by a value inside or on the boundary or by a function; rigid motions by values and a slope."""
    flux = [Neumann("u", 1.0, on="right"), Neumann("u", -1.0, on="left")]
    flux += [Neumann("u", 0.0, on=name) for name in ("top", "bottom")]
    for fixed in (PointValue("u", 5.3, at=(0.3, 0.7)), PointValue("u", lambda x, y: x + 5, at=(1.0, 1.0))):
        problem = Problem("free", SQUARE, inverse=LAPLACE, conditions=[*flux, fixed], exact=lambda x, y: x + 5 + 0 * y)
        assert plain(problem) < 1e-12
    three = PointValue("u", 0.0, at=(0.0, 0.0)), PointValue("v", 1.0, at=(0.0, 0.0))
    assert plain(pulled(*three, PointValue("v", 1.2, at=(1.0, 0.0)))) < 1e-11
    assert plain(pulled(*three, PointValue("u", -0.2, at=(0.3, 0.1), derivative="y"))) < 1e-7


def test_networks_take_values_at_points() -> None:
    fixed = [PointValue(f, x, at=at) for f, x, at in (("u", 0.0, (0, 0)), ("v", 1.0, (0, 0)), ("v", 1.2, (1, 0)))]
    problem = pulled(*fixed)
    solution = kinn.solve(problem, MLP((4,)), form="inverse", iterations=30, threads=1)
    np.testing.assert_allclose(solution(np.zeros((1, 2))), [[0.0, 1.0]], atol=1e-12)
    assert solution.errors["u"].l2 < 1e-4
    assert solution.bem["u"].l2 < 1e-11


@pytest.mark.parametrize("network", [KAN((3,), 6, 5), MLP((8,))], ids=["kan", "mlp"])
def test_networks_on_the_boundary(network: kinn.networks.Architecture) -> None:
    problem = Problem(
        "mixed",
        Disk((0, 0), 1.0) - Rectangle((-0.2, -0.2), (0.3, 0.2), name="hole"),
        strong=lambda u, p: kinn.laplacian(u),
        inverse=Laplace(),
        conditions=[Dirichlet("u", harmonic, on="disk")]
        + [
            Neumann("u", lambda x, y, n=n: slopes(x, y, n), on=side)
            for side, n in (("left", (1.0, 0.0)), ("right", (-1.0, 0.0)), ("top", (0.0, -1.0)), ("bottom", (0.0, 1.0)))
        ],
        exact=harmonic,
        evaluation=np.array([[0.5, 0.5], [-0.6, 0.1], [0.99, 0.0], [-0.1, 0.21]]),
    )
    solution = kinn.solve(problem, network, form="inverse", iterations=40, threads=1)
    assert solution.errors["u"].l2 < 2e-5
    assert solution.errors["u"].h1 is not None
    assert solution.errors["u"].h1 < 1e-3
    assert solution.bem["u"].l2 < 1e-11
    assert solution.summary()["bem"]["u"]["l2"] == solution.bem["u"].l2
    near = np.array([[0.999, 0.0], [0.0, -0.9999999]])
    np.testing.assert_allclose(solution(near)[:, 0], harmonic(*near.T), atol=1e-4)
    assert np.isnan(solution(np.array([[0.0, 0.0]]))).all()


def test_jacobian_is_that_of_the_residuals() -> None:
    trial = trial_of(problems.get("crack"), KAN((2,), 3, 3))
    system = inverse_form(trial, points=10)
    theta = system.start()
    ((residual, jacobian),) = system.blocks(theta)
    draw = torch.Generator().manual_seed(0)
    d = torch.randn(len(theta), generator=draw, dtype=torch.float64)
    ahead, behind = (system.residuals(theta + s * 1e-5 * d) for s in (1, -1))
    torch.testing.assert_close((ahead - behind) / 2e-5, jacobian @ d, rtol=1e-6, atol=1e-8)
    loss, gradient = system.gradient(theta)
    assert loss == pytest.approx(float(residual @ residual))
    torch.testing.assert_close(gradient, 2 * jacobian.T @ residual)
    last = system.last_layer()
    moved = theta.clone()
    moved[last] += d[last]
    torch.testing.assert_close(system.residuals(moved), residual + jacobian[:, last] @ d[last])


def square_problem(equation: Equation = LAPLACE, **changes: Any) -> Problem:
    settings: dict[str, Any] = {"inverse": equation, "conditions": [Dirichlet("u", 0.0, on="boundary")]}
    return Problem("bad", SQUARE, **{**settings, **changes})


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (
            lambda: square_problem(inverse=None, strong=lambda u, p: u.xx),
            "does not state the inverse form: inverse= is missing",
        ),
        (lambda: square_problem(strong=lambda u, p: kinn.laplacian(u) - u), "is not Laplace's equation"),
        (
            lambda: square_problem(strong=lambda u, p: kinn.laplacian(u) - 1),
            "has a source, and Laplace's equation is source-free",
        ),
        (
            lambda: square_problem(Laplace(particular=lambda x, y: x * x), strong=lambda u, p: kinn.laplacian(u) - 1),
            "particular solution .* does not satisfy",
        ),
        (lambda: square_problem(Helmholtz(1.0)), "has 1 fields, and the Helmholtz equation has 2"),
        (
            lambda: square_problem(conditions=[Dirichlet("u", 0.0, on="left")]),
            "'bottom'.* needs 1 conditions, and there are 0",
        ),
        (
            lambda: square_problem(conditions=[Dirichlet("u", 0.0, on="boundary"), Neumann("u", 0.0, on="top")]),
            "'top'.* needs 1 conditions, and there are 2",
        ),
        (
            lambda: square_problem(conditions=[Neumann("u", 1.0, on="boundary")]),
            "not in balance: they add up to 8 instead of 0",
        ),
        (
            lambda: square_problem(conditions=[ResidualCondition(lambda u, p: u.x + u.y, on="boundary")]),
            "contains a tangential derivative",
        ),
        (lambda: square_problem(conditions=[ResidualCondition(lambda u, p: u * u, on="boundary")]), "is not linear"),
        (
            lambda: square_problem(conditions=[ResidualCondition(lambda u, p: u.xx, on="boundary")]),
            "values and first derivatives",
        ),
        (
            lambda: square_problem(
                conditions=[Dirichlet("u", 0.0, on="boundary"), PointValue("u", 0.0, at=(0.0, 0.0))]
            ),
            "they leave none that PointValue.'u'. could fix",
        ),
        (
            lambda: square_problem(
                conditions=[Neumann("u", 0.0, on="boundary"), PointValue("u", 0.0, at=[(0, 0), (1, 0)])]
            ),
            "leave 1 constants or rigid motions undetermined, and PointValue.'u'. give 2 values that fix 1 of them",
        ),
        (
            lambda: square_problem(
                conditions=[Neumann("u", 0.0, on="boundary"), PointValue("u", 0.0, at=(0, 0), derivative="xx")]
            ),
            "values at points are those of fields and first derivatives, not of 'xx'",
        ),
        (lambda: pulled(PointValue("u", 0.0, at=(0.0, 0.0))), "leave 3 .* give 1 values that fix 1 of them; give 3"),
        (
            lambda: square_problem(
                Stokes(),
                fields=("u", "v"),
                conditions=[Dirichlet("u", lambda x, y: x, on="boundary"), Dirichlet("v", 0.0, on="boundary")],
            ),
            "more flows out than in: the flow through it adds up to 4 instead of 0",
        ),
        (
            lambda: square_problem(Stokes(), fields=("u", "v", "p", "q")),
            "has 4 fields, and creeping flow has 2, and a pressure",
        ),
        (
            lambda: square_problem(conditions=[ResidualCondition(lambda u, p: u, on="interior")]),
            "takes conditions on boundaries, and .* is neither",
        ),
    ],
)
def test_what_cannot_be_is_refused(problem: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        trial_of(problem()).system()


def test_bad_equations() -> None:
    for equation, message in (
        (lambda: Helmholtz(0.0), "wave number .* is positive"),
        (lambda: Elasticity(E=-1.0), "Young's modulus"),
        (lambda: Elasticity(nu=0.5), "Poisson's ratio"),
        (lambda: Elasticity(plane="strian"), "did you mean 'strain'"),
        (lambda: Stokes(float("nan")), "viscosity is positive"),
    ):
        with pytest.raises(InputError, match=message):
            equation()
    with pytest.raises(InputError, match="takes an equation such as Laplace"):
        square_problem("laplace")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="float64"):
        BoundaryTrial(square_problem().in_form("inverse"), MLP((4,)), dtype=torch.float32)
    with pytest.raises(InputError, match="first derivatives, not 'u.xx'"):
        Nystrom(trial_of(square_problem())).evaluate(np.zeros((1, 2)), "u.xx")
    with pytest.raises(InputError, match="points must be at least 1"):
        inverse_form(trial_of(square_problem()), points=0)


@pytest.mark.parametrize("outside", [False, True])
def test_resonances_warn(outside: bool) -> None:
    """At the first zero of J_0 a disk resounds: the field inside is not unique, and the equation outside is singular."""

    def at(wave_number: float) -> BoundaryTrial:
        domain = Disk((0, 0), 3.0, name="far") - Disk((0, 0), 1.0) if outside else Disk((0, 0), 1.0)
        problem = Problem(
            "disk",
            domain,
            fields=("a", "b"),
            inverse=Helmholtz(wave_number, outside=outside),
            conditions=[Dirichlet("a", 1.0, on="disk"), Dirichlet("b", 0.0, on="disk")],
        )
        return trial_of(problem)

    at(2.3).system()
    where = "the region enclosed by its boundary" if outside else "its domain"
    with pytest.warns(kinn.errors.ProblemWarning, match=f"resonance of {where}"):
        at(2.404825557695773).system()
