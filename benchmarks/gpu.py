"""One training step on a CUDA device, compared with other implementations.

    python benchmarks/gpu.py             # writes its section of docs/performance.md
    python benchmarks/gpu.py --quick     # few sizes; prints and writes nothing

The step is that of `benchmarks/step.py`: the residual u_xx + u_yy - f of the 2D Poisson equation at N points, its mean
square, and the gradient of that with respect to all parameters; here all points at once. Times are medians by CUDA
events. Where a baseline's step does not fit into the memory of the device, it takes the points in equal parts, and one of
them is timed.

Without a CUDA device the script reports so and ends.
"""

from __future__ import annotations

import argparse
import gc
import statistics
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from pages import put_section, table, versions
from step_cases import jets, load
from step_cases.sizes import Sizes, Step, draw
from step_report.child import device_times
from step_report.tables import digits, milliseconds

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"

NO_DEVICE = "No CUDA device was found: nothing is measured, and no value is guessed."

TEXT = """## On a GPU

One training step in milliseconds, all points at once: the KAN [2, w, w, 1] with G = 10, k = 3, the same with its
launches in a CUDA graph, the same KAN under nested automatic differentiation, and a tanh MLP [2, 64, 64, 64, 1] under
nested automatic differentiation and compiled. Measured by `python benchmarks/gpu.py` on {conditions}.
"""

NOTES = """
Shares are relative to multiply-adds outside tensor cores and to a copy in device memory, both measured in the same run
({rates}); operations and bytes are counted from the formulas (a multiply-add is two operations, address arithmetic
none).
"""

#: Multiply-adds of independent chains, for the peak rate of a device.
CHAINS = r"""
extern "C" __global__ void chains(REAL* out, int rounds) {
    REAL a[16];
    const REAL b = REAL(0.999) + threadIdx.x * REAL(1e-6), c = REAL(1e-3);
    #pragma unroll
    for (int n = 0; n < 16; ++n) a[n] = n;
    for (int round = 0; round < rounds; ++round) {
        #pragma unroll
        for (int n = 0; n < 16; ++n) a[n] = a[n] * b + c;
    }
    REAL sum = 0;
    #pragma unroll
    for (int n = 0; n < 16; ++n) sum += a[n];
    out[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}
"""


@dataclass(frozen=True)
class Work:
    """The operations of a step of the KAN, and the bytes between its layers."""

    operations: float
    bytes: float


def work_of(sizes: Sizes) -> Work:
    """Return the work for a value, two first derivatives and their sum of second ones: see docs/kernels.md."""
    k, components, seconds, orders = sizes.degree, 4, 1, 3
    live = k + 2
    contraction = orders * live
    forward = contraction + 1 + (components - 1) + seconds
    inward = contraction + components + (components - 1) + seconds
    weight = contraction + (components - 1) + seconds
    tables = (k + 1) * (3 * k - 3 + 4) + 30  # Horner's rule with two derivatives, their scales, silu, the bounded map
    size = {"float32": 4, "float64": 8}[sizes.dtype]
    operations = numbers = 0.0
    for n, (a, b) in enumerate(pairwise(sizes.layers)):
        passes = 2 + (n > 0)  # the cotangents of the coordinates are not needed
        operations += 2.0 * (a * b * (forward + weight + (n > 0) * inward) + passes * a * tables)
        numbers += components * (passes * (a + b) + (n > 0) * a)
    return Work(sizes.points * operations, sizes.points * numbers * size)


def median(step: Step, seconds: float) -> float:
    """Return the median time of a step."""
    step()  # compiles
    return statistics.median(device_times(step, seconds)["wall"])


def baseline_time(name: str, sizes: Sizes, seconds: float) -> str:
    """Return the time of a baseline for a table, or why there is none."""
    for parts in (1, 4, 16, 64):
        gc.collect()
        torch.cuda.empty_cache()
        try:
            time = parts * median(load(name)(replace(sizes, points=sizes.points // parts)).timed["step"], seconds)
        except torch.cuda.OutOfMemoryError:
            continue
        except Exception as error:  # noqa: BLE001 - the other values are independent
            return f"failed: {type(error).__name__}"
        return milliseconds(time) + (f" (in {parts} parts)" if parts > 1 else "")
    return "out of memory"


def captured(step: Step) -> Step:
    """Return the step as one CUDA graph."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def multiply_adds(dtype: str, seconds: float) -> float:
    """Return the peak operations per second of the device, tensor cores excluded."""
    import cupy

    real = {"float32": "float", "float64": "double"}[dtype]
    kernel = cupy.RawKernel(CHAINS.replace("REAL", real), "chains")
    blocks, threads, rounds = 64 * torch.cuda.get_device_properties(0).multi_processor_count, 256, 512
    out = torch.empty(blocks * threads, dtype=getattr(torch, dtype), device="cuda")

    def step() -> None:  # on the default stream, CuPy's and torch's
        kernel((blocks,), (threads,), (out.data_ptr(), np.int32(rounds)))

    return 2.0 * 16 * rounds * blocks * threads / median(step, seconds)


def row(sizes: Sizes, mlp: list[str], peak: float, copy: float, seconds: float) -> list[str]:
    """Return a row of the table."""
    x, source = draw(sizes)
    network = jets.build(sizes, jets.kan_architecture(sizes))
    if (used := network.backend(jets.INDEX)) != "cupy":
        raise SystemExit(f"the cupy back end was to be measured, but {used} was used")
    step = jets.step_at(network, x, source, block=len(x))
    time, graph = median(step, seconds), median(captured(step), seconds)
    nested = baseline_time("nested kan", sizes, seconds)
    work = work_of(sizes)
    return [
        f"{sizes.points:,}", str(sizes.width[0]), sizes.dtype, milliseconds(time), milliseconds(graph), nested, *mlp,
        f"{100 * work.operations / time / peak:.0f} %", f"{100 * work.bytes / time / copy:.0f} %",
    ]  # fmt: skip


def section(quick: bool) -> str:
    """Measure, and return the section of the page."""
    torch.backends.cuda.matmul.allow_tf32 = False
    seconds = 0.05 if quick else 0.5
    rows, rates = [], []
    for dtype in ("float32", "float64"):
        limits = load("ceilings")(Sizes(dtype=dtype, device="cuda"))
        peak = multiply_adds(dtype, seconds)
        copy = limits.facts["bytes"] / median(limits.timed["copy"], seconds)
        rates.append(f"{dtype} {digits(peak / 1e12)} Tflop/s, {digits(copy / 1e12)} TB/s")
        del limits
        for points in (4096,) if quick else (4096, 65_536, 1_048_576):
            base = Sizes(points=points, dtype=dtype, device="cuda")
            mlp = [
                baseline_time(name, replace(base, width=(64, 64, 64)), seconds)
                for name in ("nested mlp", "compiled mlp")
            ]
            for width in (5, 16) if quick else (5, 16, 64):
                rows.append(row(replace(base, width=(width, width)), mlp, peak, copy, seconds))
                print(" ".join(rows[-1]), flush=True)
    heads = [
        "points", "w", "precision", "KINN", "CUDA graph", "nested KAN", "MLP", "MLP, compiled",
        "share of multiply-adds", "share of copy",
    ]  # fmt: skip
    conditions = f"{torch.cuda.get_device_name()}, {versions(('torch', 'cupy-cuda12x', 'cupy-cuda13x'))}"
    return TEXT.format(conditions=conditions) + "\n" + table(heads, rows) + "\n" + NOTES.format(rates="; ".join(rates))


def main() -> None:
    """Parse the command line, measure, write the section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few sizes; prints the section and writes nothing")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to write the section into")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print(NO_DEVICE)
        return
    text = section(options.quick)
    print(text)
    if not options.quick:
        put_section(options.page, "gpu", text)


if __name__ == "__main__":
    main()
