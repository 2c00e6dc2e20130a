"""Overhead and robustness of the batch layer: CPU time outside the solves, memory over thousands of runs, kills.

    python benchmarks/batch.py overhead [--runs 30]
    python benchmarks/batch.py memory [--runs 2000] [--budget 1] [--workers 2]
    python benchmarks/batch.py kills [--runs 100] [--budget 1] [--workers 2]

`overhead` measures the CPU time of the worker and of the batch, and subtracts that inside `kinn.solve`.
`memory` runs a study with the command `kinn batch` and samples the resident memory of the batch and of its workers. At the end
it rebuilds the index from the folders, compares both, and repeats the batch, which must solve nothing. `kills` ends the command
with SIGKILL at twenty random instants, restarts it each time, and counts the finished runs that are lost or solved twice. Each writes a section of docs/performance.md.
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
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from pages import processor, put_section, versions

if TYPE_CHECKING:
    from kinn.experiments.jobs import Job, JobResult

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"

#: The variable that names the log file of the workers.
LOG = "KINN_BENCHMARK_LOG"

#: Seconds between two samples of the memory.
SAMPLING_INTERVAL = 2.0


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


def timed_job(job: Job) -> JobResult:
    """Execute a job as a worker does, and log the CPU time inside `kinn.solve` and outside it."""
    from kinn.experiments.executors.worker import release_memory
    from kinn.experiments.jobs import run_job
    from kinn.runs import execute as run_execution

    solver, inside = run_execution.solver, 0.0

    def timed_solver(baseline: str | None = None) -> Callable[..., Any]:
        def solve(*args: Any, **options: Any) -> Any:
            nonlocal inside
            began = time.process_time()
            try:
                return solver(baseline)(*args, **options)
            finally:
                inside += time.process_time() - began

        return solve

    began = time.process_time()
    run_execution.solver = timed_solver
    try:
        return run_job(job)
    finally:
        run_execution.solver = solver
        release_memory()  # as the worker does again, at no further cost
        outside = time.process_time() - began - inside
        with Path(os.environ[LOG]).open("a", encoding="utf-8") as log:
            log.write(json.dumps({"solve": inside, "outside": outside}) + "\n")


def overhead(runs: int) -> str:
    """Return the section on the cost of a run outside its solve."""
    from batch import timed_job  # under the name by which a worker imports it

    from kinn.experiments.batch import Batch
    from kinn.experiments.executors.local import LocalExecutor
    from kinn.experiments.reading import validate_study
    from kinn.experiments.store import Store
    from kinn.experiments.sweep import Sweep

    cases = Sweep.from_study(validate_study({"study": study(runs, 0.5, "cpu")})).specs
    rows = []
    for figures in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            os.environ |= {LOG: f"{folder}/log", "PYTHONPATH": search_path()}
            with Store(Path(folder) / "runs") as store, LocalExecutor(1, 1, Path(folder) / "workers.log") as executor:
                began = time.process_time()
                tally = Batch(cases, store, executor, figures=figures, function=timed_job).run()
                batch = (time.process_time() - began) / runs
            assert tally.solved == runs
            lines = [json.loads(line) for line in Path(folder, "log").read_text(encoding="utf-8").splitlines()][1:]
            outside, solve = (median(line[name] for line in lines) for name in ("outside", "solve"))
            name = "with figures" if figures else "without figures"
            rows.append(f"| {name} | {solve:.2f} | {outside:.3f} | {batch:.3f} | {outside + batch:.3f} |")
    return f"""## Overhead of a batch

CPU time of a run in seconds: inside `kinn.solve`, outside it in the worker (lock, checkpoints, run folder, weights, VTU, memory
trimming, and three PNG figures if requested), and in the batch process (dispatch, index, progress). Median of {runs - 1} runs of
poisson-2d by the KAN after the first, budget 0.5 CPU seconds, one local worker with one thread, which imports torch once.
Figures are drawn only if a study requests them: the report draws the runs that it shows.
Measured by `python benchmarks/batch.py overhead` on {processor()}, {versions(("torch", "matplotlib", "numpy"))}.

| run folders | solve | worker | batch | outside the solve |
|---|---:|---:|---:|---:|
{chr(10).join(rows)}
"""


def search_path() -> str:
    """Return the module search path of workers, with the folder of this script in front."""
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


def memory_samples(command: Sequence[str]) -> list[tuple[float, float, list[float]]]:
    """Run a command and return samples: seconds, its memory in MB, and that of each child process."""
    began = time.monotonic()
    samples = []
    process = subprocess.Popen(command)
    while process.poll() is None:
        time.sleep(SAMPLING_INTERVAL)
        samples.append(
            (time.monotonic() - began, resident(process.pid), [resident(child) for child in children(process.pid)])
        )
    if process.returncode:
        raise SystemExit(f"{command} ended with status {process.returncode}")
    return samples


def index(runs: Path) -> list[tuple[Any, ...]]:
    """Return the rows of the index of a store."""
    with sqlite3.connect(runs / "index.sqlite") as connection:
        return sorted(
            connection.execute("select path, hash, status, seed, iterations, error, config, summary from runs")
        )


def write_study(
    folder: Path, runs: int, budget: float, workers: int, checkpoint: float = 10.0
) -> tuple[Path, list[str]]:
    """Write a study into a folder; return the folder of its runs, and the command that runs it."""
    out, file = folder / "runs", folder / "many.toml"
    file.write_text(
        f'[study]\nname = "many"\nproblems = ["poisson-1d"]\nnetworks = ["kan"]\nseeds = {runs}\nbudget = {budget}\n'
        f"[resources]\nworkers = {workers}\nfigures = false\ncheckpoint = {checkpoint}\n",
        encoding="utf-8",
    )
    return out, [sys.executable, "-m", "kinn", "batch", str(file), "--out", str(out)]


def rebuild_index(out: Path) -> tuple[int, bool]:
    """Rebuild the index of a store from its folders; return the number of rows, and whether they are unchanged."""
    from kinn.experiments.store import Store

    before = index(out)
    for end in ("", "-wal", "-shm"):
        Path(f"{out / 'index.sqlite'}{end}").unlink(missing_ok=True)
    with Store(out) as store:
        store.refresh()
    return len(before), index(out) == before


def finished(out: Path) -> dict[Path, int]:
    """Return the modification time of each finished run."""
    return {file.parent: file.stat().st_mtime_ns for file in out.glob("[!.]*/[!.]*/[!.]*/network.safetensors")}


def kills(runs: int, budget: float, workers: int, times: int = 20) -> str:
    """Return the section on a batch that is killed repeatedly."""
    instants = random.Random(0)
    counts, lost, repeated, resumed = [], 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        out, command = write_study(Path(folder), runs, budget, workers, checkpoint=0.1)
        before: dict[Path, int] = {}
        for attempt in range(times + 1):
            known = set(out.glob("[!.]*/[!.]*/[!.]*/state.pt"))
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            if attempt < times:
                until = time.monotonic() + 120  # until a worker has started, only imports run
                while set(out.glob("[!.]*/[!.]*/[!.]*/state.pt")) == known and process.poll() is None:
                    if time.monotonic() > until:
                        raise SystemExit("no run starts")
                    time.sleep(0.05)
                time.sleep(instants.uniform(0.0, 2.0 * budget))
                process.kill()
            _, output = process.communicate()
            resumed += output.count("resuming an interrupted solve")
            after = finished(out)
            lost += len(before.keys() - after.keys())
            repeated += sum(after[run] != stamp for run, stamp in before.items() if run in after)
            counts.append(len(after))
            before = after
        rows, same = rebuild_index(out)
    return f"""## A batch that is killed repeatedly

{runs} runs of poisson-1d by the KAN, {budget:g} seconds each, on {workers} local workers, killed with SIGKILL at {times} random instants and restarted
each time. Finished runs after each kill, and at the end: {", ".join(map(str, counts))}.
Of the finished runs {lost} were lost and {repeated} solved twice; {resumed} interrupted runs were reported as resumed from their
checkpoints. The index, rebuilt from the {rows} folders at the end, was {"unchanged" if same else "CHANGED"}.
Measured by `python benchmarks/batch.py kills` on {processor()}, {versions(("torch", "numpy"))}.
"""


def memory(runs: int, budget: float, workers: int) -> str:
    """Return the section on the memory of a long batch."""
    from kinn.experiments.executors.local import MAX_CALLS

    with tempfile.TemporaryDirectory() as folder:
        out, command = write_study(Path(folder), runs, budget, workers)
        samples = memory_samples(command)
        folders, same = rebuild_index(out)
        again = subprocess.run(command, capture_output=True, text=True, check=True)
        last = [line for line in again.stderr.splitlines() if " done" in line][-1]
    samples = [sample for sample in samples if sum(mb > 0 for mb in sample[2]) >= workers]  # while all of them work
    rows = []
    for share in (0.05, 0.25, 0.5, 0.75, 1.0):
        seconds, batch, workers_mb = samples[min(len(samples) - 1, int(share * len(samples)))]
        rows.append(f"| {seconds / 60:.0f} | {batch:.0f} | {', '.join(f'{mb:.0f}' for mb in workers_mb)} |")
    after = samples[len(samples) // 20 :]
    maximum = max(mb for _, _, workers_mb in after for mb in workers_mb)
    return f"""## The memory of a long batch

{runs:,} runs of poisson-1d by the KAN, {budget:g} seconds each, on {workers} local workers of one thread, without figures: resident memory in MB
of the batch and of its workers, which are replaced after {MAX_CALLS} runs. After the first twentieth of the time the batch used
between {min(b for _, b, _ in after):.0f} and {max(b for _, b, _ in after):.0f} MB, and no worker more than {maximum:.0f}. It took {samples[-1][0] / 60:.0f} minutes.
Measured by `python benchmarks/batch.py memory` on {processor()}, {versions(("torch", "numpy"))}.

| minutes | batch | workers |
|---:|---:|---:|
{chr(10).join(rows)}

The index, rebuilt from the {folders:,} folders at the end, was {"the same as before, row by row" if same else "NOT the same as before"};
the repeated batch solved nothing: "{last}".
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
