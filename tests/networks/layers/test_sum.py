"""Sums of frozen and trained layers: derivatives, Jacobian, what is trained, and their state."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from kinn import KAN, MLP
from kinn.jets import IndexSet
from kinn.networks import Network, Tape
from kinn.networks.corrected import Corrected, CorrectionFeatures
from kinn.networks.layers.sum import Sum

SECOND = IndexSet.full(2, 2)


def sum_of(base: MLP | KAN, *, composed: bool) -> Network:
    """A network with a correction that is not zero."""
    features = CorrectionFeatures(waves=9, frequency=2.0, fields=2 if composed else 0)
    network = Corrected(base, features, composed=composed).build(2, 2, ([0.0, -1.0], [2.0, 1.0]), seed=1)
    (layer,) = (part for part in network.layers if isinstance(part, Sum))
    frozen = nn.ModuleList(layer.frozen)
    layer.load_frozen(list(frozen), 2 * torch.rand(50, 2, dtype=torch.float64) - 1)
    with torch.no_grad():
        for parameter in network.last_layer:
            parameter.copy_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(3)))
    return network


@pytest.fixture(params=[False, True], ids=["plain", "composed"])
def network(request: pytest.FixtureRequest) -> Network:
    return sum_of(MLP((6,)), composed=request.param)


def points(count: int = 11) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(count, 2, generator=generator, dtype=torch.float64) * 2 - torch.tensor([0.0, 1.0])


def test_derivatives_are_those_of_autograd(network: Network) -> None:
    x = points().requires_grad_()
    stack = network.jet(x.detach(), SECOND)
    torch.testing.assert_close(stack[0], network(x))
    for c in range(2):
        (first,) = torch.autograd.grad(network(x)[:, c].sum(), x, create_graph=True)
        for i, a in enumerate([(1, 0), (0, 1)]):
            torch.testing.assert_close(stack[SECOND.position[a], :, c], first[:, i])
            (second,) = torch.autograd.grad(first[:, i].sum(), x, retain_graph=True)
            torch.testing.assert_close(stack[SECOND.position[2 * a[0], 2 * a[1]], :, c], second[:, i])


def test_the_jacobian_is_that_of_autograd(network: Network) -> None:
    x, trained = points(), [p for p in network.parameters() if p.requires_grad]
    columns = {p: torch.zeros(len(x), p.numel(), dtype=torch.float64) for p in trained}
    tape = Tape()
    residual = network.jet(x, SECOND, tape)[:, :, 1].square().sum(dim=0)
    tape.add_jacobian(residual, columns)
    expected = network.jet(x, SECOND)[:, :, 1].square().sum(dim=0)
    for n in range(len(x)):
        gradients = torch.autograd.grad(expected[n], trained, retain_graph=True)
        for parameter, gradient in zip(trained, gradients, strict=True):
            torch.testing.assert_close(columns[parameter][n], gradient.flatten())


def test_the_correction_alone_is_trained_and_starts_at_zero() -> None:
    architecture = Corrected(KAN((4,)), MLP((5,)))
    network = architecture.build(2, 1, seed=4)
    base = KAN((4,)).build(2, 1, seed=4)
    torch.testing.assert_close(network(points()), base(points()), rtol=0, atol=0)
    assert sum(p.numel() for p in network.parameters() if p.requires_grad) == MLP((5,)).parameter_count(2, 1)
    assert [p.numel() for p in network.last_layer] == [5, 1]


def test_state_round_trip() -> None:
    network, other = sum_of(KAN((3,)), composed=True), sum_of(KAN((3,)), composed=True)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.mul_(2.0)
    other.load_state_dict(network.state_dict())
    torch.testing.assert_close(other(points()), network(points()), rtol=0, atol=0)
