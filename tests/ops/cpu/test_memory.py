"""Freed memory is kept for the next step: a step asks the kernel for no pages."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

SCRIPT = """
import resource, torch
from kinn.jets import IndexSet
from kinn.networks import KAN, coordinate_stack

index = IndexSet.full(2, 2)
network = KAN(width=(16, 16)).build(2, 1)
stack = coordinate_stack(torch.rand(4096, 2, dtype=torch.float64), index)

def step():
    loss = network.push(stack, index).square().mean()
    torch.autograd.grad(loss, list(network.parameters()))

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        step()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 5

for _ in range(10):
    step()
print(min(faults() for _ in range(6)))  # the system may take pages of its own accord now and then
"""


def faults(**settings: str) -> float:
    """Return the page faults of a step in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_"))}
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], env={**environment, "OMP_NUM_THREADS": "1", **settings},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(ran.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the setting is one of the GNU C library's")
def test_a_step_asks_for_no_pages() -> None:
    assert faults() < 100


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the setting is one of the GNU C library's")
def test_the_settings_of_the_user_stand() -> None:
    assert faults(MALLOC_TRIM_THRESHOLD_="131072") > 200
