"""A case: one run of a study, resolved, as plain data that any worker can turn into a solve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kinn.interop import discretised
from kinn.runs.work import Work
from kinn.training.plain import config_hash, plain
from kinn.training.run import place


@dataclass(frozen=True)
class Case:
    """One run.

    Attributes:
        config: The resolved configuration, plain data; its hash is the identity of the run.
        origin: The name of the problem, or the path of its script.
    """

    config: Mapping[str, Any]
    origin: str

    @staticmethod
    def of(work: Work) -> Case:
        """Return the case of a solve."""
        return Case(plain(work.config), work.origin)

    def replaced(self, **values: Any) -> Case:
        """Return the same with other values in its configuration, another seed say."""
        return Case({**self.config, **values}, self.origin)

    @property
    def hash(self) -> str:
        """The identity of the run."""
        return config_hash(self.config)

    @property
    def seedless(self) -> bool:
        """Whether all seeds would give the same."""
        return discretised(self.config)

    @property
    def title(self) -> str:
        """What a line of progress calls it."""
        c = self.config
        return f"{c['problem']['name']}, {c['form']}, {c['network']['name']}, seed {c['seed']}"

    def place(self, root: Path) -> Path:
        """Return its run folder."""
        return place(root, self.config)
