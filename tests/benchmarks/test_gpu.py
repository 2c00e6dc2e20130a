"""The benchmark on a CUDA device: what it counts, and what it says where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

FOLDER = Path(__file__).parents[2] / "benchmarks"


def run(*arguments: str, **environment: str) -> str:
    command = [sys.executable, str(FOLDER / "gpu.py"), *arguments]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_without_a_device_it_says_so_and_ends() -> None:
    found = run(CUDA_VISIBLE_DEVICES="")
    assert found == "No CUDA device was found: nothing is measured, and no value is guessed.\n"


def test_operations_and_bytes_follow_from_the_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    from gpu import work_of
    from step_cases.sizes import Sizes

    one = work_of(Sizes(width=(16, 16), points=1))
    # 2 -> 16 forward and its weight; 16 -> 16 and 16 -> 1 also inward: multiply-adds an edge, and 70 an input and pass
    edges = 32 * (20 + 19) + (256 + 16) * (20 + 23 + 19)
    assert one.operations == 2 * (edges + 70 * (2 * 2 + 2 * 3 * 16))
    # stacks of four components: inputs and outputs of every pass, and the cotangents of the inputs
    assert one.bytes == 4 * 4 * (2 * 18 + 3 * (32 + 17) + 2 * 16)
    many = work_of(Sizes(width=(16, 16), points=1000, dtype="float64"))
    assert many.operations == pytest.approx(1000 * one.operations)
    assert many.bytes == pytest.approx(2000 * one.bytes)
    assert work_of(replace(Sizes(), grid=100)) == work_of(Sizes())


@pytest.mark.gpu
@pytest.mark.slow
def test_it_measures() -> None:
    found = run("--quick")
    assert torch.cuda.get_device_name() in found
    assert found.count("| 4,096 |") == 4
    assert "failed" not in found
