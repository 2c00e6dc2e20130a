"""The rows of the tables, and the tuned results that they are compared with."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from accuracy_table import rows as accuracy_rows


@dataclass(frozen=True)
class Row:
    """Lines of a table, one per network.

    Attributes:
        problem: The name of the problem.
        of: The field of the error; the first one if empty.
        constants: Whether the error is the largest of the unknown constants.
        tuned: The label of the problem's row in the accuracy table; empty where it has none.
        target: The error asked for.
    """

    problem: str
    of: str = ""
    constants: bool = False
    tuned: str = ""
    target: float | None = None

    @property
    def label(self) -> str:
        """The name in the table."""
        return self.problem + (", constants" if self.constants else f", {self.of}" if self.of else "")

    def error(self, result: Mapping[str, Any]) -> float:
        """Error of a run; infinite where it failed."""
        if "failed" in result:
            return float("inf")
        if self.constants:
            return float(max(result["constants"].values()))
        return field_value(result["errors"], self.of, float("inf"))


@dataclass(frozen=True)
class Tuned:
    """Median error and CPU seconds of a problem with its defaults."""

    error: float
    seconds: float


#: Problems as a user would state them.
STATED_ROWS = (
    Row("burgers-soft", tuned="burgers", target=1e-4),
    Row("wave-two-frequencies", target=5e-4),
    Row("reaction-diffusion-holes", target=5e-4),
    Row("poisson-holes", tuned="poisson-holes", target=5e-4),
    Row("smooth-cavity", target=5e-3),
    Row("heat-conductivity", of="a", target=5e-3),
)

#: Problems that are solved to tolerances.
TOLERANCE_PROBLEMS = (
    "poisson-2d",
    "helmholtz",
    "annulus-robin",
    "poisson-holes",
    "wedge",
    "heat-anisotropic",
    "burgers",
    "wave-two-frequencies",
    "kovasznay",
    "van-der-pol",
)


def field_value(values: Mapping[str, float], name: str, missing: float) -> float:
    """Value of a field by name, of the first one if the name is empty."""
    return float(values.get(name or next(iter(values), ""), missing))


def library_rows(names: Iterable[str]) -> list[Row]:
    """Rows of problems of the library, with the errors of the accuracy table where they have rows there."""
    accuracy = {
        row.problem: row
        for row in reversed((*accuracy_rows.ROWS, *accuracy_rows.OTHERS))
        if row.form == "strong" and not row.settings
    }
    rows = []
    for name in names:
        row = accuracy.get(name)
        rows.append(Row(name) if row is None else Row(name, row.of, row.constants, tuned=row.label))
    return rows


def tuned_results(results: Mapping[tuple[str, str, int], Mapping[str, Any]]) -> dict[tuple[str, str], Tuned]:
    """Medians of the accuracy table by label and network, of the runs that did not fail."""
    runs: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for (label, network, _), result in results.items():
        if "failed" not in result:
            runs.setdefault((label, network), []).append(result)
    return {
        key: Tuned(statistics.median(r["error"] for r in repeats), statistics.median(r["seconds"] for r in repeats))
        for key, repeats in runs.items()
    }
