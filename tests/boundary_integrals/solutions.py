"""Domains and solutions that boundary integrals are compared with."""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sin, tan

import numpy as np
from scipy.special import hankel1

from kinn import ArcPolygon, Disk, Ellipse, Geometry, Rectangle
from kinn.boundary_integrals.curve_panels import CurvePanels
from kinn.boundary_integrals.grading import GradedEdge
from kinn.boundary_integrals.kernels import ElasticityKernel, HelmholtzKernel, Kernel, LaplaceKernel
from kinn.boundary_integrals.loops import boundary_loops
from kinn.boundary_integrals.panelization import make_panels
from kinn.geometry.types import Array

#: Gives values (N, C) and gradients (N, C, 2) at points (N, 2).
Exact = Callable[[Array], tuple[Array, Array]]


def flower() -> ArcPolygon:
    radius, apothem = 1 / sin(pi / 5), 1 / tan(pi / 5)
    corners, tops = ((90 + 36 + 72 * np.arange(5)) * pi / 180, (90 + 72 * np.arange(1, 6)) * pi / 180)
    return ArcPolygon(
        [(radius * np.cos(a), radius * np.sin(a)) for a in corners],
        through=[((apothem + 1) * np.cos(a), (apothem + 1) * np.sin(a)) for a in tops],
    )


DOMAINS: dict[str, Geometry] = {
    "ellipse": Ellipse((0, 0), (1.0, 0.5)),
    "square": Rectangle((-1, -1), (1, 1)),
    "annulus": Disk((0, 0), 1.0) - Disk((0.1, 0), 0.5),
    "two-holes": Rectangle((-1, -1), (1, 1)) - Disk((-0.5, 0), 0.25) - Disk((0.4, 0.1), 0.3),
    "lens": Disk((0, 0), 1.0) & Disk((0.8, 0), 1.0),
    "notched": Rectangle((-1, -1), (1, 1)) - Disk((0, 1), 0.4),
    "flower": flower(),
}


def panels_of(
    geometry: Geometry, *, longest: float = 0.4, orders: int = 1, levels: int = 0, order: int = 16
) -> CurvePanels:
    edges = [
        GradedEdge(edge, *(((1, 1), (0, 0)) if edge.closed else ((orders, orders), (levels, levels))))
        for loop in boundary_loops(geometry)
        for edge in loop.edges
    ]
    return make_panels(edges, longest=longest * geometry.size, order=order)


def area(panels: CurvePanels) -> float:
    """The enclosed area: the integral of x . n / 2."""
    density = np.sum((panels.points - panels.centres.mean(axis=0)) * panels.normals, axis=2) * panels.speed
    return float(np.sum(panels.weights * density)) / 2


def near_points(geometry: Geometry, panels: CurvePanels, least: float = 1e-6, count: int = 200) -> Array:
    """Points inside at all distances from the boundary down to the least."""
    draw = np.random.default_rng(1)
    which = draw.integers(0, panels.nodes, count)
    distance = geometry.size * 10 ** draw.uniform(np.log10(least), -1, count)
    points = panels.points.reshape(-1, 2)[which] - distance[:, None] * panels.normals.reshape(-1, 2)[which]
    return points[geometry.contains(points)]


def harmonic(x: Array) -> tuple[Array, Array]:
    a, b = x.T
    value = np.sin(a) * np.sinh(b) + np.cos(a) * np.cosh(b)
    slopes = [np.cos(a) * np.sinh(b) - np.sin(a) * np.cosh(b), np.sin(a) * np.cosh(b) + np.cos(a) * np.sinh(b)]
    return value[:, None], np.stack(slopes, axis=1)[:, None]


def wave(source: tuple[float, float], k: float) -> Exact:
    def field(x: Array) -> tuple[Array, Array]:
        d = x - np.array(source)
        r = np.hypot(*d.T)
        z, dz = hankel1(0, k * r), -k * hankel1(1, k * r)[:, None] * d / r[:, None]
        return np.stack([z.real, z.imag], axis=1), np.stack([dz.real, dz.imag], axis=1)

    return field


def force(kernel: ElasticityKernel, source: tuple[float, float]) -> Exact:
    """The displacement of a point force outside."""
    strength = np.array([1.0, -0.4])

    def field(x: Array) -> tuple[Array, Array]:
        offset = np.array(source) - x
        return kernel.single(offset) @ strength, np.einsum("nabl,b->nal", kernel.single_gradient(offset), strength)

    return field


def traction(kernel: Kernel, gradient: Array, normals: Array, exact: Exact, points: Array) -> Array:
    """The traction (N, C) of a solution with this gradient (N, C, 2)."""
    if not isinstance(kernel, ElasticityKernel):
        return np.einsum("nci,ni->nc", gradient, normals)
    strain = (gradient + gradient.transpose(0, 2, 1)) / 2
    lame = 2 * kernel.shear * kernel.poisson / (1 - 2 * kernel.poisson)
    stress = 2 * kernel.shear * strain + lame * np.trace(strain, axis1=1, axis2=2)[:, None, None] * np.eye(2)
    return np.einsum("nij,nj->ni", stress, normals)


KELVIN = ElasticityKernel(1.7, 0.3, 5.0)
INTERIOR: dict[str, tuple[Kernel, Exact]] = {
    "laplace": (LaplaceKernel(5.0), harmonic),
    "helmholtz": (HelmholtzKernel(3.0), wave((4.0, 3.0), 3.0)),
    "kelvin": (KELVIN, force(KELVIN, (4.0, 3.0))),
}
