"""Growth of networks: a larger network that is the same function as a smaller one, and trains on from there.

Old parameters stay where they were. What is new reads old channels with the random parameters of a fresh network, and
nothing old reads it: its output starts at zero, but gradients reach the weights that would carry it further (Net2Net,
Chen et al. 2016, arXiv:1511.05641). Splines move to finer grids by knot insertion (Boehm 1980; de Boor, A Practical Guide to
Splines, 1978), see `SplineGrid.refinement_matrix`. `Architecture.larger` lists the sizes that a network can grow to.
"""

from __future__ import annotations

import torch

from kinn.errors import InputError
from kinn.networks.layers.layer import embed_chain
from kinn.networks.network import Network


@torch.no_grad()
def embed(smaller: Network, larger: Network) -> None:
    """Give a larger network, freshly built, the parameters with which it is the same function as a smaller one.

    Optimisers start afresh on the larger network: their states belong to parameters of another number and order.

    Args:
        smaller: The network that is copied.
        larger: A network of the same type with more channels, finer grids or more residual blocks.

    Raises:
        InputError: If the larger network cannot be the same function; its parameters are then of no use.
    """
    dtypes = [next(network.parameters()).dtype for network in (smaller, larger)]
    if dtypes[0] != dtypes[1]:
        raise InputError("networks of different precision, {} and {}, are not the same function".format(*dtypes))
    sizes = (smaller.inputs, smaller.outputs), (larger.inputs, larger.outputs)
    if sizes[0] != sizes[1]:
        raise InputError(
            "a network from {} coordinates to {} fields cannot become one from {} to {}".format(*sizes[0], *sizes[1])
        )
    embed_chain(smaller.layers, larger.layers, torch.arange(smaller.inputs))
