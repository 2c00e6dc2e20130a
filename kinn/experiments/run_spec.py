"""A case: one run of a study, resolved, as plain data that any worker can turn into a solve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kinn.baselines import discretised
from kinn.config import config_hash, to_plain
from kinn.runs.folder import run_path
from kinn.runs.resolved_run import ResolvedRun


@dataclass(frozen=True)
class RunSpec:
    """One run.

    Attributes:
        config: The resolved configuration, plain data; its hash is the identity of the run.
        origin: The name of the problem, or the path of its script.
    """

    config: Mapping[str, Any]
    origin: str

    @staticmethod
    def of(work: ResolvedRun) -> RunSpec:
        """Return the case of a solve."""
        return RunSpec(to_plain(work.config), work.origin)

    def replaced(self, **values: Any) -> RunSpec:
        """Return the same with other values in its configuration, another seed say."""
        return RunSpec({**self.config, **values}, self.origin)

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
        return run_path(root, self.config)
