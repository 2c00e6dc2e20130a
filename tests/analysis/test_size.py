from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from kinn import KAN, KANODE, MLP, NeuralODE, PirateNet, ResNet
from kinn.analysis.size import network_size
from kinn.jets import IndexSet
from kinn.networks import Architecture

INDEX = IndexSet.full(2, 2)


@pytest.mark.parametrize(
    "network",
    [
        MLP((20, 30)),
        ResNet(width=12, depth=5),
        ResNet(width=12, depth=2, gate="highway"),
        PirateNet(width=8),
        NeuralODE(width=14, method="rk4", steps=3),
    ],
)
def test_operations_of_linear_layers_are_those_that_torch_counts(network: Architecture) -> None:
    built = network.build(2, 1)
    x = torch.zeros(10, 2, dtype=torch.float64)
    with FlopCounterMode(display=False) as counter:  # which counts products of matrices, and no biases or sums
        built.jet(x, INDEX)
    ours = network_size(network, 2, 1, INDEX)
    assert ours.jet == pytest.approx(counter.get_total_flops() / 10, rel=0.15)
    assert ours.jet > counter.get_total_flops() / 10
    assert ours.parameters == built.parameter_count
    assert ours.value == pytest.approx(ours.jet / len(INDEX), rel=0.15)
    assert ours.gradient == 3 * ours.jet


def test_operations_of_splines_grow_with_edges_and_not_with_the_grid() -> None:
    one, finer, wider = (network_size(KAN(width, grid), 2, 1, INDEX) for width, grid in ((8, 5), (8, 50), (16, 5)))
    assert finer.jet == one.jet
    assert wider.jet == 2 * one.jet
    assert finer.parameters > 4 * one.parameters
    # 24 edges, for each of three derivatives 6 splines and the base, and the products of 5 components to second order
    assert one.jet == 2 * 24 * (7 * 3 + 5 * 2)


def test_a_flow_costs_its_field_in_every_stage() -> None:
    def jet(steps: int) -> int:
        return network_size(KANODE(method="midpoint", steps=steps), 2, 1, INDEX).jet

    assert jet(6) - jet(4) == jet(4) - jet(2) > 0


def test_streams_cost_their_mixtures() -> None:
    single, triple = (network_size(ResNet(width=10, depth=2, streams=n), 2, 1, INDEX).jet for n in (1, 3))
    assert triple - single == 2 * 10 * 2 * len(INDEX) * (3 + 4 * 3)
