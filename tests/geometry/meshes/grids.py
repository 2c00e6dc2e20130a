"""Meshes of the unit square and cube with elements of every kind, mapped where asked, for tests."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations, product

import numpy as np

from kinn.geometry.meshes.elements import element_types

SOLID = [name for name, kind in element_types().items() if kind.dim > 1]
PLANE = [name for name in SOLID if element_types()[name].dim == 2]
SPACE = [name for name in SOLID if element_types()[name].dim == 3]


def grid(
    kind: str, n: int, mapping: Callable[[np.ndarray], np.ndarray] = lambda x: x
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Nodes, mapped, and elements of a grid of n cells each way."""
    element = element_types()[kind]
    d = element.dim
    cells = np.array(list(product(range(n), repeat=d)), dtype=float)
    if element.simplex:
        tiles = [
            np.vstack([np.zeros(d), np.cumsum(np.eye(d)[list(order)], axis=0)]) for order in permutations(range(d))
        ]
        tiles = [tile if np.linalg.det(tile[1:] - tile[0]) > 0 else tile[[1, 0, *range(2, d + 1)]] for tile in tiles]
        shares = np.column_stack([1 - element.nodes.sum(axis=1), element.nodes])
        local = [shares @ tile for tile in tiles]
    elif element.collapsed:  # six on the faces of each cube, their apex in its middle
        cube = element_types()["hexahedron"]
        corners = [cube.nodes[list(face)][::-1] for _, faces in cube.faces for face in faces]
        local = [np.vstack([face, np.full(3, 0.5)]) for face in corners]
    elif len(element.factors) < d:  # two wedges in each cube
        other = np.column_stack([1 - element.nodes[:, :2], element.nodes[:, 2]])
        local = [element.nodes, other]
    else:
        local = [element.nodes]
    every = np.concatenate([(cells[:, None] + nodes) / n for nodes in local])
    _, first, which = np.unique(np.round(every.reshape(-1, d), 9), axis=0, return_index=True, return_inverse=True)
    return mapping(every.reshape(-1, d)[first]), {kind: which.reshape(every.shape[:2])}


def faces_at(
    points: np.ndarray, elements: dict[str, np.ndarray], on: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray | list[np.ndarray]:
    """Corners of the faces all of whose nodes satisfy a condition; of triangles and quadrilaterals apart."""
    found = []
    for kind, nodes in elements.items():
        for face_kind, faces in element_types()[kind].faces:
            rows = nodes[:, np.array(faces)].reshape(-1, len(faces[0]))
            found.append(rows[on(points[rows].reshape(-1, points.shape[1])).reshape(rows.shape).all(axis=1)])
            found[-1] = found[-1][:, : element_types()[face_kind].corners]
    widths = sorted({faces.shape[1] for faces in found})
    stacked = [np.concatenate([faces for faces in found if faces.shape[1] == width]) for width in widths]
    return stacked[0] if len(stacked) == 1 else stacked


def ring(x: np.ndarray) -> np.ndarray:
    """The unit square, or cube, bent into a quarter of a ring between the radii 1 and 2, straight along z."""
    radius, angle = 1 + x[:, 0], np.pi / 2 * x[:, 1]
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle), x[:, 2:]])


def skew(x: np.ndarray) -> np.ndarray:
    """A linear map of determinant 2 or 3."""
    d = x.shape[1]
    return x @ (np.array([[2.0, 0.5], [0, 1]]) if d == 2 else np.array([[2, 0.5, 0], [0, 1, 0.3], [0, 0, 1.5]])) + 1
