"""Topology of meshes: faces, neighbours, bodies; checks of nodes and elements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from kinn.errors import InputError, unknown
from kinn.geometry.meshes.blocks import Block
from kinn.geometry.meshes.elements import element_types
from kinn.geometry.types import Array, Indices, Mask

_WIDEST = 4  # corners of a face at most


def face_keys(corners: Indices) -> Indices:
    """Faces, given by their corners (F, c), as rows (F, 4) that do not depend on where they begin."""
    padded = np.full((len(corners), _WIDEST), -1, dtype=np.intp)
    padded[:, : corners.shape[1]] = np.sort(corners, axis=1)
    return padded


def row_indices(some: Indices, keys_all: Indices) -> Indices:
    """Where each row of `some` is among the different rows `keys_all`, -1 where it is not."""
    both, which = np.unique(np.concatenate([keys_all, some]), axis=0, return_inverse=True)
    place = np.full(len(both), -1, dtype=np.intp)
    place[which.reshape(-1)[: len(keys_all)]] = np.arange(len(keys_all))
    return np.asarray(place[which.reshape(-1)[len(keys_all) :]])


@dataclass(frozen=True, eq=False)
class ElementFaces:
    """Faces of elements, of one kind.

    Attributes:
        kind: The name of the kind.
        nodes: Indices of their nodes, (F, m), counter-clockwise seen from outside the element.
        owners: Their elements, (F,).
    """

    kind: str
    nodes: Indices
    owners: Indices

    @property
    def keys(self) -> Indices:
        """The faces by their corners."""
        return face_keys(self.nodes[:, : element_types()[self.kind].corners])


def split_rows(values: Mask, groups: Iterable[Indices]) -> list[Mask]:
    """Values of rows, which count on from group to group, cut into those of each group."""
    return np.split(values, np.cumsum([len(rows) for rows in groups])[:-1])


def components(pairs: Indices, count: int) -> Indices:
    """Numbers, (count,), of the connected components of a graph with the edges `pairs`, (E, 2)."""
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.intp)


@dataclass(frozen=True, eq=False)
class Topology:
    """Elements of each kind by the indices of their nodes, (E, n); they count on from kind to kind."""

    elements: Mapping[str, Indices]

    @property
    def dim(self) -> int:
        """Dimension of the elements."""
        return element_types()[next(iter(self.elements))].dim

    @property
    def count(self) -> int:
        """Number of elements."""
        return sum(map(len, self.elements.values()))

    @cached_property
    def faces(self) -> tuple[ElementFaces, ...]:
        """All faces of all elements, those inside twice."""
        found, first = [], 0
        for name, nodes in self.elements.items():
            owners = first + np.arange(len(nodes))
            first += len(nodes)
            for kind, table in element_types()[name].faces:
                rows = nodes[:, np.array(table)].reshape(-1, len(table[0]))
                found.append(ElementFaces(kind, rows, np.repeat(owners, len(table))))
        return tuple(found)

    @cached_property
    def _shared(self) -> tuple[Indices, Indices, Indices]:
        """The different faces, which of them each face is, and how many elements have each."""
        keys_all = np.concatenate([faces.keys for faces in self.faces])
        different, which, uses = np.unique(keys_all, axis=0, return_inverse=True, return_counts=True)
        return different, which.reshape(-1), uses

    @property
    def different(self) -> Indices:
        """Every face once, inner ones too, as keys."""
        return self._shared[0]

    def has_faces(self, groups: Iterable[Indices]) -> bool:
        """Whether any of some faces, arrays of corners (F, c), is one of an element."""
        return any(bool((row_indices(face_keys(rows), self.different) >= 0).any()) for rows in groups)

    def between(self, first: Mask, second: Mask) -> Indices:
        """Faces, as keys, with an element of each of two sets of elements that have none in common."""
        different, which, _ = self._shared
        owners = np.concatenate([faces.owners for faces in self.faces])
        sides = [np.bincount(which, some[owners], len(different)) > 0 for some in (first, second)]
        return np.asarray(different[sides[0] & sides[1]])

    @cached_property
    def boundary(self) -> tuple[ElementFaces, ...]:
        """The faces that belong to one element alone."""
        _, which, uses = self._shared
        alone = split_rows(uses[which] == 1, [faces.nodes for faces in self.faces])
        return tuple(
            ElementFaces(faces.kind, faces.nodes[outer], faces.owners[outer])
            for faces, outer in zip(self.faces, alone, strict=True)
            if outer.any()
        )

    @property
    def _folded(self) -> Indices:
        """Which of the different faces both of their elements go round in the same direction: they overlap."""
        _, which, uses = self._shared
        forward = np.concatenate([_forward(faces) for faces in self.faces])
        return np.flatnonzero((uses == 2) & (np.bincount(which, forward, len(uses)) != 1))

    @cached_property
    def bodies(self) -> int:
        """Number of bodies that share no face."""
        _, which, uses = self._shared
        owners = np.concatenate([faces.owners for faces in self.faces])
        order = np.argsort(which, kind="stable")
        pairs = owners[order][uses[which[order]] == 2].reshape(-1, 2)
        return 1 + int(np.max(components(pairs, self.count)))

    def check(self, points: Array, what: str) -> None:
        """Raise InputError if elements overlap, bodies lie on one another, or the boundary meets itself."""
        different, _, uses = self._shared
        if (many := np.flatnonzero(uses > 2)).size:
            corners = different[many[0]]
            raise InputError(
                f"{what} is no manifold: {uses[many[0]]} elements share the face near "
                f"{centroid_text(points[corners[corners >= 0]])}"
            )
        if (wrong := self._folded).size:
            corners = different[wrong[0]]
            raise InputError(
                f"{what} has inverted elements: at {len(wrong)} faces both neighbours lie on the same side, first near "
                f"{centroid_text(points[corners[corners >= 0]])}"
            )
        if self.bodies > 1:
            used = np.unique(np.concatenate([nodes.ravel() for nodes in self.elements.values()]))
            size = float(np.max(np.ptp(points[used], axis=0)))
            if doubled := len(used) - len(np.unique(np.round(points[used] / (1e-9 * size)), axis=0)):
                raise InputError(
                    f"{what} is disconnected: it consists of {self.bodies} bodies that share no face; {doubled} of its "
                    "nodes lie on other nodes: merge them in the mesher"
                )
        rims = np.concatenate([_rims(faces) for faces in self.boundary])
        ends, uses = np.unique(rims, axis=0, return_counts=True)
        if (wrong := np.flatnonzero(uses != 2)).size:
            raise InputError(
                f"{what} is no manifold: {uses[wrong[0]]} faces of its boundary meet near {centroid_text(points[ends[wrong[0]]])}"
            )


def _forward(faces: ElementFaces) -> Mask:
    """Whether each face is gone round from its least corner towards the lesser of the two beside it, (F,)."""
    corners = faces.nodes[:, : element_types()[faces.kind].corners]
    rows, least, count = np.arange(len(corners)), np.argmin(corners, axis=1), corners.shape[1]
    if count == 2:
        return np.asarray(least == 0)
    return np.asarray(corners[rows, (least + 1) % count] < corners[rows, (least - 1) % count])


def _rims(faces: ElementFaces) -> Indices:
    """Boundaries of faces: end points of lines, (R, 1), edges of others, (R, 2)."""
    corners = faces.nodes[:, : element_types()[faces.kind].corners]
    if corners.shape[1] == 2:
        return corners.reshape(-1, 1)
    return np.sort(np.stack([corners.ravel(), np.roll(corners, -1, axis=1).ravel()], axis=1), axis=1)


def centroid_text(points: Array) -> str:
    """Middle of points, (m, d), for an error."""
    return "(" + ", ".join(f"{value:.4g}" for value in points.mean(axis=0)) + ")"


_FLAT = 1e-12  # a determinant this small, relative to the size of the element, is zero; so is a height of the mesh


def validate_points(points: Any, what: str) -> Array:
    """The nodes as an array, (V, 2) or (V, 3)."""
    nodes = np.asarray(points, dtype=np.float64)
    if nodes.ndim != 2 or nodes.shape[1] not in (2, 3) or not len(nodes):
        raise InputError(f"{what} needs nodes (V, 2) or (V, 3), got shape {nodes.shape}")
    if not np.isfinite(nodes).all():
        raise InputError(f"{what} has nodes that are not finite, the first number {_first(~np.isfinite(nodes))}")
    return nodes


def validate_elements(elements: Mapping[str, Any], points: Array, what: str) -> dict[str, Indices]:
    """Elements as arrays of indices, (E, n), when they fit to one another and to the nodes."""
    dim = points.shape[1]
    found: dict[str, Indices] = {}
    fitting = [name for name, kind in element_types().items() if kind.dim == dim]
    for name, values in elements.items():
        nodes = np.asarray(values)
        if name not in element_types():
            raise unknown("kind of element", name, fitting, what)
        if nodes.size == 0:
            continue
        if element_types()[name].dim != dim:
            raise InputError(f"{what} in {dim} dimensions needs elements like {fitting[0]!r}, not {name!r}")
        wanted = len(element_types()[name].nodes)
        if nodes.ndim != 2 or nodes.shape[1] != wanted or not np.issubdtype(nodes.dtype, np.integer):
            raise InputError(f"{what} needs {wanted} node numbers for each {name}, got shape {nodes.shape}")
        if nodes.min() < 0 or nodes.max() >= len(points):
            raise InputError(f"{what} has {name} elements whose nodes do not exist: there are {len(points)}")
        found[name] = nodes.astype(np.intp)
    if not found:
        raise InputError(f"{what} has no elements")
    if len({element_types()[name].order for name in found}) > 1:
        orders = ", ".join(f"{name} of order {element_types()[name].order}" for name in found)
        raise InputError(f"{what} mixes elements of different orders: {orders}")
    return found


def orient(points: Array, elements: Mapping[str, Indices], what: str) -> dict[str, Indices]:
    """Elements, each turned inside out if need be; InputError where some are degenerate or folded."""
    probes = {name: Block(element_types()[name], points[nodes]).density_probes for name, nodes in elements.items()}
    for name, nodes in elements.items():
        size = np.max(np.ptp(points[nodes], axis=1), axis=1) ** points.shape[1]
        flat = np.max(np.abs(probes[name]), axis=1) <= _FLAT * size
        if flat.any():
            raise InputError(
                f"{what} has {np.count_nonzero(flat)} degenerate elements, with no size; the first: {name} "
                f"{_first(flat)} near {centroid_text(points[nodes[_first(flat)]])}"
            )
    found = {}
    for name, nodes in elements.items():
        inside_out = np.all(probes[name] < 0, axis=1)
        found[name] = np.where(inside_out[:, None], nodes[:, element_types()[name].mirrored], nodes)
        probes[name] = np.where(inside_out[:, None], -probes[name], probes[name])
    bad = {name: np.min(values, axis=1) <= 0 for name, values in probes.items()}
    if any(rows.any() for rows in bad.values()):
        name = next(name for name, rows in bad.items() if rows.any())
        first = _first(bad[name])
        total, count = sum(int(np.count_nonzero(rows)) for rows in bad.values()), sum(map(len, elements.values()))
        raise InputError(
            f"{what} has {total} inverted elements among {count}; the first: {name} {first} near "
            f"{centroid_text(points[elements[name][first]])}"
        )
    return found


def _first(rows: Any) -> int:
    return int(np.argmax(rows.reshape(len(rows), -1).any(axis=1)))
