"""What `benchmarks/step.py` times: one module a family of cases, all of them the same step at the same points.

A case module offers functions `build(sizes) -> Case`. It imports its library inside that function or at its top, never
KINN where it is a peer's: the peers live in an environment of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from step_cases.sizes import Case, Sizes

#: Where the cases are, as `module:function`, by their names.
CASES = {
    "kan": "jets:kan",
    "mlp": "jets:mlp",
    "nested kan": "nested_kan:build",
    "nested mlp": "nested_mlp:build",
    "compiled mlp": "nested_mlp:compiled",
    "pykan": "pykan_peer:build",
    "deepxde": "deepxde_peer:build",
    "newton": "newton:build",
    "ceilings": "ceilings:build",
}


def load(name: str) -> Callable[[Sizes], Case]:
    """Return what builds a case."""
    module, function = CASES[name].split(":")
    build: Callable[[Sizes], Case] = getattr(import_module(f"step_cases.{module}"), function)
    return build
