"""The cases that `benchmarks/step.py` times, all of them the same step at the same points.

A case module offers functions `build(sizes) -> Case`. The baselines run in a separate
environment and do not import KINN.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from step_cases.sizes import Case, Sizes

#: The builders of the cases by name, as `module:function`.
CASES = {
    "kan": "jets:kan",
    "mlp": "jets:mlp",
    "nested kan": "nested_kan:build",
    "nested mlp": "nested_mlp:build",
    "compiled mlp": "nested_mlp:compiled",
    "pykan": "pykan_baseline:build",
    "deepxde": "deepxde_baseline:build",
    "newton": "newton:build",
    "ceilings": "ceilings:build",
}


def load(name: str) -> Callable[[Sizes], Case]:
    """Return the builder of a case."""
    module, function = CASES[name].split(":")
    build: Callable[[Sizes], Case] = getattr(import_module(f"step_cases.{module}"), function)
    return build
