"""What boundary integrals ask of panels, of curves in the plane and of surfaces in space alike.

M panels of n nodes each; on each what is integrated is the polynomial through its nodes. Integrals are taken over a parameter,
t on curves, the share of a face's area on surfaces.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kinn.geometry.types import Array

Numbers = NDArray[np.intp]

#: Points nearer to the boundary than this, relative to its measure, are taken to lie on it.
ON = 1e-9


@dataclass(frozen=True)
class Subpanels:
    """Parts of panels with nodes of their own, each for one target.

    Attributes:
        pair: The number of the pair of target and panel, (m,).
        basis: The polynomials of the whole panel at the nodes, (m, q, n); (1, q, n) where all parts have the same nodes.
        rest: The same minus what they are at the target, where that is a node of the panel itself.
        weights: The weights of the nodes for integrals over the parameter, (m, q) or (1, q).
        apart: The node minus the target, (m, q, d).
        normals: The normals at the nodes, (m, q, d) or (1, q, d).
        rates: The measure by the parameter at the nodes, (m, q) or (1, q).
    """

    pair: Numbers
    basis: Array
    rest: Array
    weights: Array
    apart: Array
    normals: Array
    rates: Array


@dataclass(frozen=True)
class Closest:
    """The points of panels that are closest to targets.

    Attributes:
        target: The numbers of the targets, (k,), each once.
        panel: The numbers of the panels, (k,).
        basis: The polynomials of the panel there, (k, n).
        points: The points, (k, d).
        outwards: The directions out of the domain there, (k, d): at edges and corners between the normals.
    """

    target: Numbers
    panel: Numbers
    basis: Array
    points: Array
    outwards: Array


class BoundaryPanels(ABC):
    """Panels of a boundary."""

    #: The number of each panel's edge or face, (M,).
    track: Numbers

    def __len__(self) -> int:
        return len(self.track)

    @property
    @abstractmethod
    def each(self) -> int:
        """The number n of nodes of a panel."""

    @property
    def nodes(self) -> int:
        """The number of nodes."""
        return len(self) * self.each

    @property
    @abstractmethod
    def points(self) -> Array:
        """The nodes, (M, n, d)."""

    @property
    @abstractmethod
    def normals(self) -> Array:
        """The outward unit normals there, (M, n, d)."""

    @property
    @abstractmethod
    def weights(self) -> Array:
        """The weights of the nodes for integrals over the parameter, (M, n)."""

    @property
    @abstractmethod
    def rates(self) -> Array:
        """The length or area by the parameter at the nodes, (M, n)."""

    @property
    @abstractmethod
    def lengths(self) -> Array:
        """The length of each panel, (M,); of surfaces the greatest extent."""

    @property
    @abstractmethod
    def measures(self) -> Array:
        """The length of each edge or the area of each face, those left out included, (tracks,)."""

    @property
    @abstractmethod
    def measure(self) -> float:
        """The length or area of the boundary."""

    @property
    @abstractmethod
    def to_coefficients(self) -> Array:
        """The matrix (n, n) from values at the nodes of a panel to coefficients of its polynomials."""

    @property
    @abstractmethod
    def at_nodes(self) -> Array:
        """The polynomials at the nodes, (n, n): the inverse."""

    @abstractmethod
    def near_pairs(self, targets: Array) -> tuple[Numbers, Numbers]:
        """Return the numbers of targets, (p,), and panels, (p,), that are too close for the nodes of the panel."""

    @abstractmethod
    def parts(self, targets: Array, which: Numbers, panel: Numbers, own: Numbers) -> Iterator[Subpanels]:
        """Yield the parts that panels are cut into for targets.

        Args:
            targets: The targets, (K, d).
            which: The number of each pair's target, (p,).
            panel: The number of each pair's panel, (p,).
            own: The number of the node of the panel that the target is, (p,); negative where it is none.
        """

    @abstractmethod
    def closest(self, targets: Array, which: Numbers, panel: Numbers) -> Closest:
        """Return the points closest to targets among panels near them, of pairs as for `parts`."""

    @abstractmethod
    def of(self, tracks: Sequence[int], opposite: Sequence[bool]) -> Self:
        """Return the panels of some of the edges or faces, in their order, seen from the other side where `opposite`."""
