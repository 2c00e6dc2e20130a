from __future__ import annotations

import pytest
import torch

from kinn import InputError
from kinn.jets import IndexSet
from kinn.networks import ResNet
from kinn.networks.layers.layer import values
from kinn.networks.layers.linear import Linear
from kinn.networks.layers.residual import GATES, HIGHWAY_BIAS, EncodedResidual, Residual
from tests.networks.contract import NetworkContract


class TestIdentity(NetworkContract):
    architecture = ResNet(width=6, depth=3)


class TestReZero(NetworkContract):
    architecture = ResNet(width=5, depth=2, gate="rezero", activation="swish")


class TestHighway(NetworkContract):
    architecture = ResNet(width=4, depth=2, gate="highway", layers_per_block=1)


class TestModifiedMLP(NetworkContract):
    architecture = ResNet(width=5, depth=3, gate="replace", encoders=True, layers_per_block=1)


class TestPirateNet(NetworkContract):
    architecture = ResNet(width=4, depth=2, gate="adaptive", encoders=True, activation="sin")


class TestHyperConnections(NetworkContract):
    architecture = ResNet(width=4, depth=3, streams=2, layers_per_block=1)


class TestResidualKAN(NetworkContract):
    architecture = ResNet(width=4, depth=2, branch="kan", layers_per_block=1, grid=5)


class TestGatedResidualKAN(NetworkContract):
    architecture = ResNet(width=3, depth=2, branch="kan", gate="rezero", grid=4, degree=6)


class TestEncodedResidualKAN(NetworkContract):
    architecture = ResNet(width=3, depth=2, branch="kan", gate="highway", encoders=True, layers_per_block=1, degree=6)


class TestStreamsOfKANs(NetworkContract):
    architecture = ResNet(width=3, depth=2, branch="kan", streams=3, layers_per_block=1, grid=4, degree=6)


@pytest.mark.parametrize("gate", ["rezero", "adaptive"])
def test_a_gated_block_starts_as_the_identity(gate: str) -> None:
    network = ResNet(width=5, depth=9, gate=gate).build(2, 1, seed=4)
    blocks = [layer for layer in network.layers if isinstance(layer, Residual)]
    x = torch.randn(3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert len(blocks) == 9
    for block in blocks:
        assert torch.equal(block(x), x)


@pytest.mark.parametrize("gate", [0.3, -1.2])
def test_what_gates_do(gate: float) -> None:
    """Against the formulas of the papers, with the gates set by hand."""
    x = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    branch = Linear(torch.eye(3, dtype=torch.float64) * 2.0, torch.ones(3, dtype=torch.float64))
    f = 2.0 * x + 1.0
    blocks = {kind: Residual([branch], kind, 3) for kind in GATES}
    with torch.no_grad():
        for kind in ("rezero", "adaptive"):
            trained = blocks[kind].gate
            assert trained is not None
            trained.fill_(gate)
        carried = blocks["highway"].transform[0].weight
        assert isinstance(carried, torch.Tensor)
        carried.fill_(gate)
    t = torch.sigmoid(gate * x.sum(dim=1, keepdim=True) + HIGHWAY_BIAS)
    expected = {
        "none": x + f,
        "rezero": x + gate * f,
        "adaptive": gate * f + (1 - gate) * x,
        "highway": t * f + (1 - t) * x,
        "replace": f,
    }
    for kind, block in blocks.items():
        torch.testing.assert_close(block(x), expected[kind], msg=kind)


def test_hyper_connections_start_as_a_residual_network() -> None:
    """One stream is read at a time and all are written to alike, so that each holds the sum of all branches."""
    several = ResNet(width=5, depth=4, streams=3, layers_per_block=1).build(2, 1, seed=7)
    one = ResNet(width=5, depth=4, layers_per_block=1).build(2, 1, seed=7)
    x = torch.rand(9, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(several(x), one(x))


def test_encoders_are_what_layers_mix() -> None:
    """With layers that give 1 the modified MLP hands U on, with layers that give 0 it hands V on."""
    network = ResNet(width=4, depth=3, gate="replace", encoders=True, layers_per_block=1).build(2, 1, seed=0)
    body = network.layers[1]
    assert isinstance(body, EncodedResidual)
    x = torch.rand(5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for value, encoder in ((40.0, body.first), (0.0, body.second)):
        with torch.no_grad():
            for block in body.blocks:
                linear = block.branch[0]  # type: ignore[index,union-attr]
                linear.weight.zero_()  # type: ignore[union-attr]
                linear.bias.fill_(value)  # type: ignore[union-attr]
        torch.testing.assert_close(body(x), values(encoder, x))


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
        ({"layers_per_block": 0}, "network.layers_per_block is a whole number of at least 1, not 0"),
        ({"streams": 0}, "network.streams is a whole number of at least 1, not 0"),
        ({"gate": "highways"}, "did you mean 'highway'"),
        ({"encoders": True}, "network.encoders needs network.gate"),
        ({"streams": 2, "gate": "rezero"}, "take neither a gate nor encoders"),
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
