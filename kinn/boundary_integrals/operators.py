"""Layer potentials on panels: as matrices between the nodes, and evaluated anywhere.

Single layers act on densities per parameter, t ds/dt, which grading keeps smooth; double layers on values. At a node x
the double layer is that of u - u(x): for static kernels this is all, since what they make of a constant is known, and
no principal value is left to be taken.
"""

from __future__ import annotations

import numpy as np

from kinn.boundary_integrals.boundary_panels import BoundaryPanels, Numbers
from kinn.boundary_integrals.kernels import Kernel
from kinn.geometry.types import Array

#: Pairs of targets and nodes worked on at a time.
BLOCK = 400_000


def layer_matrices(kernel: Kernel, panels: BoundaryPanels, *, exterior: bool = False) -> tuple[Array, Array]:
    """Return the matrices of the single layer S and of H, c u + the double layer of u, at the nodes.

    Every solution satisfies H u = S t, where t is the traction times ds/dt.

    Args:
        kernel: The kernel.
        panels: All panels of the boundary.
        exterior: Whether the domain is the outside of the curves, all of the plane beyond.

    Returns:
        Two arrays (N, C, N, C), N nodes and C components.
    """
    c, each, count, d = kernel.components, panels.each, panels.nodes, panels.points.shape[2]
    targets, normals = panels.points.reshape(-1, d), panels.normals.reshape(-1, d)
    weights, rates = panels.weights.ravel(), panels.rates.ravel()
    single, double = np.empty((count, c, count, c)), np.empty((count, c, count, c))
    own = np.arange(count) // each
    rigid = np.zeros((count, c, c))  # what the static part of T makes of constants, its own panel left out
    step = max(1, BLOCK // count)
    for first in range(0, count, step):
        rows = np.arange(first, min(first + step, count))
        apart = targets - targets[rows, None]
        apart[np.arange(len(rows)), rows] = 1.0  # replaced below
        single[rows] = (kernel.single(apart) * weights[:, None, None]).transpose(0, 2, 1, 3)
        density = (weights * rates)[:, None, None]
        double[rows] = (kernel.double(apart, normals) * density).transpose(0, 2, 1, 3)
        still = kernel.frozen(apart, normals) * density
        still[(own == own[rows, None])] = 0.0
        rigid[rows] = still.sum(axis=1)
    which, panel = panels.near_pairs(targets)
    near_s, near_d, constant = near_integrals(kernel, panels, targets, which, panel)
    there, columns = which[:, None], panel[:, None] * each + np.arange(each)
    single[there, :, columns, :], double[there, :, columns, :] = near_s, near_d
    others = own[which] != panel
    far = panels.points[panel[others]] - targets[which[others], None]
    density = (panels.weights * panels.rates)[panel[others]][..., None, None]
    replaced = np.sum(kernel.frozen(far, panels.normals[panel[others]]) * density, axis=1)
    np.add.at(rigid, which[others], constant[others] - replaced)
    outside = np.eye(c) if exterior else np.zeros((c, c))
    at = np.arange(count)
    double[at, :, at, :] += outside - rigid
    return single, double


def near_integrals(
    kernel: Kernel, panels: BoundaryPanels, targets: Array, which: Numbers, panel: Numbers
) -> tuple[Array, Array, Array]:
    """Return the integrals over panels that are too close to targets, all nodes of the boundary, for their own rule.

    Args:
        kernel: The kernel.
        panels: The panels.
        targets: The nodes, (N, d).
        which: The number of each pair's target, (p,).
        panel: The number of each pair's panel, (p,).

    Returns:
        The single layer, (p, n, C, C), the double layer, of u - u(x) on a target's own panel, and what its static part
        makes of constants, (p, C, C).
    """
    c, each = kernel.components, panels.each
    self_ = which // each == panel
    moments_s, moments_d = (np.zeros((len(which), each, c, c)) for _ in range(2))
    constant = np.zeros((len(which), c, c))
    own = np.where(self_, which % each, -1)
    here = panels.at_nodes[which % each] * self_[:, None]
    for part in panels.parts(targets, which, panel, own):
        lengths = (part.weights * part.rates)[..., None, None]
        s = kernel.single(part.apart) * part.weights[..., None, None]
        d = kernel.double(part.apart, part.normals) * lengths
        still = d if kernel.static else kernel.frozen(part.apart, part.normals) * lengths
        turned = part.basis.transpose(0, 2, 1)
        m, n = s.shape[:2]
        np.add.at(moments_s, part.pair, (turned @ s.reshape(m, n, -1)).reshape(m, each, c, c))
        if kernel.static:
            rest = part.rest.transpose(0, 2, 1) @ d.reshape(m, n, -1)
        else:
            rest = turned @ d.reshape(m, n, -1) - here[part.pair][:, :, None] * still.sum(axis=1).reshape(m, 1, -1)
        np.add.at(moments_d, part.pair, rest.reshape(m, each, c, c))
        np.add.at(constant, part.pair, still.sum(axis=1))
    single, double = (np.einsum("lj,plab->pjab", panels.to_coefficients, m) for m in (moments_s, moments_d))
    return single, double, constant
