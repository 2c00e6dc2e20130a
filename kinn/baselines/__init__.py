"""Solvers of other libraries for comparison; each library is imported only when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from kinn.errors import InputError, check_name


@dataclass(frozen=True)
class Baseline:
    """A library to compare with.

    Attributes:
        name: Its name on the command line, and the extra that installs it.
        package: The package to import.
        module: The module of KINN with its `solve` and `check`.
        form: The form of a problem that it solves.
        specifications: The module with its `NETWORKS` and `OPTIMIZERS`; None for a library that trains KINN's networks.
    """

    name: str
    package: str
    module: str
    form: str
    specifications: str | None = None

    @property
    def trains(self) -> bool:
        """Whether it trains KINN's networks, from a seed."""
        return self.specifications is None

    def loaded(self) -> ModuleType:
        """The module of KINN that solves with it.

        Raises:
            InputError: If the library is not installed.
        """
        if find_spec(self.package) is None:
            raise InputError(f"{self.name} is not installed: pip install 'kinn[{self.name}]'")
        return import_module(self.module)


#: The libraries to compare with, by name.
BASELINES = {
    baseline.name: baseline
    for baseline in (
        Baseline("deepxde", "deepxde", "kinn.baselines.deepxde_solver", "strong"),
        Baseline("fem", "skfem", "kinn.baselines.fem.solver", "energy", "kinn.baselines.fem"),
    )
}


def get_baseline(name: str) -> Baseline:
    """Baseline of a name.

    Raises:
        InputError: If the name is unknown.
    """
    check_name("baseline", name, BASELINES)
    return BASELINES[name]


def discretised(config: Mapping[str, Any]) -> bool:
    """Whether a configuration is of a baseline that discretises: it has no training and no seed."""
    baseline = BASELINES.get(config.get("baseline", ""))
    return baseline is not None and not baseline.trains
