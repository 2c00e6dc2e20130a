"""Checks of the nodes and elements of a mesh: each raises one clear line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kinn.errors import InputError, unknown
from kinn.geometry.meshes.blocks import Block
from kinn.geometry.meshes.elements import KINDS
from kinn.geometry.meshes.topology import near
from kinn.geometry.quadrature.gauss import Array, Indices

_FLAT = 1e-12  # a determinant this small, relative to the size of the element, is zero; so is a height of the mesh


def checked_points(points: Any, what: str) -> Array:
    """Return the nodes, (V, d); of nodes in space with one height, (V, 2)."""
    nodes = np.asarray(points, dtype=np.float64)
    if nodes.ndim != 2 or nodes.shape[1] not in (2, 3) or not len(nodes):
        raise InputError(f"{what} needs nodes (V, 2) or (V, 3), got shape {nodes.shape}")
    if not np.isfinite(nodes).all():
        raise InputError(f"{what} has nodes that are not finite, the first number {_first(~np.isfinite(nodes))}")
    return nodes


def checked_elements(elements: Mapping[str, Any], points: Array, what: str) -> dict[str, Indices]:
    """Return the elements as arrays of indices, (E, n), when they fit to one another and to the nodes."""
    dim = points.shape[1]
    found: dict[str, Indices] = {}
    fitting = [name for name, kind in KINDS.items() if kind.dim == dim]
    for name, values in elements.items():
        nodes = np.asarray(values)
        if name not in KINDS:
            raise unknown("kind of element", name, fitting, what)
        if nodes.size == 0:
            continue
        if KINDS[name].dim != dim:
            raise InputError(f"{what} in {dim} dimensions needs elements like {fitting[0]!r}, not {name!r}")
        wanted = len(KINDS[name].nodes)
        if nodes.ndim != 2 or nodes.shape[1] != wanted or not np.issubdtype(nodes.dtype, np.integer):
            raise InputError(f"{what} needs {wanted} node numbers for each {name}, got shape {nodes.shape}")
        if nodes.min() < 0 or nodes.max() >= len(points):
            raise InputError(f"{what} has {name} elements whose nodes do not exist: there are {len(points)}")
        found[name] = nodes.astype(np.intp)
    if not found:
        raise InputError(f"{what} has no elements")
    if len({KINDS[name].order for name in found}) > 1:
        orders = ", ".join(f"{name} of order {KINDS[name].order}" for name in found)
        raise InputError(f"{what} mixes elements of different orders: {orders}")
    return found


def oriented(points: Array, elements: Mapping[str, Indices], what: str) -> dict[str, Indices]:
    """Return the elements with positive determinants: as they are, or all turned inside out.

    Raises:
        InputError: Some are degenerate, turned otherwise than the rest, or inverted in places.
    """
    made = dict(elements)
    probes = {name: Block(KINDS[name], points[nodes]).probes for name, nodes in elements.items()}
    for name, nodes in elements.items():
        size = np.max(np.ptp(points[nodes], axis=1), axis=1) ** points.shape[1]
        flat = np.max(np.abs(probes[name]), axis=1) <= _FLAT * size
        if flat.any():
            raise InputError(
                f"{what} has {np.count_nonzero(flat)} degenerate elements, with no size; the first: {name} "
                f"{_first(flat)} near {near(points[nodes[_first(flat)]])}"
            )
    if all(np.all(values < 0) for values in probes.values()):
        made = {name: nodes[:, KINDS[name].mirrored] for name, nodes in elements.items()}
        probes = {name: -values for name, values in probes.items()}
    bad = {name: np.min(values, axis=1) <= 0 for name, values in probes.items()}
    if any(rows.any() for rows in bad.values()):
        name = next(name for name, rows in bad.items() if rows.any())
        first = _first(bad[name])
        total, all_ = sum(int(np.count_nonzero(rows)) for rows in bad.values()), sum(map(len, made.values()))
        raise InputError(
            f"{what} has {total} inverted elements among {all_}; the first: {name} {first} near "
            f"{near(points[made[name][first]])}"
        )
    return made


def _first(rows: Any) -> int:
    return int(np.argmax(rows.reshape(len(rows), -1).any(axis=1)))
