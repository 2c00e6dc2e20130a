from __future__ import annotations

import pytest
import torch

from kinn import InputError
from kinn.jets import IndexSet
from kinn.networks import ResNet
from kinn.networks.residual import Residual
from tests.networks.contract import NetworkContract


class TestIdentity(NetworkContract):
    architecture = ResNet(width=6, depth=3)


class TestReZero(NetworkContract):
    architecture = ResNet(width=5, depth=2, gate=True, activation="swish")


class TestResidualKAN(NetworkContract):
    architecture = ResNet(width=4, depth=2, branch="kan", layers_per_block=1, grid=5)


class TestGatedResidualKAN(NetworkContract):
    architecture = ResNet(width=3, depth=2, branch="kan", gate=True, grid=4)


def test_a_gated_block_starts_as_the_identity() -> None:
    shallow, deep = (ResNet(width=5, depth=depth, gate=True).build(2, 1, seed=4) for depth in (1, 9))
    blocks = [layer for layer in deep.layers if isinstance(layer, Residual)]
    x = torch.randn(3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert len(blocks) == 9
    for block in blocks:
        assert torch.equal(block(x), x)
    assert len([layer for layer in shallow.layers if isinstance(layer, Residual)]) == 1


@pytest.mark.parametrize("branch", ["mlp", "kan"])
def test_depth_leaves_the_size_of_the_initial_output(branch: str) -> None:
    """The blocks' changes add up like independent numbers, each of variance 1/L of one block's."""
    x = torch.rand(256, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    index = IndexSet.full(2, 1)

    def size(depth: int) -> float:
        networks = [ResNet(width=16, depth=depth, branch=branch).build(2, 1, seed=s) for s in range(8)]
        return float(torch.stack([n.jet(x, index).square().mean().detach() for n in networks]).mean().sqrt())

    assert 0.4 < size(64) / size(4) < 2.5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 0}, "network.width is a whole number of at least 1, not 0"),
        ({"depth": -1}, "network.depth is a whole number of at least 1, not -1"),
        ({"depth": True}, "network.depth is a whole number of at least 1, not True"),
        ({"branch": "can"}, "did you mean 'kan'"),
        ({"activation": "tan"}, "did you mean 'tanh'"),
        ({"degree": 8}, "network.degree is 1 to 7, not 8"),
        ({"grid": 0}, "network.grid is 1 to 1000 intervals, not 0"),
        ({"init": "powr"}, "did you mean 'power'"),
    ],
)
def test_settings_out_of_range_are_named(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ResNet(**settings)  # type: ignore[arg-type]


def test_resizing_keeps_the_depth() -> None:
    wide = ResNet(width=10, depth=5).resized(1.5)
    assert (wide.width, wide.depth) == (15, 5)
