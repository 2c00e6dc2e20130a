"""Memory and time of the energy form on a three-dimensional solid with a million quadrature points.

    OMP_NUM_THREADS=1 python benchmarks/memory.py         # a clamped block under a load, KAN and MLP
    python benchmarks/memory.py --problem cantilever-3d --points 100000 --network kan --optimizer lm

Each network is trained in a separate process for a few steps. The table lists the peak memory of the process, start-up and
guard quadrature (half as many points again) included, and the CPU time of a step, the first one excluded. `--page` writes it
into docs/mechanics.md.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from pages import processor, put_section, table, versions

if TYPE_CHECKING:
    from kinn.problem import Problem

PAGE = Path(__file__).parent.parent / "docs" / "mechanics.md"

#: The name of the block.
BLOCK = "block"

#: The unit of ru_maxrss in bytes: kilobytes, except on macOS.
RSS_UNIT = 1 if sys.platform == "darwin" else 1024


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problem", default=BLOCK, help="a name of the library, or the block")
    parser.add_argument("--network", action="append", metavar="NAME", help="repeatable; kan and mlp if left out")
    parser.add_argument("--optimizer", action="append", metavar="NAME", help="repeatable; lm and lbfgs if left out")
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--page", action="store_true", help="write the documentation's section")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    networks, optimizers = options.network or ["kan", "mlp"], options.optimizer or ["lm", "lbfgs"]
    if options.one:
        print(json.dumps(measure(options.problem, networks[0], optimizers[0], options.points, options.steps)))
        return
    rows = []
    for optimizer in optimizers:
        for network in networks:
            command = [sys.executable, __file__, "--one", "--problem", options.problem, "--network", network]
            command += ["--optimizer", optimizer, "--points", str(options.points), "--steps", str(options.steps)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            rows.append(json.loads(done.stdout.splitlines()[-1]))
            print(rows[-1], flush=True)
    if options.page:
        put_section(PAGE, "memory", section(options.problem, rows))


def measure(problem: str, network: str, optimizer: str, points: int, steps: int) -> dict[str, Any]:
    """Return the memory and the time of a solve of a few steps."""
    import torch

    import kinn
    from kinn import problems
    from kinn.arguments import resolve_network

    torch.set_num_threads(1)
    case = block() if problem == BLOCK else problems.get(problem)
    in_energy_form = case.in_form("energy")
    imported = peak()
    solution = kinn.solve(
        case,
        resolve_network(in_energy_form, network),
        form="energy",
        optimizer=optimizer,
        points=points,
        iterations=steps,
        budget=1e6,
        clock="cpu",
        threads=1,
    )
    steps_cpu = [b.seconds - a.seconds for a, b in pairwise(solution.history)]
    return {
        "network": network,
        "parameters": solution.parameters,
        "optimizer": optimizer,
        "points": points,
        "imported": imported,
        "peak": peak(),
        "step": median(steps_cpu),
        "cpu": time.process_time(),
    }


def block() -> Problem:
    """Return a block of 4 x 1 x 1, clamped at one end and loaded downwards at the other: E = 1000, nu = 0.3."""
    from kinn import KAN, MLP, Cuboid, Defaults, Dirichlet
    from kinn import Problem as Stated
    from kinn.mechanics import Solid

    material, names = Solid(1000.0, 0.3), ("u", "v", "w")
    return Stated(
        BLOCK,
        Cuboid((0.0, 0.0, 0.0), (4.0, 1.0, 1.0)),
        fields=names,
        energy=lambda u, v, w, p: material.energy((u, v, w)),
        work={"right": lambda u, v, w, p: -1.0 * w},
        conditions=[Dirichlet(name, 0.0, on="left", enforce="hard") for name in names],
        defaults=Defaults(networks={"kan": KAN((6,), 3, 5), "mlp": MLP((14, 14))}),
    )


def peak() -> float:
    """Return the peak memory of this process in gigabytes (2^30 bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT / 2**30


def section(problem: str, rows: list[dict[str, Any]]) -> str:
    """Return the section of the page."""
    head = (
        f"`{problem}`, {rows[0]['points']:,} quadrature points and half as many again for the guard quadrature, float64, one thread of "
        f"{processor()}, {versions(['torch', 'numpy'])} (`python benchmarks/memory.py --page`):"
    )
    lines = [
        [
            r["network"],
            f"{r['parameters']}",
            r["optimizer"],
            f"{r['peak']:.2f}",
            f"{r['imported']:.2f}",
            f"{r['step']:.1f}",
        ]
        for r in rows
    ]
    heads = ["network", "parameters", "optimizer", "peak memory, GB", "of which imports, GB", "CPU s per step"]
    return f"{head}\n\n{table(heads, lines, left=3)}"


if __name__ == "__main__":
    main()
