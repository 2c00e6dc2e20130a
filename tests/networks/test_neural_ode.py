from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
import torchdiffeq
from scipy.integrate import solve_ivp
from torch import Tensor

from kinn import InputError, LevenbergMarquardt, SolveError
from kinn.forms import DomainTrial, strong_form
from kinn.jets import IndexSet, univariate
from kinn.networks import NeuralODE, Tape
from kinn.networks.layers.flow import Flow
from kinn.networks.layers.layer import values
from kinn.networks.layers.linear import Activation, Linear
from kinn.networks.layers.residual import Residual
from kinn.networks.network import Network
from kinn.problems import poisson_1d
from kinn.train.loop import StoppingCriteria, train
from tests.networks.contract import NetworkContract


class TestEuler(NetworkContract):
    architecture = NeuralODE(width=4, method="euler", steps=3, layers_per_field=2)


class TestRungeKutta4(NetworkContract):
    architecture = NeuralODE(width=5, method="rk4", activation="sin")


class TestAutonomous(NetworkContract):
    architecture = NeuralODE(width=4, method="midpoint", steps=3, autonomous=True, activation="swish")


class TestAdaptive(NetworkContract):
    architecture = NeuralODE(width=3, method="dopri5", tolerance=1e-4)


class TestReversed(NetworkContract):
    architecture = NeuralODE(width=4, method="midpoint", steps=7, gradient_checkpoints=2)


class TestAdaptiveReversed(NetworkContract):
    architecture = NeuralODE(width=3, method="tsit5", steps=2, tolerance=1e-4, gradient_checkpoints=1)


class TestKANODE(NetworkContract):
    architecture = NeuralODE(width=3, field="kan", method="midpoint", grid=4, degree=6)


class TestReversedKANODE(NetworkContract):
    architecture = NeuralODE(width=3, field="kan", method="rk4", steps=3, gradient_checkpoints=1, grid=4, degree=6)


def flow_of(network: Network) -> Flow:
    flow = network.layers[1]
    assert isinstance(flow, Flow)
    return flow


def points(count: int = 40) -> Tensor:
    return torch.rand(count, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("method", ["euler", "midpoint", "rk4"])
def test_equal_steps_are_those_of_torchdiffeq(method: str) -> None:
    network = NeuralODE(width=6, method=method, steps=5).build(2, 1, seed=1)
    flow = flow_of(network)
    begin = values(flow.lift, points())

    class Field(torch.nn.Module):
        def forward(self, t: Tensor, y: Tensor) -> Tensor:
            return flow.slope(float(t), y)

    times = torch.linspace(0, 1, 6, dtype=torch.float64)
    rule = {"rk4": {"perturb": False}}.get(method, {})
    # torchdiffeq's "rk4" is the 3/8 rule: both are of fourth order and differ by their error constants
    theirs = torchdiffeq.odeint(Field(), begin, times, method=method, options=rule)[-1]
    torch.testing.assert_close(flow(points()), theirs, rtol=0, atol=1e-3 if method == "rk4" else 1e-13)


@pytest.mark.parametrize("method", ["dopri5", "tsit5"])
@pytest.mark.parametrize("tolerance", [1e-4, 1e-7])
def test_adapted_steps_reach_the_tolerance(method: str, tolerance: float) -> None:
    network = NeuralODE(width=6, method=method, tolerance=tolerance).build(2, 1, seed=1)
    flow = flow_of(network)
    with torch.no_grad():
        for parameter in flow.field.parameters():
            parameter.mul_(4.0)  # a lively flow
    begin = values(flow.lift, points()).detach()

    def slope(t: float, y: np.ndarray) -> np.ndarray:
        return flow.slope(t, torch.as_tensor(y).reshape(begin.shape)).detach().numpy().ravel()

    exact = solve_ivp(slope, (0, 1), begin.numpy().ravel(), rtol=1e-12, atol=1e-12, method="DOP853").y[:, -1]
    error = np.abs(flow(points()).detach().numpy().ravel() - exact).max()
    assert error < 50 * tolerance
    assert len(flow.steps()) < {1e-4: 30, 1e-7: 90}[tolerance]


def test_gradients_of_adapted_steps_are_those_of_torchdiffeq() -> None:
    """The gradient of the computed function nears that of the exact flow, which torchdiffeq's adjoint computes."""
    network = NeuralODE(width=4, method="dopri5", tolerance=1e-9).build(2, 1, seed=3)
    flow = flow_of(network)
    parameters = list(flow.field.parameters())
    ours = torch.autograd.grad(flow(points()).square().sum(), parameters)

    class Field(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.field = flow.field

        def forward(self, t: Tensor, y: Tensor) -> Tensor:
            clock = (2 * t - 1) * torch.ones(len(y), 1, dtype=torch.float64)
            return values(self.field, torch.cat([y, clock], dim=-1))

    ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
    final = torchdiffeq.odeint_adjoint(Field(), values(flow.lift, points()), ends, rtol=1e-10, atol=1e-10)[-1]
    theirs = torch.autograd.grad(final.square().sum(), parameters)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("field", ["mlp", "kan"])
@pytest.mark.parametrize("gradient_checkpoints", [1, 3, 30])
def test_discrete_adjoints_are_exact(field: str, gradient_checkpoints: int) -> None:
    """Gradients and Jacobians of a flow that is reversed from checkpoints, against those that keep everything."""
    whole = NeuralODE(width=4, field=field, steps=11, method="midpoint", grid=4)
    networks = [
        dataclasses.replace(whole, gradient_checkpoints=s).build(2, 1, seed=5) for s in (0, gradient_checkpoints)
    ]
    index = IndexSet.full(2, 2)
    gradients, jacobians = [], []
    for network in networks:
        residual = network.jet(points(), index)[3:5, :, 0].sum(dim=0)
        gradients.append(
            torch.cat([g.flatten() for g in torch.autograd.grad(residual.square().sum(), list(network.parameters()))])
        )
        tape = Tape()
        u = network.jet(points(), index, tape)
        columns = {p: torch.zeros(40, p.numel(), dtype=torch.float64) for p in network.parameters()}
        tape.add_jacobian(u[3, :, 0] * u[0, :, 0], columns, last=False)
        tape.add_jacobian(u[5, :, 0] + u[1, :, 0], columns)
        jacobians.append(torch.cat([columns[p] for p in network.parameters()], dim=1))
    for pair in (gradients, jacobians):
        assert float((pair[0] - pair[1]).abs().max() / pair[0].abs().max()) < 1e-10


def test_memory_does_not_grow_with_the_number_of_steps() -> None:
    """Bytes that autograd keeps for the gradient, counted as they are saved."""

    def kept(steps: int, gradient_checkpoints: int) -> int:
        network = NeuralODE(width=8, method="rk4", steps=steps, gradient_checkpoints=gradient_checkpoints).build(
            2, 1, seed=0
        )
        held: dict[int, int] = {}

        def pack(t: Tensor) -> Tensor:
            held[t.untyped_storage().data_ptr()] = t.untyped_storage().nbytes()
            return t

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
            out = network.jet(points(), IndexSet.full(2, 2))
        node, states = out.grad_fn, 0
        seen, stack = set(), [node]
        while stack:
            node = stack.pop()
            if node is None or node in seen:
                continue
            seen.add(node)
            stack += [following for following, _ in node.next_functions]
            of = getattr(node, "of", None)
            states += 0 if of is None else sum(s.untyped_storage().nbytes() for s in of[4].values())
        return sum(held.values()) + states

    assert kept(64, 4) == kept(100, 4)
    assert kept(64, 0) > 6 * kept(8, 0)
    assert kept(64, 4) < 0.05 * kept(64, 0)


@pytest.mark.parametrize(("method", "rate"), [("euler", 1), ("midpoint", 2), ("rk4", 4)])
def test_networks_converge_to_the_flow_with_the_order_of_the_method(method: str, rate: int) -> None:
    exact = NeuralODE(width=5, method="dopri5", tolerance=1e-12).build(2, 1, seed=2)
    errors = []
    for steps in (8, 16):
        network = NeuralODE(width=5, method=method, steps=steps).build(2, 1, seed=2)
        errors.append(float((network(points()) - exact(points())).detach().abs().max()))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(rate, abs=0.25)


def test_a_residual_network_with_weights_scaled_by_depth_is_a_flow_by_euler() -> None:
    """Blocks whose weights are those of the field at their times, times 1/L, are the steps of Euler's method."""
    depth = 7
    network = NeuralODE(width=4, method="euler", steps=depth, layers_per_field=2).build(2, 1, seed=6)
    flow = flow_of(network)
    activation, first, second = Activation(univariate.tanh), flow.field[1], flow.field[3]
    assert isinstance(first, Linear)
    assert isinstance(second, Linear)
    assert first.bias is not None
    assert second.bias is not None
    x = values(flow.lift, points())
    for n in range(depth):
        clock = torch.tanh(torch.tensor(2 * n / depth - 1, dtype=torch.float64)) * first.weight[-1]
        branch = [
            activation,
            Linear(first.weight[:-1].detach(), (first.bias + clock).detach()),
            activation,
            Linear(second.weight.detach() / depth, second.bias.detach() / depth),
        ]
        x = Residual(branch)(x)
    torch.testing.assert_close(flow(points()), x)


def test_states_stay_on_the_grid_of_a_kan_field() -> None:
    """However far the flow carries a state, the splines of its field see it within their grid."""
    network = NeuralODE(width=3, field="kan", method="rk4", steps=4).build(2, 1, seed=0)
    flow = flow_of(network)
    with torch.no_grad():
        for parameter in flow.field.parameters():
            parameter.mul_(30.0)
    spline = flow.field[0]
    seen: list[Tensor] = []
    spline.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    out = flow(points())
    assert float(out.detach().abs().max()) > 3.0
    assert len(seen) == 16
    grid = spline.grid  # type: ignore[union-attr]
    for state in seen:
        mapped = torch.tanh(state)
        assert float(grid.edges[0]) <= float(mapped.detach().min())
        assert float(mapped.detach().max()) <= float(grid.edges[-1])


def explosive(network: Network, factor: float) -> None:
    """Make y' = factor y^2 of a field, which is infinite after a finite time for y > 0."""

    class Square(Activation):
        def __init__(self) -> None:
            super().__init__(univariate.power(2.0))

    flow = flow_of(network)
    width = flow.lift[0].weight.shape[1]  # type: ignore[union-attr,index]
    flow.field = torch.nn.ModuleList(
        [Square(), Linear(factor * torch.eye(width, dtype=torch.float64), torch.zeros(width, dtype=torch.float64))]
    )
    with torch.no_grad():
        flow.lift[0].bias.fill_(2.0)  # type: ignore[union-attr,operator]


def test_a_step_that_underflows_says_when_and_where() -> None:
    network = NeuralODE(width=2, method="dopri5", tolerance=1e-6, autonomous=True).build(1, 1, seed=0)
    explosive(network, 1.0)
    with pytest.raises(SolveError, match=r"underflows at time 0\.\d+ of 1, where the norm of its state is \d"):
        network(torch.zeros(3, 1, dtype=torch.float64))


@pytest.mark.parametrize("gradient_checkpoints", [0, 2])
def test_a_state_that_is_not_finite_says_when_and_where(gradient_checkpoints: int) -> None:
    network = NeuralODE(
        width=2, method="rk4", steps=5, autonomous=True, gradient_checkpoints=gradient_checkpoints
    ).build(1, 1, seed=0)
    explosive(network, 1e9)
    message = r"not finite in the step from time 0\.\d+ to 0\.\d+ of 1, before which its norm is \d"
    with pytest.raises(SolveError, match=message):
        network(torch.zeros(3, 1, dtype=torch.float64))
    with pytest.raises(SolveError, match=message):
        network.jet(torch.zeros(3, 1, dtype=torch.float64), IndexSet.full(1, 2))


def test_parameters_without_a_finite_state_count_as_infinitely_bad() -> None:
    """A step of an optimizer that leads there is not taken; a solve that starts there says what is wrong."""
    problem = poisson_1d.make_problem()
    trial = DomainTrial(problem, NeuralODE(width=3, autonomous=True), seed=0)
    system = strong_form(trial, points=20)
    theta = system.start()
    explosive(trial.network(next(iter(problem.subdomains))), 1e9)
    assert system.loss(theta) == np.inf
    loss, gradient = system.gradient(theta)
    assert loss == np.inf
    assert bool(torch.isnan(gradient).all())
    with pytest.raises(SolveError, match="the state of the neural ODE is not finite"):
        train(system, system, LevenbergMarquardt(), StoppingCriteria(iterations=3))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 0}, "network.width is a whole number of at least 1, not 0"),
        ({"layers_per_field": -1}, "network.layers_per_field is a whole number of at least 1, not -1"),
        ({"steps": 0}, "network.steps is a whole number of at least 1, not 0"),
        ({"method": "dopri"}, "did you mean 'dopri5'"),
        ({"field": "kann"}, "did you mean 'kan'"),
        ({"tolerance": 1e-3}, "needs network.method dopri5 or tsit5: midpoint has no error estimate"),
        ({"tolerance": -1.0, "method": "tsit5"}, "network.tolerance is 0 or more"),
        ({"gradient_checkpoints": -1}, "network.gradient_checkpoints is a number of states"),
        ({"activation": "relu"}, "no value of network.activation named 'relu'"),
        ({"grid": 0}, "network.grid"),
    ],
)
def test_settings_out_of_range_are_named(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        NeuralODE(**settings)  # type: ignore[arg-type]
