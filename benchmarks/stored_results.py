"""Results of runs in a file, one line of JSON each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def append_result(path: Path, result: Mapping[str, Any]) -> None:
    """Add a result to a file."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(result) + "\n")


def load_results(path: Path, key: Sequence[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Results in a file by the values of the entries that `key` names; the last of several counts."""
    if not path.exists():
        return {}
    results = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {tuple(result[name] for name in key): result for result in results}
