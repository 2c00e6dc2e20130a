"""Hard conditions: trial functions that satisfy them whatever the network does, on boxes and on domains of any shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from kinn.fields import Field, Points

#: The trial function at points as a function of the network there.
TrialMap: TypeAlias = Callable[[Field], Field]


def cache_components(p: Points, build: Callable[[Points], Field]) -> Field:
    """Field at points that keeps its components, but nothing that they are computed from.

    A jet keeps all intermediate results, so that further components come cheap; at points that are used again and again,
    as those of a quadrature are, it would keep them for good. Here components are computed afresh, and once.

    Args:
        p: The points.
        build: Gives the field at points.
    """
    # not the points themselves, which may keep this field: so memory is free as soon as they go
    copy = p.rows(slice(None))
    return p.field(0.0, "zero").recomputed(lambda: build(copy))
