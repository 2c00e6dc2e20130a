from __future__ import annotations

import pytest
import torch

from kinn import MLP, InputError
from tests.networks.contract import NetworkContract


class TestTanh(NetworkContract):
    architecture = MLP((7, 6))


class TestSineFeatures(NetworkContract):
    architecture = MLP((9,), activation="sin", init_range=2.0)


class TestFourier(NetworkContract):
    architecture = MLP((6,), activation="gelu", fourier=4, frequency=2.0)


class TestSteep(NetworkContract):
    architecture = MLP((7, 5), steepness=2.0)


class TestSwish(NetworkContract):
    architecture = MLP((5, 5), activation="swish")


def test_spread_fills_its_interval() -> None:
    network = MLP((400,), init_range=3.0).build(2, 1)
    weight = network.layers[1].weight
    assert isinstance(weight, torch.nn.Parameter)
    assert 2.9 < float(weight.detach().abs().max()) <= 3.0
    assert float(weight.detach().var()) == pytest.approx(3.0, rel=0.15)


def test_steep_activations_are_centred_all_over_the_box() -> None:
    layer = MLP((4000, 3), steepness=3.0).build(2, 1).layers[1]
    weight, bias = layer.weight.detach(), layer.bias.detach()
    assert float(weight.std()) == pytest.approx(3.0, rel=0.05)
    # b = -w . c with c uniform in [-1, 1]^2, whose covariance with w vanishes and whose variance is 1/3
    assert float(bias.var()) == pytest.approx(2 * 9.0 / 3, rel=0.1)
    assert bool((bias.abs() <= weight.abs().sum(dim=0)).all())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"activation": "tan"}, "did you mean 'tanh'"),
        ({"fourier": -1}, "network.fourier"),
        ({"frequency": 0.0}, "network.frequency"),
        ({"init_range": -1.0}, "network.init_range"),
        ({"steepness": -1.0}, "network.steepness"),
        ({"width": ("a",)}, "network.width"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        MLP(**settings)  # type: ignore[arg-type]


def test_bad_sizes() -> None:
    with pytest.raises(InputError, match="at least one input"):
        MLP().build(0, 1)
    with pytest.raises(InputError, match="float16"):
        MLP().build(1, 1, dtype=torch.float16)
