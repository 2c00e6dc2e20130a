"""Products of stacks, as gates need them: one signal of a network times another."""

from __future__ import annotations

import torch
from torch import Tensor

from kinn.jets import IndexSet, Jet
from kinn.jets.components import as_tensor


def product(left: Tensor, right: Tensor, index: IndexSet) -> Tensor:
    """Return the stack (A, N, C) of the product of two stacks, channel by channel, by Leibniz' rule."""
    factors = [Jet(index.dimension, lambda a, s=s: s[index.position[a]]) for s in (left, right)]  # type: ignore[misc]
    out = factors[0] * factors[1]
    return torch.stack([as_tensor(out[a]) for a in index])
