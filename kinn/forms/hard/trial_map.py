"""What hard conditions make of a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from kinn.fields import Field, Points

#: The trial function at points as a function of the network there.
TrialMap: TypeAlias = Callable[[Field], Field]


def cache_components(p: Points, make: Callable[[Points], Field]) -> Field:
    """Return a field at points that keeps its components, and nothing of what they are computed from.

    A jet keeps whatever it is made of, so that further components come cheap; of points that are used again and again, as those of
    a quadrature are, that would be all intermediate results for good. Here each component that is asked for is computed afresh
    and once.

    Args:
        p: The points.
        make: Gives the field at points.
    """
    bare = p.rows(
        slice(None)
    )  # not the points themselves, which may keep this field: memory is free at once when they go
    return Field(p.names, lambda a: make(bare)[a])
