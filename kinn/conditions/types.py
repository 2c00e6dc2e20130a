"""What conditions and forms exchange: data of boundaries, constraints of nodes, periodicity, windows of time, samplers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np

from kinn.fields import Field, Points
from kinn.geometry import Geometry, Rule
from kinn.geometry.types import Array, Mask

#: Where a condition holds that holds on no boundary.
INTERIOR = "interior"

#: The fields of one subdomain by name.
Traces: TypeAlias = Mapping[str, Field]

#: The factor of a condition's square in the loss, relative to the default: a number, or a function of the coordinates
#: (to balance a residual that is singular somewhere).
Weight: TypeAlias = float | Callable[..., Any]


class Sampler(Protocol):
    """Draws the points of conditions: collocation points, or those of a quadrature with their weights."""

    @property
    def subdomains(self) -> Mapping[str, Geometry]:
        """The subdomains by name."""

    def interior(self, subdomain: str, seed: int) -> Points:
        """Points inside a subdomain."""

    def boundary(self, subdomain: str, name: str, seed: int) -> Points:
        """Points of a boundary of a subdomain, with normals."""

    def at(self, subdomain: str, locations: Array, observed: Array | None = None) -> Points | None:
        """Those of single points (N, d) that lie in a subdomain, with what was measured there; None if none does."""

    def quadrature(self, rules: Sequence[Rule]) -> Points:
        """Points of quadratures, one rule in each subdomain of a group."""


class BoundaryDatum(NamedTuple):
    """A linear datum on a boundary: u = value, or alpha u + beta n . grad u = value.

    Attributes:
        value: A number, or a function of the coordinates, as are the others.
        alpha: The factor of the field.
        beta: The factor of the outward normal derivative.
        order: The order of the distance to the boundary that a trial function needs to satisfy it: 1 for a value, 2 for
            a normal derivative.
    """

    value: Any
    alpha: Any = 1.0
    beta: Any = 0.0
    order: int = 1


class NodalConstraint(NamedTuple):
    """A constraint on the nodes of finite elements on a boundary.

    Attributes:
        fields: The names of the fields.
        value: Their value, or their jump: a number, or a function of the coordinates.
        tied: Whether the nodes of two subdomains are tied together; `value` is then the jump between them.
    """

    fields: tuple[str, ...]
    value: Any
    tied: bool = False


class Periodicity(NamedTuple):
    """A coordinate in which the networks of a subdomain are periodic.

    Attributes:
        axis: The number of the coordinate.
        ends: Where it has the two faces that are identified.
        harmonics: The number of multiples of the angle that the network takes in.
    """

    axis: int
    ends: tuple[float, float]
    harmonics: int


@dataclass(frozen=True)
class TimeWindow:
    """A window of time, to which the conditions of a problem are restricted.

    Attributes:
        axis: The number of the time coordinate.
        span: The start and the end of the window.
        last: Whether it is the last one.
        initial: The terminal state of the window before: a function of an expression ("u", "u.t") that returns initial
            data, a function of the coordinates. None in the first window.
    """

    axis: int
    span: tuple[float, float]
    last: bool
    initial: Callable[[str], Any] | None = None

    def contains(self, points: Array) -> Mask:
        """Whether points (N, d) lie in it, (N,); the end belongs to the last window alone."""
        t, (start, end) = points[:, self.axis], self.span
        return np.asarray((start <= t) & ((t <= end) if self.last else (t < end)))
