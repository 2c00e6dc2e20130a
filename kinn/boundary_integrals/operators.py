"""Nystrom discretisation of the single and double layer potentials: matrices between the nodes of panels.

Single layers act on densities per parameter, t ds/dt, which grading keeps smooth; double layers on values. At a node x
the double layer acts on u - u(x). For static kernels its value for a constant is known, so that no principal value
is left.
"""

from __future__ import annotations

import numpy as np

from kinn.boundary_integrals.boundary_panels import BoundaryPanels
from kinn.boundary_integrals.kernels import Kernel
from kinn.geometry.types import Array, Indices

#: Pairs of targets and nodes per block.
BLOCK = 400_000


def layer_matrices(kernel: Kernel, panels: BoundaryPanels, *, exterior: bool = False) -> tuple[Array, Array]:
    """Matrices (N, C, N, C) of the single layer S and of H, c u + the double layer of u, at the N nodes of a boundary.

    Every solution in its domain, or in the unbounded exterior, satisfies H u = S t, where t is the traction times ds/dt.
    """
    c, n, count, d = kernel.components, panels.nodes_per_panel, panels.nodes, panels.points.shape[2]
    targets, normals = panels.points.reshape(-1, d), panels.normals.reshape(-1, d)
    weights, speed = panels.weights.ravel(), panels.speed.ravel()
    single, double = np.empty((count, c, count, c)), np.empty((count, c, count, c))
    panel_of_node = np.arange(count) // n
    constants = np.zeros((count, c, c))  # the static double layer of constants, without the target's own panel
    step = max(1, BLOCK // count)
    for first in range(0, count, step):
        rows = np.arange(first, min(first + step, count))
        offset = targets - targets[rows, None]
        offset[np.arange(len(rows)), rows] = 1.0  # replaced below
        single[rows] = (kernel.single(offset) * weights[:, None, None]).transpose(0, 2, 1, 3)
        density = (weights * speed)[:, None, None]
        double[rows] = (kernel.double(offset, normals) * density).transpose(0, 2, 1, 3)
        static = kernel.static_part(offset, normals) * density
        static[panel_of_node == panel_of_node[rows, None]] = 0.0
        constants[rows] = static.sum(axis=1)
    target, panel = panels.near_pairs(targets)
    near_single, near_double, near_constants = near_integrals(kernel, panels, targets, target, panel)
    rows, columns = target[:, None], panel[:, None] * n + np.arange(n)
    single[rows, :, columns, :], double[rows, :, columns, :] = near_single, near_double
    others = panel_of_node[target] != panel
    far = panels.points[panel[others]] - targets[target[others], None]
    density = (panels.weights * panels.speed)[panel[others]][..., None, None]
    replaced = np.sum(kernel.static_part(far, panels.normals[panel[others]]) * density, axis=1)
    np.add.at(constants, target[others], near_constants[others] - replaced)
    at_infinity = np.eye(c) if exterior else np.zeros((c, c))
    diagonal = np.arange(count)
    double[diagonal, :, diagonal, :] += at_infinity - constants
    return single, double


def near_integrals(
    kernel: Kernel, panels: BoundaryPanels, targets: Array, target: Indices, panel: Indices
) -> tuple[Array, Array, Array]:
    """Layer potentials of panels (p,) at targets (p,) that are too close for the Gauss rule, of all nodes (N, d).

    Returns:
        The single layer, (p, n, C, C), the double layer, of u - u(x) on a target's own panel, and the static double
        layer of constants, (p, C, C).
    """
    c, n = kernel.components, panels.nodes_per_panel
    on_panel = target // n == panel
    single_moments, double_moments = (np.zeros((len(target), n, c, c)) for _ in range(2))
    constants = np.zeros((len(target), c, c))
    node = np.where(on_panel, target % n, -1)
    at_target = panels.basis_at_nodes[target % n] * on_panel[:, None]
    for part in panels.subdivide(targets, target, panel, node):
        lengths = (part.weights * part.speed)[..., None, None]
        single = kernel.single(part.offset) * part.weights[..., None, None]
        double = kernel.double(part.offset, part.normals) * lengths
        static = double if kernel.static else kernel.static_part(part.offset, part.normals) * lengths
        total = static.sum(axis=1)
        basis = part.basis.transpose(0, 2, 1)
        m, q = single.shape[:2]
        np.add.at(single_moments, part.pair, (basis @ single.reshape(m, q, -1)).reshape(m, n, c, c))
        if kernel.static:
            moments = part.shifted_basis.transpose(0, 2, 1) @ double.reshape(m, q, -1)
        else:
            moments = basis @ double.reshape(m, q, -1) - at_target[part.pair][:, :, None] * total.reshape(m, 1, -1)
        np.add.at(double_moments, part.pair, moments.reshape(m, n, c, c))
        np.add.at(constants, part.pair, total)
    single, double = (np.einsum("lj,plab->pjab", panels.to_coefficients, m) for m in (single_moments, double_moments))
    return single, double, constants
