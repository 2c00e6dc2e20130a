"""How a layer is laid out on a device: blocks, tiles and shared memory, the same for the kernels and for their tests.

Sizes of arrays in shared memory follow the kernels in `kernels/`, which cut them off in the same order. Tiles take as
much of it as leaves room for several blocks on a multiprocessor, and more only where one input would not fit otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from kinn.ops.gpu.variant import Variant

#: Threads of a block at most: MAX_THREADS in kernels/layer.cuh.
MAX_THREADS = 128

#: The matrices of an uneven grid are copied to shared memory up to this many bytes.
MAX_STAGED_BYTES = 12 << 10

#: What a tile of inputs may take of shared memory where it has the choice, in bytes.
TILE_BYTES = 40 << 10

#: Numbers of 4 bytes that a thread keeps in registers for the jets of its outputs.
JET_REGISTERS = 64

#: Blocks that share a multiprocessor, by the registers that they use.
RESIDENT_BLOCKS = 4

#: Tiles of samples that a block adds up at least before it hands over its part of a weight's cotangent.
MIN_TILES_PER_BLOCK = 2

#: Warps that a multiprocessor issues instructions of at a time.
SCHEDULERS_PER_MULTIPROCESSOR = 4

#: Outputs that a thread takes at least, if there are as many: forming the functions on an edge costs about as much.
MIN_OUTPUTS = 4


@dataclass(frozen=True)
class Limits:
    """Resources of a device.

    Attributes:
        multiprocessors: Their number.
        shared: The bytes of shared memory that a block may ask for.
        threads: The largest block to launch, a multiple of 32.
    """

    multiprocessors: int
    shared: int
    threads: int = MAX_THREADS


@dataclass(frozen=True)
class Sizes:
    """The sizes of a layer: points, inputs, outputs, and cells of its grid."""

    points: int
    inputs: int
    outputs: int
    cells: int


@dataclass(frozen=True, eq=False)
class Launch:
    """A kernel and how to launch it; hashed as an object.

    Attributes:
        source: The file in `kernels/`.
        kernel: The name of the kernel.
        variant: What it is compiled for.
        grid: Blocks.
        block: Threads of a block.
        shared: Bytes of shared memory.
        scalars: The arguments that follow the pointers.
    """

    source: str
    kernel: str
    variant: Variant
    grid: tuple[int, int]
    block: tuple[int, int]
    shared: int
    scalars: tuple[Any, ...]


def _sample_parallel(name: str, variant: Variant, sizes: Sizes, limits: Limits) -> Launch:
    """Launch of a kernel whose threads have a sample each and some outputs at a time."""
    slots = sizes.cells + variant.degree + 1
    staged, splines = _splines(variant, sizes.cells)
    threads = limits.threads
    # few points: first a block for every multiprocessor, then a warp for every scheduler
    while threads > 32 and sizes.points < 2 * limits.multiprocessors * threads:
        threads //= 2
    shares = -(-SCHEDULERS_PER_MULTIPROCESSOR * limits.multiprocessors * 32 // sizes.points)
    outputs = _max_outputs(variant)
    if name == "forward":
        outputs = min(outputs, max(MIN_OUTPUTS, -(-sizes.outputs // shares)))
    outputs = _equal_part(sizes.outputs, outputs)

    def shared(outputs: int, threads: int, inputs: int) -> int:
        column = (threads + 1) * variant.bytes
        tile = variant.components * inputs
        weights = carve(inputs * slots * (outputs | 1), variant.bytes)
        if name == "forward":
            return splines + weights + carve(max(tile, outputs) * column)
        tiles = 2 if sizes.outputs > outputs else 1
        return splines + weights + tiles * carve(tile * column) + carve(outputs * column)

    while shared(outputs, threads, 1) > limits.shared and (outputs > 1 or threads > 32):
        outputs, threads = (-(-outputs // 2), threads) if outputs > 1 else (outputs, threads // 2)
    inputs = 1
    while inputs < sizes.inputs and shared(outputs, threads, inputs + 1) <= min(TILE_BYTES, limits.shared):
        inputs += 1
    if name == "input_grad":
        inputs = min(inputs, -(-sizes.inputs // shares))
    inputs = _equal_part(sizes.inputs, inputs)
    blocks = -(-sizes.points // threads)
    blocks *= -(-sizes.outputs // outputs) if name == "forward" else -(-sizes.inputs // inputs)
    return Launch(
        f"{name}.cu",
        f"kinn_{name}",
        replace(variant, outputs=outputs),
        (blocks, 1),
        (threads, 1),
        shared(outputs, threads, inputs),
        _scalars(sizes, staged, inputs),
    )


#: Launches of `kinn_forward` and `kinn_input_grad`.
forward, input_grad = partial(_sample_parallel, "forward"), partial(_sample_parallel, "input_grad")


def weight(variant: Variant, sizes: Sizes, limits: Limits) -> tuple[Launch, Launch | None]:
    """Launches of `kinn_weight_parts` and `kinn_weight_sum`, the latter None if there is but one part."""
    slots = sizes.cells + variant.degree + 1
    staged, splines = _splines(variant, sizes.cells)
    outputs = _outputs_per_thread(variant, sizes.outputs)
    group = outputs * variant.bytes
    groups = -(-sizes.outputs // outputs)
    owners = max(1, min(limits.threads, limits.shared // 4 // (slots * group)))
    while True:
        tile_groups = _equal_part(groups, owners)
        tile_inputs = _equal_part(sizes.inputs, owners // tile_groups)
        columns = tile_groups * tile_inputs
        copies = owners // columns
        banks = -(-copies * columns * group // 128) * 128 // group  # a thread keeps to its banks, whatever the slot
        pitch = banks if banks <= owners else copies * columns
        sample_bytes = tile_inputs * variant.record, tile_inputs * 4, variant.components * tile_groups * group
        samples = max(1, min(limits.shared // 8 // sum(sample_bytes), 2 * limits.threads // tile_inputs))
        samples = max(samples // copies * copies, min(samples, copies))
        shared = splines + carve(slots * pitch * group) + sum(carve(samples * size) for size in sample_bytes)
        if shared <= limits.shared or owners == 1:
            break
        owners //= 2
    tiles = -(-groups // tile_groups) * -(-sizes.inputs // tile_inputs)
    parts = max(
        1, min(RESIDENT_BLOCKS * limits.multiprocessors // tiles, -(-sizes.points // (samples * MIN_TILES_PER_BLOCK)))
    )
    first = Launch(
        "weight.cu",
        "kinn_weight_parts",
        replace(variant, outputs=outputs),
        (tiles, parts),
        (limits.threads, 1),
        shared,
        _scalars(sizes, staged, tile_inputs, tile_groups, copies, pitch, samples),
    )
    if parts == 1:
        return first, None
    size = sizes.inputs * slots * sizes.outputs
    rows = min(8, limits.threads // 32)
    second = replace(
        first,
        kernel="kinn_weight_sum",
        grid=(-(-size // 32), 1),
        block=(32, rows),
        shared=carve(32 * rows, variant.bytes),
        scalars=(np.int32(size), np.int32(parts)),
    )
    return first, second


def jacobian(variant: Variant, sizes: Sizes, limits: Limits, pitch: int) -> Launch:
    """Launch of `kinn_jacobian` on a matrix whose rows lie `pitch` numbers apart."""
    staged, splines = _splines(variant, sizes.cells)
    record_bytes = variant.record + 4
    records = max(1, min(limits.threads, limits.shared // 8 // record_bytes))
    inputs = _equal_part(sizes.inputs, records)
    samples = max(1, records // inputs)
    return Launch(
        "jacobian.cu",
        "kinn_jacobian",
        variant,
        (-(-sizes.points // samples) * -(-sizes.inputs // inputs), 1),
        (limits.threads, 1),
        splines + carve(samples * inputs * variant.record) + carve(samples * inputs * 4),
        (*_scalars(sizes, staged, inputs, samples), np.int64(pitch)),
    )


def carve(count: int, size: int = 1) -> int:
    """Bytes that an array takes in shared memory: see `carve` in kernels/arithmetic.cuh."""
    return -(-count * size // 16) * 16


def _splines(variant: Variant, cells: int) -> tuple[int, int]:
    """Whether the matrices of the cells are copied to shared memory, and what the grid takes of it."""
    size = (variant.degree + 1) ** 2
    all_matrices = carve(cells * (size | 1), variant.bytes)
    staged = not variant.even and all_matrices <= MAX_STAGED_BYTES
    matrices = carve(size, variant.bytes) if variant.even else all_matrices * staged
    return int(staged), matrices + carve(cells + 1, variant.bytes)


def _max_outputs(variant: Variant) -> int:
    """Number of outputs whose jets a thread can keep."""
    return max(1, min(16, JET_REGISTERS * 4 // (variant.components * variant.bytes)))


def _outputs_per_thread(variant: Variant, outputs: int) -> int:
    """Number of outputs of an input that a thread owns: those that cost the fewest passes through shared memory.

    Per 32 owned numbers a slot's total is read and written once for every live spline, and a cotangent read for every
    component of the jet; the record is shared by the thread's outputs. Outputs beyond the last are a waste.
    """
    words = variant.bytes // 4
    passes = words * (2 * (variant.degree + 1) + variant.components)
    choices = [n for n in (4, 2, 1) if n * variant.bytes <= 16 and n <= _max_outputs(variant)]
    return min(choices, key=lambda n: -(-outputs // n) * (n * passes + variant.record // 16))


def _equal_part(total: int, limit: int) -> int:
    """Size of the parts when `total` is cut into as few parts as `limit` allows, and equal ones."""
    return -(-total // -(-total // max(limit, 1)))


def _scalars(sizes: Sizes, *others: int) -> tuple[Any, ...]:
    return tuple(np.int32(n) for n in (sizes.points, sizes.inputs, sizes.outputs, sizes.cells, *others))
