"""Time to a given accuracy, beside DeepXDE: each solver in a process of its own, on the same number of threads.

    python benchmarks/time_to_accuracy.py                     # both solvers, poisson-2d and burgers
    python benchmarks/time_to_accuracy.py --limit 300 --threads 1

DeepXDE runs as its own examples do: a tanh MLP in float32, Adam at 1e-3 for most of the time and then L-BFGS, with the
points of its demos. KINN runs the problem's defaults with its MLP and its KAN. The error is the relative L2 error on
the problem's evaluation grid; measuring it is not counted. The table goes to standard output and into
docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from pages import processor, put_section, versions

PROBLEMS = ("poisson-2d", "burgers")
SOLVERS = ("kinn mlp", "kinn kan", "deepxde")
LEVELS = (1e-3, 1e-5)
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"


class Clock:
    """Wall-clock and CPU seconds since the start, without the time spent measuring errors."""

    def __init__(self) -> None:
        self.began = (time.perf_counter(), time.process_time())
        self.lost = [0.0, 0.0]

    def now(self) -> tuple[float, float]:
        """Return wall-clock and CPU seconds."""
        return (
            time.perf_counter() - self.began[0] - self.lost[0],
            time.process_time() - self.began[1] - self.lost[1],
        )

    def report(self, measure: Any) -> None:
        """Print seconds and error; the measurement takes no time."""
        wall, cpu = self.now()
        before = time.perf_counter(), time.process_time()
        error = measure()
        print(json.dumps({"wall": wall, "cpu": cpu, "error": error}), flush=True)
        self.lost[0] += time.perf_counter() - before[0]
        self.lost[1] += time.process_time() - before[1]


def reference(problem: Any) -> tuple[Any, Any]:
    """Return the evaluation grid (N, d) of a problem and the exact values (N,) there."""
    from kinn.grids import evaluation_points
    from kinn.metrics import exact_values

    grid = evaluation_points(problem)
    exact = exact_values(problem, grid)
    assert exact is not None
    return grid, exact[:, 0]


def relative(values: Any, exact: Any) -> float:
    """Return the relative L2 error."""
    return float((((values - exact) ** 2).sum() / (exact**2).sum()) ** 0.5)


def run_kinn(problem_name: str, network: str, limit: float) -> None:
    """Train with KINN's defaults and report errors on the way."""
    from kinn import problems
    from kinn.forms import Trial, strong_form
    from kinn.solver import VALIDATION, chosen_network, chosen_optimizer, collocation_count
    from kinn.training.loop import Stopping, train
    from kinn.training.record import Record

    clock = Clock()
    problem = problems.factory(problem_name)()
    trial = Trial(problem, chosen_network(problem, network))
    points = collocation_count(trial)
    system = strong_form(trial, points=points, seed=0)
    validation = strong_form(trial, points=VALIDATION * points, seed=7_919)

    grid, exact = reference(problem)

    def report(record: Record) -> None:
        if record.validation is not None:  # just now the trial holds the parameters of this step
            clock.report(lambda: relative(trial.evaluate(grid, "u"), exact))
        if clock.now()[1] > limit:
            raise TimeoutError

    stopping = Stopping(budget=100 * limit, check_every=4)
    with suppress(TimeoutError):
        train(system, validation, chosen_optimizer(problem.defaults.optimizer), stopping, report)


def run_deepxde(problem_name: str, limit: float) -> None:
    """Train with DeepXDE as its examples do and report errors on the way."""
    os.environ["DDE_BACKEND"] = "pytorch"
    import deepxde as dde
    import numpy as np

    from kinn import problems

    grid, exact = reference(problems.factory(problem_name)())
    dde.config.set_random_seed(0)
    clock = Clock()
    if problem_name == "poisson-2d":

        def laplace(x: Any, u: Any) -> Any:
            source = 2 * np.pi**2 * dde.backend.sin(np.pi * x[:, :1]) * dde.backend.sin(np.pi * x[:, 1:])
            return dde.grad.hessian(u, x, i=0, j=0) + dde.grad.hessian(u, x, i=1, j=1) + source

        square = dde.geometry.Rectangle([-1, -1], [1, 1])
        rim = dde.icbc.DirichletBC(square, lambda x: np.zeros((len(x), 1)), lambda _, on: on)
        data = dde.data.PDE(square, laplace, rim, num_domain=2000, num_boundary=400)
        net = dde.nn.FNN([2, 50, 50, 50, 1], "tanh", "Glorot uniform")
    else:

        def burgers(x: Any, u: Any) -> Any:
            slope = dde.grad.jacobian(u, x, i=0, j=0)
            rate = dde.grad.jacobian(u, x, i=0, j=1)
            return rate + u * slope - 0.01 / np.pi * dde.grad.hessian(u, x, i=0, j=0)

        domain = dde.geometry.GeometryXTime(dde.geometry.Interval(-1, 1), dde.geometry.TimeDomain(0, 1))
        sides = dde.icbc.DirichletBC(domain, lambda x: np.zeros((len(x), 1)), lambda _, on: on)
        start = dde.icbc.IC(domain, lambda x: -np.sin(np.pi * x[:, :1]), lambda _, on: on)
        data = dde.data.TimePDE(domain, burgers, [sides, start], num_domain=2540, num_boundary=80, num_initial=160)
        net = dde.nn.FNN([2, 20, 20, 20, 1], "tanh", "Glorot normal")
    model = dde.Model(data, net)

    class Watch(dde.callbacks.Callback):
        """Reports the error every few steps and ends the stage at its share of the time."""

        def __init__(self, until: float, every: int) -> None:
            super().__init__()
            self.until, self.every, self.steps = until, every, 0

        def on_epoch_end(self) -> None:
            self.steps += 1
            if self.steps % self.every == 0:
                prediction = model.predict(grid)
                clock.report(lambda: relative(prediction[:, 0], exact))
            if clock.now()[1] > self.until:
                self.model.stop_training = True
                if self.model.opt_name == "L-BFGS":
                    raise TimeoutError

    model.compile("adam", lr=1e-3, verbose=0)
    model.train(iterations=10**7, callbacks=[Watch(0.6 * limit, 200)], display_every=10**7, verbose=0)
    dde.optimizers.config.set_LBFGS_options(maxiter=10**6, ftol=0, gtol=0, maxls=50)
    model.compile("L-BFGS", verbose=0)
    with suppress(TimeoutError):
        model.train(callbacks=[Watch(limit, 1)], display_every=10**7, verbose=0)


def measure(problem: str, solver: str, limit: float, threads: int) -> list[dict[str, float]]:
    """Run a solver in a process of its own and return what it reported."""
    settings = {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    command = [sys.executable, __file__, "--worker", solver, "--problem", problem, "--limit", str(limit)]
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise SystemExit(f"{solver} on {problem} reported nothing:\n{done.stderr[-2000:]}")
    return lines


def first_below(lines: list[dict[str, float]], level: float) -> float | None:
    """Return the CPU seconds at which the error first fell below a level."""
    return next((line["cpu"] for line in lines if line["error"] < level), None)


def table(limit: float, threads: int, jobs: int) -> str:
    """Run everything and return the table."""
    rows = []
    with ThreadPoolExecutor(jobs) as pool:
        work = [(problem, solver) for problem in PROBLEMS for solver in SOLVERS]
        measured = dict(zip(work, pool.map(lambda w: measure(*w, limit, threads), work), strict=True))
    for problem in PROBLEMS:
        runs = {solver: measured[problem, solver] for solver in SOLVERS}
        for level in LEVELS:
            peer = first_below(runs["deepxde"], level)
            cells = []
            for solver in SOLVERS:
                seconds = first_below(runs[solver], level)
                cell = f"not in {runs[solver][-1]['cpu']:.0f}" if seconds is None else f"{seconds:.1f}"
                if solver != "deepxde" and seconds is not None:
                    bound = peer if peer is not None else runs["deepxde"][-1]["cpu"]
                    cell += f" ({'' if peer is not None else '> '}{bound / seconds:.0f} x)"
                cells.append(cell)
            rows.append(f"| {problem} | {level:.0e} | " + " | ".join(cells) + " |")
        best = " | ".join(f"{min(line['error'] for line in runs[s]):.1e}" for s in SOLVERS)
        rows.append(f"| {problem} | best error | {best} |")
    head = "| problem | relative L2 | " + " | ".join(SOLVERS) + " |\n|---|---|" + "---|" * len(SOLVERS)
    return head + "\n" + "\n".join(rows)


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=float, default=300.0, help="CPU seconds for each run")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time: CPU seconds are what is compared")
    parser.add_argument("--worker", choices=SOLVERS, help=argparse.SUPPRESS)
    parser.add_argument("--problem", choices=PROBLEMS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker == "deepxde":
        run_deepxde(options.problem, options.limit)
    elif options.worker:
        run_kinn(options.problem, options.worker.split()[1], options.limit)
    else:
        text = table(options.limit, options.threads, options.jobs)
        print(text)
        put_section(PAGE, "time-to-accuracy", section(text, options.limit, options.threads))


def section(text: str, limit: float, threads: int) -> str:
    """Return the section of the documentation page."""
    return f"""## Time to an accuracy

Time to an accuracy, in CPU seconds of training (set-up included, imports and the measuring of errors not), one run a
solver in a process of its own, {threads} thread(s), at most {limit:.0f} CPU seconds each; in brackets how many times faster than DeepXDE.
Measured by `python benchmarks/time_to_accuracy.py` on {processor()}, {versions(("torch", "deepxde", "numpy"))}.

{text}

DeepXDE: float32, tanh MLP (poisson-2d 2-50-50-50-1, 2,000 + 400 points; burgers 2-20-20-20-1, 2,540 + 80 + 160 points),
Adam at 1e-3 for 60 % of the time, then L-BFGS with its tolerances at 0. KINN: the problem's defaults in float64,
seed 0. The error is the relative L2 error on the problem's evaluation grid.
"""


if __name__ == "__main__":
    main()
