"""Kinds of elements: reference cells, nodes, shape functions, faces. Nodes are numbered as VTK numbers them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product

import numpy as np

from kinn.geometry.quadrature.reference_cells import LINE, Factor, Simplex
from kinn.geometry.types import Array, Indices

Powers = tuple[tuple[int, ...], ...]


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
    """

    name: str
    factors: tuple[Factor, ...]
    order: int
    nodes: Array
    powers: Powers
    faces: tuple[tuple[str, tuple[tuple[int, ...], ...]], ...] = ()

    @property
    def dim(self) -> int:
        """Number of reference coordinates."""
        return int(self.nodes.shape[1])

    @property
    def simplex(self) -> bool:
        """Whether the reference cell is a simplex."""
        return len(self.factors) == 1

    @cached_property
    def corners(self) -> int:
        """Number of corners, which come first."""
        return self.dim + 1 if self.simplex else int(2**self.dim)

    @cached_property
    def _coefficients(self) -> Array:
        """The monomials' coefficients in each shape function, (monomials, n)."""
        return np.asarray(np.linalg.inv(self._monomials(self.nodes)), dtype=np.float64)

    def _monomials(self, unit: Array, slope: int | None = None) -> Array:
        """Return the monomials, (m, monomials), or their derivatives along one axis."""
        values = np.ones((len(unit), len(self.powers)))
        for axis, x in enumerate(unit.T):
            one, zero = np.ones_like(x), np.zeros_like(x)
            # orders above 2 do not occur
            table = np.stack([zero, one, 2 * x] if axis == slope else [one, x, x * x], axis=1)
            values *= table[:, np.array(self.powers)[:, axis]]
        return values

    def shape_functions(self, unit: Array) -> Array:
        """Return the values of the shape functions, (m, n), at reference coordinates, (m, k)."""
        return np.asarray(self._monomials(unit) @ self._coefficients)

    def gradients(self, unit: Array) -> Array:
        """Return the derivatives of the shape functions, (m, n, k)."""
        return np.stack([self._monomials(unit, axis) @ self._coefficients for axis in range(self.dim)], axis=2)

    @cached_property
    def mirrored(self) -> Indices:
        """The nodes in the order in which the element is turned inside out: two reference coordinates swapped."""
        swapped = self.nodes.copy()
        swapped[:, [0, 1]] = swapped[:, [1, 0]]
        return np.asarray(np.argmin(np.linalg.norm(swapped[:, None] - self.nodes, axis=2), axis=1))

    @cached_property
    def straight(self) -> Array:
        """What makes all nodes of those of the corners where edges are straight, (n, corners)."""
        return LINEAR_TYPES[self.name].shape_functions(self.nodes)

    @property
    def degrees(self) -> tuple[int, ...]:
        """Degree of the Jacobian's determinant along each factor."""
        if self.simplex:
            return (self.dim * (self.order - 1),)
        return (self.dim * self.order - 1,) * self.dim


def _cube(corners: int, k: int) -> Array:
    """Return the corners of a line, square or cube, first counter-clockwise below, then above."""
    square = [(0, 0), (1, 0), (1, 1), (0, 1)]
    rows = [(0,), (1,)] if k == 1 else square if k == 2 else [(*xy, z) for z in (0, 1) for xy in square]
    return np.array(rows[:corners], dtype=np.float64)


def _with_middles(corners: Array, edges: tuple[tuple[int, int], ...], *more: tuple[float, ...]) -> Array:
    middles = [(corners[a] + corners[b]) / 2 for a, b in edges]
    return np.array([*corners, *middles, *more])


def _total(k: int, order: int) -> Powers:
    """Return the exponents of all monomials up to a degree."""
    return tuple(p for p in product(range(order + 1), repeat=k) if sum(p) <= order)


def _each(k: int, order: int) -> Powers:
    """Return the exponents of all monomials up to a degree in each variable."""
    return tuple(product(range(order + 1), repeat=k))


def _serendipity(k: int) -> Powers:
    """Return the exponents of quadratic elements without nodes inside faces: variables to the first power do not count.

    Source: D. N. Arnold and G. Awanou, "The serendipity family of finite elements", Foundations of Computational
    Mathematics 11 (2011).
    """
    return tuple(p for p in _each(k, 2) if sum(power for power in p if power > 1) <= 2)


_TRIANGLE, _TETRA = np.vstack([np.zeros(2), np.eye(2)]), np.vstack([np.zeros(3), np.eye(3)])
_TRIANGLE_EDGES = ((0, 1), (1, 2), (2, 0))
_SQUARE_EDGES = ((0, 1), (1, 2), (2, 3), (3, 0))
_TETRA_EDGES = (*_TRIANGLE_EDGES, (0, 3), (1, 3), (2, 3))
_CUBE_EDGES = (*_SQUARE_EDGES, (4, 5), (5, 6), (6, 7), (7, 4), (0, 4), (1, 5), (2, 6), (3, 7))
_TETRA_FACES = ((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2))
_CUBE_FACES = ((0, 4, 7, 3), (1, 2, 6, 5), (0, 1, 5, 4), (3, 7, 6, 2), (0, 3, 2, 1), (4, 5, 6, 7))
_MIDDLES_OF_FACES = ((0, 0.5, 0.5), (1, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 1, 0.5), (0.5, 0.5, 0), (0.5, 0.5, 1))


def _quadratic(
    faces: tuple[tuple[int, ...], ...], edges: tuple[tuple[int, int], ...], corners: int, inner: int
) -> tuple[tuple[int, ...], ...]:
    """Return faces with the middle nodes of their edges, and their own, which begin at `inner`, where that is not 0."""
    number = {frozenset(edge): corners + k for k, edge in enumerate(edges)}
    found = []
    for k, face in enumerate(faces):
        around = (*pairwise(face), (face[-1], face[0])) if len(face) > 2 else (face,)
        middles = tuple(number[frozenset(edge)] for edge in around)
        found.append((*face, *middles, *((inner + k,) if inner else ())))
    return tuple(found)


def _kinds() -> list[ElementType]:
    line, triangle, tetra = (LINE,), (Simplex(2),), (Simplex(3),)
    segment, square, cube = _cube(2, 1), _cube(4, 2), _cube(8, 3)
    return [
        ElementType("line", line, 1, segment, _each(1, 1)),
        ElementType("line3", line, 2, _with_middles(segment, ((0, 1),)), _each(1, 2)),
        ElementType("triangle", triangle, 1, _TRIANGLE, _total(2, 1), (("line", _TRIANGLE_EDGES),)),
        ElementType(
            "triangle6",
            triangle,
            2,
            _with_middles(_TRIANGLE, _TRIANGLE_EDGES),
            _total(2, 2),
            (("line3", _quadratic(_TRIANGLE_EDGES, _TRIANGLE_EDGES, 3, 0)),),
        ),
        ElementType("quad", line * 2, 1, square, _each(2, 1), (("line", _SQUARE_EDGES),)),
        *(
            ElementType(
                name,
                line * 2,
                2,
                _with_middles(square, _SQUARE_EDGES, *more),
                powers,
                (("line3", _quadratic(_SQUARE_EDGES, _SQUARE_EDGES, 4, 0)),),
            )
            for name, more, powers in (("quad8", (), _serendipity(2)), ("quad9", ((0.5, 0.5),), _each(2, 2)))
        ),
        ElementType("tetra", tetra, 1, _TETRA, _total(3, 1), (("triangle", _TETRA_FACES),)),
        ElementType(
            "tetra10",
            tetra,
            2,
            _with_middles(_TETRA, _TETRA_EDGES),
            _total(3, 2),
            (("triangle6", _quadratic(_TETRA_FACES, _TETRA_EDGES, 4, 0)),),
        ),
        ElementType("hexahedron", line * 3, 1, cube, _each(3, 1), (("quad", _CUBE_FACES),)),
        ElementType(
            "hexahedron20",
            line * 3,
            2,
            _with_middles(cube, _CUBE_EDGES),
            _serendipity(3),
            (("quad8", _quadratic(_CUBE_FACES, _CUBE_EDGES, 8, 0)),),
        ),
        ElementType(
            "hexahedron27",
            line * 3,
            2,
            _with_middles(cube, _CUBE_EDGES, *_MIDDLES_OF_FACES, (0.5, 0.5, 0.5)),
            _each(3, 2),
            (("quad9", _quadratic(_CUBE_FACES, _CUBE_EDGES, 8, 20)),),
        ),
    ]


#: The kinds of elements that meshes may consist of.
ELEMENT_TYPES = {kind.name: kind for kind in _kinds()}

#: For each kind the one with the same reference cell and straight edges.
LINEAR_TYPES = {
    kind.name: next(other for other in ELEMENT_TYPES.values() if other.order == 1 and other.factors == kind.factors)
    for kind in ELEMENT_TYPES.values()
}
