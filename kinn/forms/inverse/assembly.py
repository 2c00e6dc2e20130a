"""The matrix of the boundary integral equations: the layers of every subdomain, and what its traces make of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kinn.boundary_integrals.operators import layer_matrices
from kinn.geometry.pieces.base import Array

if TYPE_CHECKING:
    from kinn.forms.inverse.discretisation import Discretisation


def assembled(made: Discretisation) -> tuple[Array, Array]:
    """Return A and b of the weighted equations of all subdomains."""
    setting, c = made.setting, made.setting.components
    blocks, rights = [], []
    for name in setting.problem.subdomains:
        panels = made.of(name)
        count = panels.nodes
        single, double = layer_matrices(setting.kernel(name), panels, exterior=setting.exterior)
        u0, t0 = made.boundary(name, np.zeros(made.size))
        right = np.tensordot(single, t0) - np.tensordot(double, u0)
        block = np.zeros((count, c, made.size))
        start = 0
        for side in setting.outline.sides(name):
            traces = made.traces[side.edge][int(side.opposite)]
            own = slice(start, start + len(traces.values))
            start = own.stop
            columns = made.columns[side.edge]
            for slopes, layer, sign in ((traces.value_slopes, double, 1.0), (traces.density_slopes, single, -1.0)):
                if slopes.any():
                    part = np.einsum("kanb,nbm->kanm", layer[:, :, own], slopes, optimize=True)
                    block[:, :, columns] += sign * part.reshape(count, c, -1)
        scale = row_weights(made, name)[:, None, None]
        blocks.append((scale * block).reshape(-1, made.size))
        rights.append((scale[..., 0] * right).ravel())
    return np.concatenate(blocks), np.concatenate(rights)


def row_weights(made: Discretisation, subdomain: str) -> Array:
    """Return the factors (N,) of the equations at the nodes, such that their squares add up to a mean over the boundary."""
    panels = made.of(subdomain)
    measures = panels.measures[panels.track].repeat(panels.each)
    shares = panels.weights.ravel() * measures / panels.measure / len(made.setting.problem.subdomains)
    return np.asarray(np.sqrt(shares) / made.scale)
