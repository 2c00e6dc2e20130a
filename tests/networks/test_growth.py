"""Growth: the larger network is the smaller function, to rounding, and learns from there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import kinn
from kinn import (
    KAN,
    KANODE,
    MLP,
    InputError,
    LevenbergMarquardt,
    ModifiedMLP,
    NeuralODE,
    PirateNet,
    ResidualKAN,
    ResNet,
    SelfScaledBroyden,
)
from kinn.forms import DomainTrial, ResidualObjective, strong_form
from kinn.jets import IndexSet
from kinn.networks import NETWORKS, Architecture, Network, Tape, embed
from kinn.ops import SplineGrid, basis
from kinn.optim import Optimizer
from tests.networks.test_own_network import SineNetwork


def build(architecture: Architecture, dimension: int, seed: int, dtype: torch.dtype = torch.float64) -> Network:
    """A network whose gates and biases are not those of the start, so that none of them is left out unseen."""
    network = architecture.build(dimension, 2, ([0.0] * dimension, [3.0] * dimension), seed=seed, dtype=dtype)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64).to(dtype))
    return network


def points(dimension: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Random points, all corners, and points on the knots of 2 to 8 intervals."""
    inside = 3 * torch.rand(40, dimension, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    knots = 3 * torch.cat([torch.linspace(0, 1, n + 1, dtype=torch.float64) for n in (2, 3, 4, 8)])
    on_knots = torch.stack([knots.roll(7 * axis) for axis in range(dimension)], dim=1)
    return torch.cat([inside, on_knots]).to(dtype)


def assert_same_function(smaller: Network, larger: Network, dimension: int, order: int = 4) -> None:
    dtype = next(smaller.parameters()).dtype
    x, index = points(dimension, dtype), IndexSet.full(dimension, order)
    tolerance = 1e-12 if dtype == torch.float64 else 2e-5
    torch.testing.assert_close(larger(x), smaller(x), rtol=tolerance, atol=tolerance)
    with torch.no_grad():
        expected, grown = smaller.jet(x, index), larger.jet(x, index)
    for a, old, new in zip(index, expected, grown, strict=True):
        # the m-th derivative of a spline on cells of width h amplifies rounding by h^-m
        size = float(old.abs().max()) + float(expected[0].abs().max())
        assert float((new - old).abs().max()) <= tolerance * 8 ** max(0, sum(a) - 1) * size, a


def same_after_growth(
    small: Architecture, large: Architecture, dimension: int, dtype: torch.dtype = torch.float64, order: int = 4
) -> Network:
    smaller, larger = build(small, dimension, 1, dtype), build(large, dimension, 2, dtype)
    embed(smaller, larger)
    assert_same_function(smaller, larger, dimension, order)
    return larger


@pytest.mark.parametrize("degree", [1, 2, 3, 5, 7])
@pytest.mark.parametrize(("coarse", "fine"), [(1, 1), (1, 5), (2, 4), (2, 8), (3, 6), (8, 16), (16, 32)])
def test_knot_insertion_is_exact(degree: int, coarse: int, fine: int) -> None:
    old, new = SplineGrid.uniform(coarse, degree), SplineGrid.uniform(fine, degree)
    matrix = old.refinement_matrix(new)
    torch.testing.assert_close(matrix.sum(dim=1), torch.ones(new.size, dtype=torch.float64), rtol=1e-14, atol=0)
    assert float(matrix.min()) >= 0  # means of old coefficients: nothing is amplified
    coefficients = torch.randn(old.size, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x = torch.cat([torch.linspace(-1.4, 1.4, 57, dtype=torch.float64), old.edges, new.edges])
    derivatives = zip(range(degree), basis(x, old), basis(x, new), strict=False)
    for m, before, after in derivatives:
        expected = before @ coefficients
        difference = after @ matrix @ coefficients - expected
        # rounding times the size of the m-th derivative of a spline on cells of width 2 / fine
        assert float(difference.abs().max()) <= (1e-13 if m == 0 else 8e-15 * float(fine) ** m + 1e-13)


def test_knot_insertion_in_steps_is_that_at_once() -> None:
    two, four, eight = (SplineGrid.uniform(n, 5) for n in (2, 4, 8))
    in_steps = four.refinement_matrix(eight) @ two.refinement_matrix(four)
    torch.testing.assert_close(in_steps, two.refinement_matrix(eight), rtol=1e-14, atol=1e-15)


def test_grids_without_an_exact_copy_are_named() -> None:
    grid = SplineGrid.uniform(4, 5)
    with pytest.raises(InputError, match="4 intervals has no exact copy on 6: use a multiple, 4 or 8"):
        grid.refinement_matrix(SplineGrid.uniform(6, 5))
    with pytest.raises(InputError, match="degree 5 have no exact copy of degree 3"):
        grid.refinement_matrix(SplineGrid.uniform(8, 3))
    for other in (SplineGrid.uniform(8, 5, 0.0, 1.0), SplineGrid.from_edges([-1, -0.7, 0, 0.2, 1], 5)):
        with pytest.raises(InputError, match="uniform grids over the same interval"):
            grid.refinement_matrix(other)


@pytest.mark.parametrize(
    ("dimension", "degree", "squash", "dtype"),
    [
        *((1, 3, squash, torch.float64) for squash in ("tanh", "softsign", "none")),
        *((2, 5, squash, torch.float64) for squash in ("tanh", "softsign", "none")),
        (3, 7, "tanh", torch.float64),
        *((n, degree, "tanh", torch.float32) for n, degree in ((1, 3), (2, 5), (3, 7))),
    ],
)
def test_kan(dimension: int, degree: int, squash: str, dtype: torch.dtype) -> None:
    small = KAN((3, 4), grid=2, degree=degree, squash=squash)
    order = min(
        4, degree - 1
    )  # the derivative of the degree's order jumps at knots, where rounding decides on the side
    for large in (
        replace(small, grid=4),
        replace(small, grid=8),
        replace(small, grid=(4, 2, 6)),
        replace(small, width=(5, 4)),
        replace(small, width=(3, 6), grid=4, init="glorot"),
    ):
        same_after_growth(small, large, dimension, dtype, order)
    same_after_growth(replace(small, grid=(3, 4, 2)), replace(small, grid=(6, 4, 8)), dimension, dtype, order)


RESIDUAL = [
    (ResNet(6, 2), [ResNet(9, 2), ResNet(6, 3), ResNet(9, 4)]),
    (ResNet(5, 2, layers_per_block=2, activation="sin"), [ResNet(7, 3, layers_per_block=2, activation="sin")]),
    (ResNet(5, 2, gate="rezero"), [ResNet(7, 4, gate="rezero")]),
    (ResNet(5, 2, gate="highway"), [ResNet(7, 2, gate="highway")]),
    (ResNet(5, 2, streams=3), [ResNet(7, 4, streams=3)]),
    (ResidualKAN(4, 2, grid=3), [ResidualKAN(6, 2, grid=3), ResidualKAN(4, 3, grid=6), ResidualKAN(5, 3, grid=6)]),
    (ModifiedMLP(6, 2), [ModifiedMLP(9, 2)]),
    (PirateNet(6, 2), [PirateNet(9, 2), PirateNet(6, 3), PirateNet(8, 3)]),
    (ResNet(4, 2, branch="kan", gate="adaptive", encoders=True), [
        ResNet(5, 3, branch="kan", gate="adaptive", encoders=True, grid=12)
    ]),
    (NeuralODE(5), [NeuralODE(8)]),
    (NeuralODE(5, autonomous=True, layers_per_field=2), [NeuralODE(8, autonomous=True, layers_per_field=2)]),
    (KANODE(3, grid=3), [KANODE(4, grid=6)]),
    (MLP((6, 5)), [MLP((9, 5)), MLP((6, 8)), MLP((10, 8))]),
    (MLP((6,), "sin", init_range=2.0), [MLP((9,), "sin", init_range=2.0)]),
    (MLP((6, 5), "swish", fourier=3), [MLP((8, 8), "swish", fourier=3), MLP((6, 8), "swish", fourier=5)]),
]  # fmt: skip


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(("small", "large"), [(small, large) for small, all_ in RESIDUAL for large in all_])
def test_other_networks(small: Architecture, large: Architecture, dtype: torch.dtype) -> None:
    same_after_growth(small, large, 2, dtype)


GROWING = [name for name in NETWORKS if NETWORKS[name]().larger()]


@pytest.mark.parametrize("name", GROWING)
def test_chains_of_four_levels(name: str) -> None:
    """Every lever, level by level: the function of the last network is still that of the first."""
    for start in NETWORKS[name]().starts():
        architecture, first = start, build(start, 2, 1)
        network = first
        for level in range(4):
            levers = architecture.larger()
            for lever in levers:
                assert lever.parameter_count(2, 1) > architecture.parameter_count(2, 1)
            architecture = levers[level % len(levers)]
            larger = build(architecture, 2, 2 + level)
            embed(network, larger)
            network = larger
        assert_same_function(first, network, 2, 2)


def test_starts_are_small_and_in_order_of_size() -> None:
    for name in GROWING:
        sizes = [start.parameter_count(2, 1) for start in NETWORKS[name]().starts()]
        assert sizes == sorted(sizes)
        assert sizes[-1] <= 1000
    assert KAN(degree=7, squash="softsign").starts()[0] == KAN((8, 8), 3, 7, "glorot", "softsign")


def test_levers_of_a_kan_are_its_grids_then_its_widths() -> None:
    assert KAN((10,), 4).larger() == (KAN((10,), 8), KAN((15,), 4))
    assert KAN((10,), (16, 4)).larger() == (KAN((10,), (32, 8)), KAN((15,), (16, 4)))
    assert KAN((10,), (150, 8)).larger()[0].grids == (150, 16)
    assert KAN((10,), 32).larger() == (KAN((15,), 32),)
    assert KAN((), 32).larger() == ()


def test_networks_that_cannot_grow_have_no_levers() -> None:
    assert NeuralODE(method="dopri5", tolerance=1e-3).larger() == ()
    assert SineNetwork().larger() == ()
    assert SineNetwork().starts() == (SineNetwork(),)
    assert ModifiedMLP(16, 3).larger() == (ModifiedMLP(24, 3),)  # a further block is no identity
    assert MLP((20, 20)).larger() == (MLP((30, 30)),)  # nor is a further layer


def test_an_own_network_of_equal_size_is_copied() -> None:
    class Scaling(kinn.networks.layers.layer.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, factor: float) -> None:
            super().__init__()
            self.factor = torch.nn.Parameter(torch.tensor([factor]))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.factor * x

        def jet(self, stack: torch.Tensor, index: IndexSet, tape: object = None) -> torch.Tensor:
            return self.factor * stack

    smaller, larger = (Network([Scaling(factor)], 2, 2) for factor in (2.0, 3.0))
    embed(smaller, larger)
    assert torch.equal(larger.layers[0].factor, smaller.layers[0].factor)  # type: ignore[arg-type]
    assert larger.layers[0].factor.tolist() == [2.0]  # type: ignore[union-attr,operator]
    same_after_growth(SineNetwork(6), SineNetwork(9), 2)  # layers of the library grow in it, too


@pytest.mark.parametrize(
    ("small", "large", "message"),
    [
        (MLP((9,)), MLP((6,)), "a layer of 9 outputs does not fit into one of 6"),
        (MLP((9,)), MLP((9,), "sin"), "different activations"),
        (MLP((9,)), MLP((9, 9)), "a new layer of type Activation changes the function"),
        (MLP((9, 9)), MLP((9,)), "a network of 6 layers does not fit into one of 4"),
        (MLP((9,)), KAN((9,)), "a layer of type Linear cannot become one of type SplineLayer|does not fit"),
        (KAN((4,), 4), KAN((4,), 6), "4 intervals has no exact copy on 6"),
        (KAN((4,), 8), KAN((4,), 4), "8 intervals has no exact copy on 4: use a multiple, 8 or 8"),
        (KAN((4,), degree=5), KAN((4,), degree=7), "degree 5 have no exact copy of degree 7"),
        (KAN((4,)), KAN((4,), squash="softsign"), "squash 'tanh' and 'softsign'"),
        (ResNet(6, 3), ResNet(6, 2), "layers does not fit"),
        (ResNet(6, 2), ResNet(6, 2, gate="rezero"), "gate 'none' and 'rezero'"),
        (ResNet(6, 2, gate="highway"), ResNet(6, 3, gate="highway"), "new block of gate 'highway'"),
        (ModifiedMLP(6, 2), ModifiedMLP(6, 3), "new block of gate 'replace'"),
        (ResNet(6, 2, streams=2), ResNet(6, 2, streams=3), "2 blocks of 2 streams do not fit into 2 of 3"),
        (NeuralODE(6, steps=3), NeuralODE(6, steps=4), "different methods, steps or vector fields"),
        (
            NeuralODE(6, method="dopri5", tolerance=1e-3),
            NeuralODE(8, method="dopri5", tolerance=1e-3),
            "whose steps adapt does not grow",
        ),
    ],
)
def test_what_cannot_be_the_same_function_is_named(small: Architecture, large: Architecture, message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        embed(small.build(2, 1), large.build(2, 1))
    assert "\n" not in str(error.value)


def test_other_coordinates_boxes_and_precisions_are_named() -> None:
    network = MLP((5,)).build(2, 1)
    with pytest.raises(InputError, match="from 2 coordinates to 1 fields cannot become one from 2 to 2"):
        embed(network, MLP((5,)).build(2, 2))
    with pytest.raises(InputError, match="different boxes"):
        embed(network, MLP((5,)).build(2, 1, ([0, 0], [1, 1])))
    with pytest.raises(InputError, match=r"precision, torch.float64 and torch.float32"):
        embed(network, MLP((5,)).build(2, 1, dtype=torch.float32))


GROWTH = [
    (KAN((3,), 2), KAN((6,), 2)),
    (KAN((3,), 2), KAN((3,), 4)),
    (KAN((3, 3), 2), KAN((6, 6), 4)),
    (MLP((4, 4)), MLP((8, 8))),
    (ResNet(4, 2), ResNet(8, 2)),
    (ResNet(4, 1), ResNet(4, 2)),
    (ResNet(4, 1, gate="rezero"), ResNet(6, 2, gate="rezero")),
    (ResidualKAN(3, 1, grid=2), ResidualKAN(4, 2, grid=4)),
    (ModifiedMLP(4, 2), ModifiedMLP(8, 2)),
    (PirateNet(4, 1), PirateNet(6, 2)),
    (NeuralODE(3), NeuralODE(6)),
]


def target(x: torch.Tensor) -> torch.Tensor:
    """A front and a wave that the small networks cannot follow."""
    return torch.tanh(12 * (x - 0.2)) + 0.5 * torch.sin(9 * x)


def train(network: Network, steps: int) -> float:
    """Mean square after steps of Levenberg and Marquardt."""
    x, index = torch.linspace(-1, 1, 160, dtype=torch.float64).unsqueeze(1), IndexSet.full(1, 0)
    parameters, damping = list(network.parameters()), 1e-2

    def residuals(tape: Tape | None = None) -> torch.Tensor:
        return network.jet(x, index, tape)[0, :, 0] - target(x)[:, 0]

    for _ in range(steps):
        tape = Tape()
        r = residuals(tape)
        columns = {p: torch.zeros(len(x), p.numel(), dtype=torch.float64) for p in parameters}
        tape.add_jacobian(r, columns)
        jacobian, before = torch.cat(list(columns.values()), dim=1), torch.nn.utils.parameters_to_vector(parameters)
        eye = torch.eye(len(before), dtype=torch.float64)
        with torch.no_grad():
            step = torch.linalg.solve(jacobian.T @ jacobian + damping * eye, -jacobian.T @ r)
            torch.nn.utils.vector_to_parameters(before + step, parameters)
            if residuals().norm() < r.norm():
                damping = max(damping / 3, 1e-10)
            else:
                torch.nn.utils.vector_to_parameters(before, parameters)
                damping *= 4
    return float(residuals().square().mean().detach())


@pytest.mark.parametrize(("small", "large"), GROWTH)
def test_training_goes_below_the_loss_of_the_smaller_network(small: Architecture, large: Architecture) -> None:
    smaller, larger = small.build(1, 1, seed=0), large.build(1, 1, seed=5)
    before = train(smaller, 200)
    embed(smaller, larger)
    x = torch.linspace(-1, 1, 160, dtype=torch.float64).unsqueeze(1)
    assert float((larger(x) - target(x)).square().mean().detach()) == pytest.approx(before, rel=1e-9)
    assert train(larger, 60) < 0.8 * before


@pytest.mark.parametrize(("small", "large"), [GROWTH[0], GROWTH[3], GROWTH[4], GROWTH[10]])
def test_gradients_reach_the_outgoing_weights_of_new_nodes(small: Architecture, large: Architecture) -> None:
    """Every new node has its own: a vanishing or a common one would be a saddle."""
    smaller, larger = small.build(1, 1, seed=0), large.build(1, 1, seed=5)
    embed(smaller, larger)
    x = torch.linspace(-1, 1, 60, dtype=torch.float64).unsqueeze(1)
    (larger(x) - target(x)).square().mean().backward()  # type: ignore[no-untyped-call]
    last, old = (network.layers[-1].weight for network in (larger, smaller))
    assert isinstance(last, torch.Tensor)
    assert isinstance(old, torch.Tensor)
    assert last.grad is not None
    assert torch.all(last.detach()[len(old) :] == 0)
    slots = small.grid + small.degree + 1 if isinstance(small, KAN) else 1  # type: ignore[operator]
    sizes = last.grad[len(old) :].unflatten(0, (-1, slots)).flatten(1).norm(dim=1)
    assert float(sizes.min()) > 1e-3
    assert len(torch.unique(sizes)) == len(sizes)


@pytest.mark.parametrize("gate", ["none", "rezero"])
def test_gradients_reach_a_new_block(gate: str) -> None:
    smaller, larger = (ResNet(5, depth, gate=gate).build(1, 1, seed=depth) for depth in (1, 2))
    embed(smaller, larger)
    x = torch.linspace(-1, 1, 60, dtype=torch.float64).unsqueeze(1)
    (larger(x) - target(x)).square().mean().backward()  # type: ignore[no-untyped-call]
    block = larger.layers[3]
    gradients = [p.grad for p in block.parameters() if p.grad is not None]
    assert max(float(g.abs().max()) for g in gradients) > 1e-5


def layered(name: str = "layered") -> kinn.Problem:
    """A slab of two parts, with a constant, an unknown field and a learnt term."""
    return kinn.Problem(
        name,
        {"left": kinn.Interval(0, 1), "right": kinn.Interval(1, 2)},
        strong=lambda u, p: u.xx + p.a * u + p.q + p.g,
        conditions=[
            kinn.Dirichlet("u", 0.0, on="left", enforce="hard"),
        ],
        unknowns=[
            kinn.Unknown("a", initial=2.0),
            kinn.UnknownField("q", network=MLP((5,))),
            kinn.UnknownTerm("g", arguments="u", within=[(-3, 3)]),
        ],
    )


@pytest.mark.parametrize(("small", "large"), [(KAN((4,), 2), KAN((6,), 4)), (ResNet(6, 1), ResNet(9, 2))])
def test_trials_with_subdomains_and_unknowns(small: Architecture, large: Architecture) -> None:
    problem = layered()
    smaller, larger = DomainTrial(problem, small, seed=0), DomainTrial(problem, large, seed=1)
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(smaller.flat.size, dtype=torch.float64, generator=generator)
    smaller.flat.set(smaller.flat.get() + 0.1 * noise)
    larger.embed(smaller)
    x = np.linspace(0, 2, 21).reshape(-1, 1)
    names = ["u", "u.x", "u.xx", "q", "q.x", "g", "g.x"]
    for part in problem.subdomains:
        before, after = (trial.evaluate(x, names, subdomain=part) for trial in (smaller, larger))
        np.testing.assert_allclose(after, before, rtol=1e-11, atol=1e-11)
    assert larger.unknowns.values() == smaller.unknowns.values() != DomainTrial(problem, small).unknowns.values()
    parameters = torch.cat([p.detach().flatten() for p in larger.parameters()])
    assert torch.equal(larger.flat.get(), parameters)  # the vector is still what the modules see
    assert torch.equal(
        larger.flat.parameters[0].detach().flatten(), larger.flat.get()[: larger.flat.parameters[0].numel()]
    )


def test_trials_of_other_problems_are_named() -> None:
    other = kinn.Problem("bar", kinn.Interval(0, 1), strong=lambda u, p: u.xx)
    with pytest.raises(InputError, match="networks of problem 'bar' do not solve 'layered'"):
        DomainTrial(layered(), MLP((5,))).embed(DomainTrial(other, MLP((4,))))


@pytest.mark.parametrize("optimizer", [LevenbergMarquardt(), SelfScaledBroyden()])
def test_optimisers_start_afresh_on_a_grown_trial(optimizer: Optimizer) -> None:
    """The residuals are those of the smaller trial at first; a new state then trains on below its loss."""
    problem = kinn.Problem(
        "bar",
        kinn.Interval(0, 1),
        strong=lambda u, p: u.xx + 400 * kinn.sin(20 * p.x),
        conditions=[kinn.Dirichlet("u", 0.0, on="left"), kinn.Dirichlet("u", float(np.sin(20)), on="right")],
    )

    def train_trial(
        trial: DomainTrial, steps: int, like: ResidualObjective | None = None
    ) -> tuple[float, ResidualObjective, float]:
        factors = None if like is None else [term.factors for term in like.terms]
        objective = strong_form(trial, points=120, factors=factors)
        state = optimizer.start(objective, trial.flat.get())
        first = state.loss
        for _ in range(steps):
            state = optimizer.step(objective, state)
        trial.flat.set(state.theta)
        return first, objective, state.loss

    small = KAN((3,), 2)
    smaller, larger = DomainTrial(problem, small), DomainTrial(problem, small.larger()[0], seed=1)
    _, trained, converged = train_trial(smaller, 80)
    larger.embed(smaller)
    first, _, reached = train_trial(larger, 80, like=trained)
    assert first == pytest.approx(converged, rel=1e-8)
    assert reached < 0.2 * converged
