"""A whole network on the kernels: layers hand jets on, and cotangents back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from kinn import KAN
from kinn.jets import IndexSet
from kinn.jets.index import trace
from tests.ops.gpu.shim_device import ShimDevice
from tests.ops.layers import close


def test_a_residual_and_its_gradient(shim: Callable[..., ShimDevice], monkeypatch: pytest.MonkeyPatch) -> None:
    device = shim()
    index = IndexSet.closure(2, [trace(2, (0, 1))])
    network = KAN(width=(5, 4), grid=6, degree=5).build(2, 1, seed=1, dtype=torch.float64)
    x = torch.rand(40, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1

    def loss_and_gradient() -> tuple[torch.Tensor, torch.Tensor]:
        loss = network.jet(x, index)[index.position[trace(2, (0, 1))]].square().mean()
        return loss, torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(network.parameters()))])

    found = loss_and_gradient()
    counts = [launch.kernel for launch in device.launches]
    assert [counts.count(kernel) for kernel in ("kinn_forward", "kinn_input_grad", "kinn_weight_parts")] == [3, 2, 3]
    monkeypatch.setenv("KINN_BACKEND", "torch")
    expected = loss_and_gradient()
    assert len(device.launches) == len(counts)
    close(found[0], expected[0], 1e-11)
    close(found[1], expected[1], 1e-10)
