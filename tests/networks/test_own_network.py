"""A network of a user's script: one class with `name` and `layers`, in the contract and in a solve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch

import kinn
from kinn.jets import IndexSet, univariate
from kinn.networks import Architecture, Tape
from kinn.networks.layers.layer import Layer
from kinn.networks.layers.linear import Activation, Linear, glorot
from tests.networks.contract import NetworkContract


class Doubling(Layer):
    """x -> 2 x, a layer without parameters."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x

    def jet(self, stack: torch.Tensor, index: IndexSet, tape: Tape | None = None) -> torch.Tensor:
        return 2 * stack


@dataclass(frozen=True)
class SineNetwork(Architecture):
    """One hidden layer of sines."""

    name: ClassVar[str] = "sine"

    width: int = 6

    def layers(self, inputs: int, outputs: int, generator: torch.Generator) -> list[Layer]:
        bias = torch.linspace(0.0, 1.0, self.width, dtype=torch.float64)
        return [
            Doubling(),
            Linear(glorot(inputs, self.width, generator), bias),
            Activation(univariate.sin),
            Linear(glorot(self.width, outputs, generator), None),
        ]


class TestSineNetwork(NetworkContract):
    architecture = SineNetwork()


def test_a_network_of_a_script_solves_without_registration() -> None:
    problem = kinn.Problem(
        "slab",
        kinn.Interval(0, 1),
        strong=lambda u, p: u.xx + 1.0,
        conditions=[kinn.Dirichlet("u", 0.0, on=side) for side in ("left", "right")],
        exact=lambda x: x * (1 - x) / 2,
    )
    solution = kinn.solve(problem, SineNetwork(8), points=50, iterations=30)
    assert solution.errors["u"].l2 < 1e-4


def test_its_size_is_counted_and_cannot_be_matched() -> None:
    assert SineNetwork(6).parameter_count(2, 1) == 2 * 6 + 6 + 6
    with pytest.raises(kinn.InputError, match="network 'sine' has no method `resized`"):
        kinn.match_parameters(SineNetwork(6), 100, 2, 1)
