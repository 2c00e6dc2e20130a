"""Measurement of the steps of `benchmarks/step.py`, and the sections of the page."""

from __future__ import annotations

from collections.abc import Callable

from step_report import comparison, newton, roofline, scaling
from step_report.runs import Bench

#: The sections by name, in the order of the page: each measures, and returns its text.
SECTIONS: dict[str, Callable[[Bench], str]] = {
    "comparison": comparison.section,
    "threads": scaling.threads,
    "points": scaling.points,
    "grid": scaling.grid,
    "newton": newton.section,
    "roofline": roofline.section,
}
