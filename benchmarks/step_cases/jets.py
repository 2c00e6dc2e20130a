"""The step of KINN: the network on jets, one forward and one reverse pass, in blocks of points."""

from __future__ import annotations

import os

import torch
from torch import Tensor

from kinn.jets import IndexSet
from kinn.jets.index import trace
from kinn.networks import KAN, MLP, Architecture, Network, coordinate_stack
from kinn.ops.backends import VARIABLE
from step_cases.sizes import Case, Sizes, Step, case_of

#: Points at a time: the jets of a block stay in the caches, and memory does not grow with the number of points. Up to
#: this number a step is one block and pays nothing for it.
BLOCK = 8192

LAPLACIAN = trace(2, (0, 1))
INDEX = IndexSet.closure(2, [LAPLACIAN])


def residual(network: Network, coordinates: Tensor, source: Tensor) -> Tensor:
    """Return u_xx + u_yy - f (N,), given the stack of the coordinates."""
    return network.push(coordinates, INDEX)[INDEX.position[LAPLACIAN], :, 0] - source


def step_at(network: Network, x: Tensor, source: Tensor, block: int = BLOCK) -> Step:
    """Return the step at points x (N, 2) with source (N,): it returns the loss and its gradient (P,)."""
    parameters = list(network.parameters())
    # equal blocks: a small last one would cost more than its share
    count = -(-len(x) // block)
    stacks = [coordinate_stack(part, INDEX) for part in x.tensor_split(count)]  # built once, as in training
    blocks = list(zip(stacks, source.tensor_split(count), strict=True))

    def block_gradient(coordinates: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        loss = residual(network, coordinates, values).square().sum() / len(x)
        gradients = torch.autograd.grad(loss, parameters)
        return loss.detach(), torch.cat([g.flatten() for g in gradients])

    def step() -> tuple[Tensor, Tensor]:
        loss, gradient = block_gradient(*blocks[0])
        for part in blocks[1:]:
            block_loss, block_slope = block_gradient(*part)
            loss += block_loss
            gradient += block_slope
        return loss, gradient

    return step


def kan_architecture(sizes: Sizes) -> KAN:
    """Return the architecture of the KAN."""
    return KAN(width=sizes.width, grid=sizes.grid, degree=sizes.degree)


def build(sizes: Sizes, architecture: Architecture) -> Network:
    """Return the network on the device of the sizes."""
    return architecture.build(2, 1, seed=sizes.seed, dtype=sizes.precision).to(sizes.device)


def kan(sizes: Sizes) -> Case:
    """Return the case of the KAN, on the back end that KINN_BACKEND names."""
    network = build(sizes, kan_architecture(sizes))
    used = network.backend(INDEX)
    requested = os.environ.get(VARIABLE)
    if requested and used != requested:
        raise RuntimeError(f"the {requested} back end was to be measured, but {used} was used")
    return case_of(sizes, lambda x, f: step_at(network, x, f), network, backend=used)


def mlp(sizes: Sizes) -> Case:
    """Return the case of the MLP."""
    network = build(sizes, MLP(width=sizes.width))
    return case_of(sizes, lambda x, f: step_at(network, x, f), network)
