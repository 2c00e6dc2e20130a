"""Solids and a harmonic function that surface integrals are compared with."""

from __future__ import annotations

import numpy as np

from kinn import Ball, Cuboid, Cylinder, Geometry, Mesh, TriangulatedSolid
from kinn.boundary_integrals.surfaces.surface_panelization import boundary_faces, make_surface_panels
from kinn.boundary_integrals.surfaces.surface_panels import SurfacePanels
from kinn.geometry.types import Array

_CORNERS = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1.2, 0], [0.1, 0.2, 0.9]])
_FACES = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
_BENT = np.concatenate(
    [_CORNERS, [(_CORNERS[a] + _CORNERS[b]) / 2 for a, b in ((0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3))]]
)
_BENT[5] += 0.1

SOLIDS: dict[str, Geometry] = {
    "ball": Ball((0.1, 0, 0), 1.0),
    "cuboid": Cuboid((-1, -1, 0), (1, 0.5, 1)),
    "cylinder": Cylinder((0, 0, 0), (1, 1, 1), 0.5),
    "shell": Cuboid((-1, -1, -1), (1, 1, 1)) - Ball((0.1, 0, 0), 0.5),
    "surface": TriangulatedSolid(_CORNERS, _FACES),
    "mesh": Mesh(_BENT, {"tetra10": np.arange(10)[None]}),
}


def panels_of(name: str, longest: float = 0.6, order: int = 8) -> SurfacePanels:
    geometry = SOLIDS[name]
    return make_surface_panels(boundary_faces(geometry), longest=longest * geometry.size, order=order)


def volume(panels: SurfacePanels) -> float:
    """The enclosed volume: the integral of x . n / 3."""
    density = np.sum((panels.points - panels.points.mean(axis=(0, 1))) * panels.normals, axis=2)
    return float(np.sum(panels.weights * panels.speed * density)) / 3


def harmonic(x: Array) -> tuple[Array, Array]:
    """1 / |x - a| with a outside, and a polynomial: values (N, 1) and gradients (N, 1, 3)."""
    d = x - np.array([2.5, 1.5, -1.0])
    r = np.linalg.norm(d, axis=1)
    value = 1 / r + x[:, 0] * x[:, 1] - x[:, 2]
    slopes = -d / r[:, None] ** 3 + np.stack([x[:, 1], x[:, 0], -np.ones(len(x))], axis=1)
    return value[:, None], slopes[:, None]


def data(panels: SurfacePanels) -> tuple[Array, Array]:
    """Values (N, 1) and densities (N, 1) of it on panels."""
    u, slopes = harmonic(panels.points.reshape(-1, 3))
    flux = np.einsum("nci,ni->nc", slopes, panels.normals.reshape(-1, 3))
    return u, flux * panels.speed.reshape(-1, 1)
