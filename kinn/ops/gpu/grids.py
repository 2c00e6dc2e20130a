"""What the host must know of a grid on a device, found once: asking the device means waiting for it."""

from __future__ import annotations

from collections.abc import MutableMapping

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from kinn.errors import InputError
from kinn.ops.grid import SplineGrid

#: By the edges of a grid: the version of the tensor that was looked at, and what was found.
_known: MutableMapping[Tensor, tuple[int, bool]] = WeakTensorKeyDictionary()


def is_even(grid: SplineGrid) -> bool:
    """Return whether the cells of a grid have one width.

    Raises:
        InputError: If the grid is new and a CUDA graph is being captured.
    """
    version = -1 if grid.edges.is_inference() else grid.edges._version
    known = _known.get(grid.edges)
    if known is not None and known[0] == version >= 0:
        return known[1]
    if grid.edges.is_cuda and torch.cuda.is_current_stream_capturing():
        raise InputError("spline_jet: a layer's grid is new; evaluate the layer once before capturing a CUDA graph")
    even = SplineGrid(grid.degree, grid.edges.cpu(), grid.matrices.cpu()).even
    _known[grid.edges] = version, even
    return even
