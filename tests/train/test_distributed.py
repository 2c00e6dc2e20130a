"""Many processes as one: sums over shares are those of all points, solves are the same, rank 0 writes."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import distributed as dist

import kinn
from kinn import KAN, InputError, problems
from kinn.forms import DomainTrial, strong_form
from kinn.train.distributed import DistributedObjective

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")


def system(name: str, points: int = 90) -> Any:
    return strong_form(DomainTrial(problems.get(name), KAN((3,), grid=4), seed=1), points=points)


def measure(name: str) -> dict[str, Any]:
    """Return everything that optimisers ask of a system, at its first parameters."""
    whole = system(name)
    shared = DistributedObjective(whole) if dist.is_initialized() else whole
    theta = whole.start()
    curvature = shared.curvature(theta)
    residuals = torch.cat([r.clone() for r, _ in shared.blocks(theta)])
    return {
        "loss": torch.tensor(shared.loss(theta)),
        "gradient": shared.gradient(theta)[1],
        "half_gradient": curvature.half_gradient,
        "matrix": curvature.matrix,
        "residuals": residuals.sort().values,
        "terms": torch.tensor(list(shared.term_losses(theta).values())),
    }


def solve(name: str) -> dict[str, Any]:
    solution = kinn.solve(problems.get(name), KAN((3,), grid=4), points=90, iterations=8, budget=600)
    return {"theta": solution.fields.flat.get(), "losses": torch.tensor([r.loss for r in solution.history])}


def refused(name: str) -> dict[str, Any]:
    try:
        kinn.solve(problems.get(name), KAN((3,), grid=4), points=90, iterations=2, weights="ntk")
    except InputError as error:
        return {"message": str(error)}
    return {}


def joined(rank: int, count: int, place: Path, work: Any, argument: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{place / 'meeting'}", rank=rank, world_size=count)
    torch.save(work(argument), place / f"{rank}.pt")
    dist.destroy_process_group()


def on_processes(count: int, place: Path, work: Any, argument: str) -> list[dict[str, Any]]:
    """Return what each of several processes finds."""
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=joined, args=(n, count, place, work, argument)) for n in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
    return [torch.load(place / f"{n}.pt", weights_only=True) for n in range(count)]


@pytest.mark.parametrize("name", ["poisson-1d", "crack", "kovasznay"])
def test_sums_are_those_of_all_points(name: str, tmp_path: Path) -> None:
    alone = measure(name)
    for found in on_processes(3, tmp_path, measure, name):
        for what, value in alone.items():
            torch.testing.assert_close(found[what], value, rtol=1e-12, atol=1e-12 * float(value.abs().max()))


def test_a_solve_takes_the_same_steps(tmp_path: Path) -> None:
    alone = solve("poisson-1d")
    first, second = on_processes(2, tmp_path, solve, "poisson-1d")
    assert torch.equal(first["theta"], second["theta"])  # or they would drift apart
    torch.testing.assert_close(first["losses"][0], alone["losses"][0], rtol=1e-12, atol=0.0)
    torch.testing.assert_close(first["losses"], alone["losses"], rtol=1e-6, atol=0.0)


def test_strategies_are_for_one_process(tmp_path: Path) -> None:
    for found in on_processes(2, tmp_path, refused, "poisson-1d"):
        assert found["message"] == "strategies that move or weight points, and mini-batches, are for one process"


@pytest.mark.slow
def test_torchrun_solves_on_two_processes_and_one_writes(tmp_path: Path) -> None:
    command = [
        "-m",
        "kinn",
        "solve",
        "poisson-1d",
        "--set",
        "network.width=3",
        "--points",
        "90",
        "--iterations",
        "6",
        "--json",
    ]
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *command]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, env=environment, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("{")]
    summary = json.loads(line)
    assert [p.name for p in (tmp_path / summary["run"]).parent.iterdir()] == [Path(summary["run"]).name]
    whole = subprocess.run(
        [sys.executable, *command, "--out", "alone"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    alone = json.loads(whole.stdout.splitlines()[-1])
    assert summary["errors"]["u"]["l2"] == pytest.approx(alone["errors"]["u"]["l2"], rel=1e-6)
