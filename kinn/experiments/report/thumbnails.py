"""The pictures of runs, drawn once a report shows them: most runs of a study are never looked at."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence

from kinn.errors import InputError
from kinn.experiments.report.figures import middle_run
from kinn.experiments.results import RunResult
from kinn.experiments.tables import Row
from kinn.runs.resume import Resumption

#: Where pictures are drawn in a run folder before they are moved beside its other files, all at once.
_DRAFT = ".figures"


def illustrate(table: Sequence[Row], say: Callable[[str], object] = lambda _: None) -> None:
    """Draw the runs in the middle into their folders, but for those that have pictures and those of peers.

    Args:
        table: The rows of the table of all runs.
        say: Called with a line for each run that is drawn, or cannot be.
    """
    for run in filter(None, map(middle_run, table)):
        if run.config.get("baseline") or any(run.path.glob("*.png")):
            continue
        say(f"drawing {run.path}")
        try:
            _draw(run)
        except (InputError, OSError) as error:
            say(f"no pictures of {run.path}: {error}")


def _draw(run: RunResult) -> None:
    draft = run.path / _DRAFT
    try:
        Resumption.of(run.path).solution().plot(draft)
        for picture in draft.iterdir():
            picture.replace(run.path / picture.name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
