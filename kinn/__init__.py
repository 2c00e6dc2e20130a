"""KINN: physics-informed Kolmogorov-Arnold networks for partial differential equations.

The names below are loaded when first used: `import kinn` alone brings in neither torch nor scipy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kinn.errors import InputError as InputError
    from kinn.errors import SolveError as SolveError

__version__ = "0.1.0"

#: Where each public name lives.
_HOME = {
    "InputError": "kinn.errors",
    "SolveError": "kinn.errors",
}

__all__ = ["InputError", "SolveError", "__version__"]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'kinn' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
