"""Bridges to other libraries: none of them is imported before it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from kinn.errors import InputError, unknown


@dataclass(frozen=True)
class Baseline:
    """A library that a comparison can be held against.

    Attributes:
        name: What the command line calls it, and the extra that brings it.
        package: What is imported.
        module: Ours, which has `solve` and `check`.
        form: The form whose statement of a problem it solves.
        specifications: The module with its `NETWORKS` and `OPTIMIZERS`, what it has in the place of ours; None where it trains
            our networks.
    """

    name: str
    package: str
    module: str
    form: str
    specifications: str | None = None

    @property
    def trains(self) -> bool:
        """Whether it trains networks of ours, from a seed."""
        return self.specifications is None

    def loaded(self) -> ModuleType:
        """Return our module for it.

        Raises:
            InputError: If the library is not installed.
        """
        if find_spec(self.package) is None:
            raise InputError(f"{self.name} is not installed: pip install 'kinn[{self.name}]'")
        return import_module(self.module)


#: The libraries that a comparison can be held against.
PEERS = {
    peer.name: peer
    for peer in (
        Baseline("deepxde", "deepxde", "kinn.baselines.deepxde_solver", "strong"),
        Baseline("fem", "skfem", "kinn.baselines.fem.solver", "energy", "kinn.baselines.fem.specification"),
    )
}


def peer_named(name: str) -> Baseline:
    """Return a peer by name; not called `peer`, which is the module that solves with DeepXDE once that is imported.

    Raises:
        InputError: If there is none of that name.
    """
    if name not in PEERS:
        raise unknown("peer", name, PEERS)
    return PEERS[name]


def discretised(config: Mapping[str, Any]) -> bool:
    """Whether a configuration is of a peer that discretises: it trains nothing, and depends on no seed."""
    other = PEERS.get(config.get("peer", ""))
    return other is not None and not other.trains
