"""What every network must satisfy: a test class to inherit from."""

from __future__ import annotations

import pytest
import torch

from kinn.jets import IndexSet
from kinn.jets.index import trace
from kinn.networks import Architecture, Tape
from tests.oracle import nested


class NetworkContract:
    """Inherited by the tests of each architecture, which name it."""

    architecture: Architecture

    @pytest.mark.parametrize(("dimension", "order"), [(1, 4), (2, 2), (2, 3), (3, 2)])
    def test_jets_against_nested_autograd(self, dimension: int, order: int) -> None:
        bounds = ([0.0] * dimension, [2.0] * dimension)
        network = self.architecture.build(dimension, 2, bounds, seed=3)
        x = torch.linspace(0.05, 1.93, 6 * dimension, dtype=torch.float64).reshape(6, dimension)
        index = IndexSet.full(dimension, order)
        stack = network.jet(x, index)
        for channel in range(2):
            for a in index:

                def formula(*columns: torch.Tensor, channel: int = channel) -> torch.Tensor:
                    return network(torch.stack(columns, dim=1))[:, channel]

                expected = nested(formula, list(x.unbind(dim=1)), a)
                torch.testing.assert_close(
                    stack[index.position[a], :, channel].detach(), expected, rtol=1e-8, atol=1e-8 * 10 ** sum(a)
                )

    def test_jacobian_rows_are_the_gradients_of_each_residual(self) -> None:
        network = self.architecture.build(2, 2, seed=1)
        x = torch.rand(5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1
        index = IndexSet.full(2, 2)
        tape = Tape()
        u = network.jet(x, index, tape)
        residuals = [u[3, :, 0] * u[0, :, 1] + u[1, :, 1] ** 2, u[5, :, 1] - u[0, :, 0]]
        for number, residual in enumerate(residuals):
            blocks = {p: torch.zeros(5, p.numel(), dtype=torch.float64) for p in network.parameters()}
            tape.add_jacobian(residual, blocks, last=False)
            for n in range(5):
                rows = torch.autograd.grad(
                    residual[n], list(network.parameters()), retain_graph=True, allow_unused=True
                )
                for parameter, row in zip(network.parameters(), rows, strict=True):
                    expected = torch.zeros_like(parameter) if row is None else row
                    torch.testing.assert_close(blocks[parameter][n], expected.flatten(), msg=f"equation {number}")

    def test_gradients_against_nested_autograd(self) -> None:
        """The gradient of a loss of second order with respect to the parameters, by jets and by nested autograd."""
        network = self.architecture.build(2, 1, seed=2)
        x = torch.rand(7, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 2 - 1
        index = IndexSet.closure(2, [(2, 0), trace(2, (0, 1))])
        u = network.jet(x, index)[:, :, 0]
        second, laplacian = u[index.position[2, 0]], u[index.position[trace(2, (0, 1))]]
        loss = (u[0] * laplacian + second**2).sum()
        along = x.clone().requires_grad_()
        value = network(along)[:, 0]
        (slope,) = torch.autograd.grad(value.sum(), along, create_graph=True)
        bends = [torch.autograd.grad(slope[:, i].sum(), along, create_graph=True)[0][:, i] for i in range(2)]
        expected = (value * sum(bends) + bends[0] ** 2).sum()
        parameters = list(network.parameters())
        ours = torch.autograd.grad(loss, parameters, allow_unused=True)
        theirs = torch.autograd.grad(expected, parameters, allow_unused=True)
        for parameter, a, b in zip(parameters, ours, theirs, strict=True):
            none = torch.zeros_like(parameter)
            torch.testing.assert_close(none if a is None else a, none if b is None else b, rtol=1e-8, atol=1e-8)

    def test_points_do_not_see_each_other(self) -> None:
        network = self.architecture.build(2, 1, seed=0)
        x = torch.rand(8, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        index = IndexSet.full(2, 2)
        torch.testing.assert_close(network.jet(x, index)[:, 2:4], network.jet(x[2:4], index))

    def test_seed_and_state(self) -> None:
        first, again, other = (self.architecture.build(2, 1, seed=s) for s in (5, 5, 6))
        x = torch.rand(4, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        assert torch.equal(first(x), again(x))
        assert not torch.equal(first(x), other(x))
        other.load_state_dict(first.state_dict())
        assert torch.equal(first(x), other(x))

    def test_sizes(self) -> None:
        for inputs, outputs in ((1, 1), (3, 2)):
            network = self.architecture.build(inputs, outputs)
            assert network.parameter_count == self.architecture.parameter_count(inputs, outputs)
            assert network(torch.zeros(7, inputs, dtype=torch.float64)).shape == (7, outputs)

    def test_float32(self) -> None:
        index = IndexSet.full(2, 2)
        x = torch.rand(9, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        single = self.architecture.build(2, 1, seed=2, dtype=torch.float32).jet(x.float(), index)
        assert single.dtype == torch.float32
        double = self.architecture.build(2, 1, seed=2).jet(x, index)
        torch.testing.assert_close(single.double(), double, rtol=2e-3, atol=2e-3)

    def test_outputs_start_of_order_one(self) -> None:
        network = self.architecture.build(2, 1, seed=0)
        x = torch.rand(500, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1
        assert 1e-3 < float(network(x).detach().abs().max()) < 30


def check_fourth_order(architecture: Architecture, dimension: int, dtype: torch.dtype, tolerance: float) -> None:
    """Assert that jets up to order 4 agree with nested autograd in float64."""
    index = IndexSet.full(dimension, 4)
    generator = torch.Generator().manual_seed(0)
    x = 2 * torch.rand(4, dimension, dtype=torch.float64, generator=generator) - 1
    double = architecture.build(dimension, 1, seed=3)
    stack = architecture.build(dimension, 1, seed=3, dtype=dtype).jet(x.to(dtype), index).detach().double()
    for a in index:

        def formula(*columns: torch.Tensor) -> torch.Tensor:
            return double(torch.stack(columns, dim=1))[:, 0]

        expected = nested(formula, list(x.unbind(dim=1)), a)
        scale = max(1.0, float(expected.abs().max()))
        assert float((stack[index.position[a], :, 0] - expected).abs().max()) < tolerance * scale, a
