"""What a store was asked for: the cases of each study, kept beside the runs, so that `kinn status` knows what is to come."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kinn.experiments.run_spec import RunSpec
from kinn.runs.folder import slug

#: The folder of the plans under that of all runs.
FOLDER = ".studies"


@dataclass(frozen=True)
class Manifest:
    """A study that was begun.

    Attributes:
        name: Its name.
        hashes: The identities of its cases.
    """

    name: str
    hashes: tuple[str, ...]


def keep(root: Path, name: str, cases: Sequence[RunSpec]) -> None:
    """Write down what a study asks for."""
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"name": name, "hashes": [case.hash for case in cases]})
    new = folder / f".{slug(name)}"
    new.write_text(text, encoding="utf-8")
    new.replace(folder / f"{slug(name)}.json")


def plans(root: Path) -> list[Manifest]:
    """Return the studies that were begun in a folder of runs."""
    out = []
    for file in sorted((root / FOLDER).glob("*.json")):
        with suppress(ValueError, KeyError):
            data = json.loads(file.read_text(encoding="utf-8"))
            out.append(Manifest(data["name"], tuple(data["hashes"])))
    return out
