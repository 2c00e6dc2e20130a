"""DeepXDE's step: its network, its Hessians, its losses and its backward pass, on interior points alone."""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from torch import Tensor

from step_cases.sizes import Case, Sizes, Step, case_of

os.environ["DDE_BACKEND"] = "pytorch"

import deepxde as dde


def build(sizes: Sizes) -> Case:
    """Return the case."""
    dde.config.set_default_float(sizes.dtype)
    dde.config.set_random_seed(sizes.seed)
    network = dde.nn.FNN(list(sizes.layers), "tanh", "Glorot uniform")

    def step_at(x: Tensor, source: Tensor) -> Step:
        def equation(points: Tensor, u: Tensor) -> Tensor:
            laplacian = dde.grad.hessian(u, points, i=0, j=0) + dde.grad.hessian(u, points, i=1, j=1)
            return laplacian - source.unsqueeze(1)

        square = dde.geometry.Rectangle([-1, -1], [1, 1])
        data = dde.data.PDE(square, equation, [], num_domain=0, anchors=x.cpu().numpy())
        model = dde.Model(data, network)
        model.compile("adam", lr=1e-3, verbose=0)
        points = np.asarray(x.cpu().numpy())

        def step() -> Any:
            # the closure of DeepXDE's train_step, without the optimiser's update
            losses = model.outputs_losses_train(points, None, None)[1]
            loss = torch.sum(losses)
            model.opt.zero_grad()
            loss.backward()
            return loss.detach(), [p.grad for p in network.parameters()]

        return step

    return case_of(sizes, step_at, network, version=f"DeepXDE {version('DeepXDE')}")
