"""Memory and time of the energy form on a solid in space with a million quadrature points.

    OMP_NUM_THREADS=1 python benchmarks/memory.py         # a clamped block under a load, KAN and MLP
    python benchmarks/memory.py --problem cantilever-3d --points 100000 --network kan --optimizer lm

Each network is trained in a process of its own for a few steps; what is told is the most memory that the process held, its start
and the guard's rule (half as many points again) included, and the processor's seconds of a step, the first left out. `--page`
writes the lines into docs/mechanics.md.
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

from pages import processor, put_section, versions

if TYPE_CHECKING:
    from kinn.problem import Problem

PAGE = Path(__file__).parent.parent / "docs" / "mechanics.md"

#: The name of the block.
BLOCK = "block"

#: Bytes of a unit of the system's largest resident set: kilobytes, but on macOS.
UNIT = 1 if sys.platform == "darwin" else 1024


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
        print(json.dumps(measured(options.problem, networks[0], optimizers[0], options.points, options.steps)))
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


def measured(problem: str, network: str, optimizer: str, points: int, steps: int) -> dict[str, Any]:
    """Return what a solve of a few steps takes."""
    import torch

    import kinn
    from kinn import problems
    from kinn.solver import resolve_network

    torch.set_num_threads(1)
    made = block() if problem == BLOCK else problems.get(problem)
    stated = made.in_form("energy")
    held = peak()
    solution = kinn.solve(
        made,
        resolve_network(stated, network),
        form="energy",
        optimizer=optimizer,
        points=points,
        iterations=steps,
        budget=1e6,
        clock="cpu",
        threads=1,
    )
    each = [b.seconds - a.seconds for a, b in pairwise(solution.history)]
    return {
        "network": network,
        "parameters": solution.parameters,
        "optimizer": optimizer,
        "points": points,
        "imported": held,
        "peak": peak(),
        "step": median(each),
        "cpu": time.process_time(),
    }


def block() -> Problem:
    """Return a block of 4 x 1 x 1, clamped at one end and drawn down at the other: E = 1000, nu = 0.3."""
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
    """Return the most memory that this process has held, in gigabytes (2^30 bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT / 2**30


def section(problem: str, rows: list[dict[str, Any]]) -> str:
    """Return the section of the page."""
    head = (
        f"`{problem}`, {rows[0]['points']:,} quadrature points and half as many again for the guard, float64, one thread of "
        f"{processor()}, {versions(['torch', 'numpy'])} (`python benchmarks/memory.py --page`):"
    )
    lines = [
        head,
        "",
        "| network | parameters | optimizer | most memory, GB | of that imports, GB | CPU seconds a step |",
        "|---|---|---|---|---|---|",
        *(
            f"| {r['network']} | {r['parameters']} | {r['optimizer']} | {r['peak']:.2f} | {r['imported']:.2f} | {r['step']:.1f} |"
            for r in rows
        ),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
