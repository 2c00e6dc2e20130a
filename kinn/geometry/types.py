"""Array types of the geometry package."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]
Indices: TypeAlias = NDArray[np.intp]


def delegated(name: str, to: str = "base") -> Any:
    """Property that is the attribute of that name of another attribute of the instance."""
    return property(attrgetter(f"{to}.{name}"))
