"""`kinn status`: how the runs of a folder stand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer


def command(
    runs: Annotated[Path, typer.Argument(metavar="RUNS", help="A folder of run folders.")] = Path("runs"),
) -> None:
    """Show what is running, done, cut short and failed, and what studies still ask for."""
    from kinn.cli.live import working
    from kinn.cli.tables import ruled, show
    from kinn.experiments.manifest import plans
    from kinn.experiments.results import DONE, FAILURE, INTERRUPTED, RUNNING
    from kinn.experiments.run_lock import active
    from kinn.experiments.store import Store

    with Store(runs, make=False) as store:
        store.refresh()
        results = store.results()
        states = (DONE, FAILURE, RUNNING, INTERRUPTED)
        counts: dict[str, Counter[str]] = {}
        for result in results:
            counts.setdefault(str(result.config["problem"]["name"]), Counter())[result.status] += 1
        cells = [[name, *(str(count[state]) for state in states)] for name, count in sorted(counts.items())]
        show(ruled(str(runs), ["problem", *states], cells))
        known = {result.path.name: result.status for result in results}
        for plan in plans(runs):
            of = Counter(known.get(name, "waiting") for name in plan.hashes)
            parts = ", ".join(f"{of[state]} {state}" for state in (*states, "waiting") if of[state])
            print(f"study {plan.name}: {len(plan.hashes)} runs: {parts}")
        if at_work := active(runs):
            show(working(at_work))
        for result in results:
            if result.status == FAILURE:
                print(f"failed: {result.path}: {result.reason}")
        for reason in store.refused.values():
            print(f"refused: {reason}")
