"""What the batch layer costs and what it withstands: seconds beyond the solves, memory over thousands of runs, kills.

    python benchmarks/batch.py overhead [--runs 30]
    python benchmarks/batch.py memory [--runs 2000] [--budget 1] [--workers 2]
    python benchmarks/batch.py kills [--runs 100] [--budget 1] [--workers 2]

`overhead` counts the seconds of the processor, of the worker and of the batch, and takes away those inside `kinn.solve`.
`memory` carries a study out with the command `kinn batch`, looks at the resident memory of the batch and of its workers
while it lasts, makes the index anew from the folders at the end and compares, and gives the batch again, which must
solve nothing. `kills` ends the command with SIGKILL at twenty random moments, gives it again each time, and counts the
finished runs that are lost or solved a second time. Each writes a section of docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from pages import processor, put_section, versions

if TYPE_CHECKING:
    from kinn.experiments.execute import Job, JobResult

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"

#: Where workers write what they measured.
LOG = "KINN_BENCHMARK_LOG"

#: Seconds between two looks at the memory.
TICK = 2.0


def study(seeds: int, budget: float, clock: str) -> dict[str, Any]:
    """Return a study of one problem by one network, over many seeds."""
    return {
        "name": "many",
        "problems": ["poisson-2d"],
        "networks": ["kan"],
        "seeds": seeds,
        "budget": budget,
        "clock": clock,
    }


def measured(task: Job) -> JobResult:
    """Do what a worker does, and write down the seconds of the processor inside `kinn.solve` and beyond it."""
    import kinn
    from kinn.experiments.execute import execute
    from kinn.experiments.executors.worker import give_back

    solve, inside = kinn.solve, 0.0

    def timed(*arguments: Any, **named: Any) -> Any:
        nonlocal inside
        began = time.process_time()
        try:
            return solve(*arguments, **named)
        finally:
            inside += time.process_time() - began

    began = time.process_time()
    kinn.solve = timed
    try:
        return execute(task)
    finally:
        kinn.solve = solve
        give_back()  # as the worker does once more, when there is nothing left to give
        beyond = time.process_time() - began - inside
        with Path(os.environ[LOG]).open("a", encoding="utf-8") as log:
            log.write(json.dumps({"solve": inside, "beyond": beyond}) + "\n")


def overhead(runs: int) -> str:
    """Return the section on what a run costs beyond its solve."""
    from batch import measured as work  # under the name by which a worker imports it

    from kinn.experiments.batch import Batch
    from kinn.experiments.executors import LocalExecutor
    from kinn.experiments.reading import checked
    from kinn.experiments.store import Store
    from kinn.experiments.sweep import matrix

    cases = matrix(checked({"study": study(runs, 0.5, "cpu")})).cases
    rows = []
    for figures in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            os.environ |= {LOG: f"{folder}/log", "PYTHONPATH": search_path()}
            with Store(Path(folder) / "runs") as store, LocalExecutor(1, 1, Path(folder) / "workers.log") as executor:
                began = time.process_time()
                tally = Batch(cases, store, executor, figures=figures, work=work).run()
                batch = (time.process_time() - began) / runs
            assert tally.solved == runs
            lines = [json.loads(line) for line in Path(folder, "log").read_text(encoding="utf-8").splitlines()][1:]
            beyond, solve = (median(line[name] for line in lines) for name in ("beyond", "solve"))
            name = "with figures" if figures else "without figures"
            rows.append(f"| {name} | {solve:.2f} | {beyond:.3f} | {batch:.3f} | {beyond + batch:.3f} |")
    return f"""## What a batch costs

CPU seconds of a run: inside `kinn.solve`, beyond it in the worker (claim, checkpoints, run folder, weights, VTU, the memory given
back, and three PNG figures if they are asked for), and in the batch itself (handing out, index, progress). Median of {runs - 1} runs of
poisson-2d by the KAN after the first, budget 0.5 CPU seconds, one local worker with one thread, which imports torch once.
Figures are not drawn unless a study asks for it: the report draws the runs that it shows.
Measured by `python benchmarks/batch.py overhead` on {processor()}, {versions(("torch", "matplotlib", "numpy"))}.

| run folders | solve | worker | batch | beyond the solve |
|---|---:|---:|---:|---:|
{chr(10).join(rows)}
"""


def search_path() -> str:
    """Return where workers look for modules: where this script is, and where they would anyway."""
    return os.pathsep.join(
        dict.fromkeys([str(Path(__file__).resolve().parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    )


def resident(process: int) -> float:
    """Return the resident memory of a process in MB, 0 where there is none."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def children(process: int) -> list[int]:
    """Return the processes that a process has started, by all of its threads."""
    found: list[int] = []
    for file in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            found += map(int, file.read_text(encoding="ascii").split())
        except OSError:
            continue
    return found


def watched(command: Sequence[str]) -> list[tuple[float, float, list[float]]]:
    """Run a command and return seconds, and the MB of it and of each process under it, again and again."""
    began = time.monotonic()
    looks = []
    process = subprocess.Popen(command)
    while process.poll() is None:
        time.sleep(TICK)
        looks.append(
            (time.monotonic() - began, resident(process.pid), [resident(child) for child in children(process.pid)])
        )
    if process.returncode:
        raise SystemExit(f"{command} ended with status {process.returncode}")
    return looks


def index(runs: Path) -> list[tuple[Any, ...]]:
    """Return the rows of the index of a store."""
    with sqlite3.connect(runs / "index.sqlite") as connection:
        return sorted(
            connection.execute("select path, hash, status, seed, iterations, error, config, summary from runs")
        )


def stated(folder: Path, runs: int, budget: float, workers: int, checkpoint: float = 10.0) -> tuple[Path, list[str]]:
    """Write a study into a folder and return where its runs will be, and the command that carries it out."""
    out, file = folder / "runs", folder / "many.toml"
    file.write_text(
        f'[study]\nname = "many"\nproblems = ["poisson-1d"]\nnetworks = ["kan"]\nseeds = {runs}\nbudget = {budget}\n'
        f"[resources]\nworkers = {workers}\nfigures = false\ncheckpoint = {checkpoint}\n",
        encoding="utf-8",
    )
    return out, [sys.executable, "-m", "kinn", "batch", str(file), "--out", str(out)]


def made_anew(out: Path) -> tuple[int, bool]:
    """Make the index of a store anew from its folders; return its rows, and whether they are those that it had."""
    from kinn.experiments.store import Store

    before = index(out)
    for end in ("", "-wal", "-shm"):
        Path(f"{out / 'index.sqlite'}{end}").unlink(missing_ok=True)
    with Store(out) as store:
        store.refresh()
    return len(before), index(out) == before


def finished(out: Path) -> dict[Path, int]:
    """Return when each of the finished runs was written."""
    return {file.parent: file.stat().st_mtime_ns for file in out.glob("[!.]*/[!.]*/[!.]*/network.safetensors")}


def kills(runs: int, budget: float, workers: int, times: int = 20) -> str:
    """Return the section on a batch that is killed again and again."""
    moments = random.Random(0)
    counts, lost, repeated, resumed = [], 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        out, command = stated(Path(folder), runs, budget, workers, checkpoint=0.1)
        before: dict[Path, int] = {}
        for attempt in range(times + 1):
            known = set(out.glob("[!.]*/[!.]*/[!.]*/state.pt"))
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            if attempt < times:
                until = time.monotonic() + 120  # its workers have begun: what comes before is nothing but imports
                while set(out.glob("[!.]*/[!.]*/[!.]*/state.pt")) == known and process.poll() is None:
                    if time.monotonic() > until:
                        raise SystemExit("no run begins")
                    time.sleep(0.05)
                time.sleep(moments.uniform(0.0, 2.0 * budget))
                process.kill()
            _, said = process.communicate()
            resumed += said.count("resuming an interrupted solve")
            after = finished(out)
            lost += len(before.keys() - after.keys())
            repeated += sum(after[run] != stamp for run, stamp in before.items() if run in after)
            counts.append(len(after))
            before = after
        rows, same = made_anew(out)
    return f"""## A batch that is killed

{runs} runs of poisson-1d by the KAN, {budget:g} seconds each, on {workers} local workers, killed with SIGKILL at {times} random moments and given
again each time. Finished runs after each kill, and at the end: {", ".join(map(str, counts))}.
Of the finished runs {lost} were lost and {repeated} solved a second time; {resumed} that had been cut short were said to go on from their
checkpoints. The index, made anew from the {rows} folders at the end, was {"the same as before" if same else "NOT the same"}.
Measured by `python benchmarks/batch.py kills` on {processor()}, {versions(("torch", "numpy"))}.
"""


def memory(runs: int, budget: float, workers: int) -> str:
    """Return the section on the memory of a long batch."""
    from kinn.experiments.executors.local import RENEWAL

    with tempfile.TemporaryDirectory() as folder:
        out, command = stated(Path(folder), runs, budget, workers)
        looks = watched(command)
        folders, same = made_anew(out)
        again = subprocess.run(command, capture_output=True, text=True, check=True)
        last = [line for line in again.stderr.splitlines() if " done" in line][-1]
    looks = [look for look in looks if sum(mb > 0 for mb in look[2]) >= workers]  # while they are all at work
    rows = []
    for share in (0.05, 0.25, 0.5, 0.75, 1.0):
        seconds, batch, of_workers = looks[min(len(looks) - 1, int(share * len(looks)))]
        rows.append(f"| {seconds / 60:.0f} | {batch:.0f} | {', '.join(f'{mb:.0f}' for mb in of_workers)} |")
    after = looks[len(looks) // 20 :]
    most = max(mb for _, _, of_workers in after for mb in of_workers)
    return f"""## The memory of a long batch

{runs:,} runs of poisson-1d by the KAN, {budget:g} seconds each, on {workers} local workers of one thread, without figures: resident memory in MB
of the batch and of its workers, which are replaced after {RENEWAL} runs. After the first twentieth of the time the batch had
between {min(b for _, b, _ in after):.0f} and {max(b for _, b, _ in after):.0f} MB, and no worker more than {most:.0f}. It took {looks[-1][0] / 60:.0f} minutes.
Measured by `python benchmarks/batch.py memory` on {processor()}, {versions(("torch", "numpy"))}.

| minutes | batch | workers |
|---:|---:|---:|
{chr(10).join(rows)}

The index, made anew from the {folders:,} folders at the end, was {"the same as before, row by row" if same else "NOT the same as before"};
the batch given again solved nothing: "{last}".
"""


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("overhead", "memory", "kills"))
    parser.add_argument("--runs", type=int, help="how many; 30, 2,000 or 100")
    parser.add_argument("--budget", type=float, default=1.0, help="seconds of each run of a long batch")
    parser.add_argument("--workers", type=int, default=2, help="of a long batch")
    options = parser.parse_args()
    if options.what == "overhead":
        text = overhead(options.runs or 30)
        name = "batch-overhead"
    elif options.what == "kills":
        text = kills(options.runs or 100, options.budget, options.workers)
        name = "batch-kills"
    else:
        text = memory(options.runs or 2000, options.budget, options.workers)
        name = "batch-memory"
    print(text)
    put_section(PAGE, name, text)


if __name__ == "__main__":
    main()
