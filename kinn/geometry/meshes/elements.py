"""Kinds of elements: reference cells, nodes, shape functions, faces. Nodes are numbered as VTK numbers them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise, product

import numpy as np

from kinn.geometry.quadrature.reference_cells import LINE, Factor, Simplex
from kinn.geometry.types import Array, Indices

Rows = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False)
class ElementType:
    """A kind of element.

    Attributes:
        name: What meshio calls it.
        factors: What its reference cell is the product of.
        order: Degree of its shape functions.
        nodes: Reference coordinates of its nodes, (n, k).
        powers: Exponents of the monomials that its shape functions consist of.
        faces: For each kind of face the nodes of such faces, each counter-clockwise seen from outside.
        linear_name: The type with the same corners and straight edges, where it is another.
        collapsed: Whether it is a cube whose upper face is one point: a pyramid.
    """

    name: str
    factors: tuple[Factor, ...]
    order: int
    nodes: Array
    powers: Rows
    faces: tuple[tuple[str, Rows], ...] = ()
    linear_name: str = ""
    collapsed: bool = False

    @property
    def dim(self) -> int:
        """Number of reference coordinates."""
        return int(self.nodes.shape[1])

    @property
    def simplex(self) -> bool:
        """Whether the reference cell is a simplex."""
        return len(self.factors) == 1

    @property
    def affine(self) -> bool:
        """Whether elements are affine images of the reference cell, their density constant."""
        return self.simplex and self.order == 1

    @cached_property
    def volume(self) -> float:
        """Volume of the reference cell."""
        return float(np.prod([1 / math.factorial(factor.dim) for factor in self.factors]))

    @cached_property
    def corners(self) -> int:
        """Number of corners, which come first."""
        return 5 if self.collapsed else math.prod(factor.dim + 1 for factor in self.factors)

    @cached_property
    def _coefficients(self) -> Array:
        """The monomials' coefficients in each shape function, (monomials, n)."""
        if self.collapsed:  # the four upper corners of the cube are the apex
            cube = np.array([(*xy, z) for z in (0.0, 1.0) for xy in _SQUARE], dtype=np.float64)
            coefficients = np.linalg.inv(self._monomials(cube))
            return np.column_stack([coefficients[:, :4], coefficients[:, 4:].sum(axis=1)])
        return np.asarray(np.linalg.inv(self._monomials(self.nodes)), dtype=np.float64)

    def _monomials(self, unit: Array, slope: int | None = None) -> Array:
        """Monomials, (m, monomials), or their derivatives along one axis."""
        values = np.ones((len(unit), len(self.powers)))
        for axis, x in enumerate(unit.T):
            one, zero = np.ones_like(x), np.zeros_like(x)
            # orders above 2 do not occur
            table = np.stack([zero, one, 2 * x] if axis == slope else [one, x, x * x], axis=1)
            values *= table[:, np.array(self.powers)[:, axis]]
        return values

    def shape_functions(self, unit: Array) -> Array:
        """Values of the shape functions, (m, n), at reference coordinates, (m, k)."""
        return np.asarray(self._monomials(unit) @ self._coefficients)

    def gradients(self, unit: Array) -> Array:
        """Derivatives of the shape functions, (m, n, k)."""
        return np.stack([self._monomials(unit, axis) @ self._coefficients for axis in range(self.dim)], axis=2)

    @cached_property
    def mirrored(self) -> Indices:
        """The nodes in the order in which the element is turned inside out: two reference coordinates swapped."""
        swapped = self.nodes[:, [1, 0, *range(2, self.dim)]]
        return np.asarray(np.argmin(np.linalg.norm(swapped[:, None] - self.nodes, axis=2), axis=1))

    @property
    def linear(self) -> ElementType:
        """The type with the same reference cell and straight edges."""
        return element_types()[self.linear_name or self.name]

    @cached_property
    def straight(self) -> Array:
        """Map from the corners to all nodes where edges are straight, (n, corners)."""
        return self.linear.shape_functions(self.nodes)

    @property
    def degrees(self) -> tuple[int, ...]:
        """Degree of the Jacobian's determinant along each factor."""
        if self.simplex:
            return (self.dim * (self.order - 1),)
        if len(self.factors) == 2 and self.dim == 3:  # a triangle times a line
            return (3 * self.order - 2, 3 * self.order - 1)
        return (self.dim * self.order - 1,) * self.dim


def _total(k: int, order: int) -> Rows:
    """Exponents of all monomials up to a degree."""
    return tuple(p for p in product(range(order + 1), repeat=k) if sum(p) <= order)


def _each(k: int, order: int) -> Rows:
    """Exponents of all monomials up to a degree in each variable."""
    return tuple(product(range(order + 1), repeat=k))


def _serendipity(k: int) -> Rows:
    """Exponents of quadratic elements without nodes inside faces: variables to the first power do not count.

    Source: D. N. Arnold and G. Awanou, "The serendipity family of finite elements", Foundations of Computational
    Mathematics 11 (2011).
    """
    return tuple(p for p in _each(k, 2) if sum(power for power in p if power > 1) <= 2)


def _wedge(order: int) -> Rows:
    """Exponents of a triangle times a line, quadratic ones without nodes inside faces."""
    powers = tuple((*p, q) for q in range(2) for p in _total(2, order))
    return powers if order == 1 else (*powers, *((*p, 2) for p in _total(2, 1)))


_SQUARE = ((0, 0), (1, 0), (1, 1), (0, 1))
_TRIANGLE_EDGES = ((0, 1), (1, 2), (2, 0))
_SQUARE_EDGES = ((0, 1), (1, 2), (2, 3), (3, 0))
_TETRA_EDGES = (*_TRIANGLE_EDGES, (0, 3), (1, 3), (2, 3))
_CUBE_EDGES = (*_SQUARE_EDGES, (4, 5), (5, 6), (6, 7), (7, 4), (0, 4), (1, 5), (2, 6), (3, 7))
_TETRA_FACES = ((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2))
_CUBE_FACES = ((0, 4, 7, 3), (1, 2, 6, 5), (0, 1, 5, 4), (3, 7, 6, 2), (0, 3, 2, 1), (4, 5, 6, 7))
_WEDGE_EDGES = (*_TRIANGLE_EDGES, (3, 4), (4, 5), (5, 3), (0, 3), (1, 4), (2, 5))
_WEDGE_FACES = (("triangle", ((0, 2, 1), (3, 4, 5))), ("quad", ((0, 1, 4, 3), (1, 2, 5, 4), (2, 0, 3, 5))))
_PYRAMID_FACES = (("quad", ((0, 3, 2, 1),)), ("triangle", ((0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4))))
_QUADRATIC_FACES = {"line": "line3", "triangle": "triangle6"}
_MIDDLES_OF_FACES = ((0, 0.5, 0.5), (1, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 1, 0.5), (0.5, 0.5, 0), (0.5, 0.5, 1))


def _quadratic(
    name: str,
    linear: ElementType,
    edges: tuple[tuple[int, int], ...],
    powers: Rows,
    inner: tuple[tuple[float, ...], ...] = (),
) -> ElementType:
    """Quadratic type: a node in the middle of each edge, then `inner` ones, in space first those inside the faces."""
    number = {frozenset(edge): linear.corners + k for k, edge in enumerate(edges)}
    faces = []
    for face_kind, corners in linear.faces:
        rows = []
        for k, face in enumerate(corners):
            around = (*pairwise(face), (face[-1], face[0])) if len(face) > 2 else (face,)
            middle = (linear.corners + len(edges) + k,) if inner and linear.dim == 3 else ()
            rows.append((*face, *(number[frozenset(edge)] for edge in around), *middle))
        quadratic = _QUADRATIC_FACES.get(face_kind, "quad9" if inner else "quad8")
        faces.append((quadratic, tuple(rows)))
    nodes = np.array([*linear.nodes, *linear.nodes[np.array(edges)].mean(axis=1), *inner])
    return ElementType(name, linear.factors, 2, nodes, powers, tuple(faces), linear.name)


@cache
def element_types() -> dict[str, ElementType]:
    """The types of elements that meshes may consist of, by name."""
    # of cubes and wedges corners count counter-clockwise below, then above
    square, cube = np.array(_SQUARE, dtype=float), np.array([(*xy, z) for z in (0.0, 1.0) for xy in _SQUARE])
    simplices = {k: np.vstack([np.zeros(k), np.eye(k)]) for k in (1, 2, 3)}
    line = ElementType("line", (LINE,), 1, simplices[1], _each(1, 1))
    triangle = ElementType("triangle", (Simplex(2),), 1, simplices[2], _total(2, 1), (("line", _TRIANGLE_EDGES),))
    quad = ElementType("quad", (LINE,) * 2, 1, square, _each(2, 1), (("line", _SQUARE_EDGES),))
    tetra = ElementType("tetra", (Simplex(3),), 1, simplices[3], _total(3, 1), (("triangle", _TETRA_FACES),))
    hexahedron = ElementType("hexahedron", (LINE,) * 3, 1, cube, _each(3, 1), (("quad", _CUBE_FACES),))
    prism = np.array([(*xy, z) for z in (0.0, 1.0) for xy in simplices[2].tolist()])
    wedge = ElementType("wedge", (Simplex(2), LINE), 1, prism, _wedge(1), _WEDGE_FACES)
    apex = np.array([*cube[:4], (0.5, 0.5, 1.0)])
    pyramid = ElementType("pyramid", (LINE,) * 3, 1, apex, _each(3, 1), _PYRAMID_FACES, collapsed=True)
    middles = (*_MIDDLES_OF_FACES, (0.5, 0.5, 0.5))
    kinds = (
        line,
        _quadratic("line3", line, ((0, 1),), _each(1, 2)),
        triangle,
        _quadratic("triangle6", triangle, _TRIANGLE_EDGES, _total(2, 2)),
        quad,
        _quadratic("quad8", quad, _SQUARE_EDGES, _serendipity(2)),
        _quadratic("quad9", quad, _SQUARE_EDGES, _each(2, 2), ((0.5, 0.5),)),
        tetra,
        _quadratic("tetra10", tetra, _TETRA_EDGES, _total(3, 2)),
        hexahedron,
        _quadratic("hexahedron20", hexahedron, _CUBE_EDGES, _serendipity(3)),
        _quadratic("hexahedron27", hexahedron, _CUBE_EDGES, _each(3, 2), middles),
        wedge,
        _quadratic("wedge15", wedge, _WEDGE_EDGES, _wedge(2)),
        pyramid,
    )
    return {kind.name: kind for kind in kinds}
