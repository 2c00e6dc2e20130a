"""Every layer that the back end supports fits on every device."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinn.jets import IndexSet
from kinn.jets.index import trace
from kinn.ops.gpu import launch_config
from kinn.ops.gpu.launch_config import Launch, Limits, Sizes
from kinn.ops.gpu.layer import MAX_SIZE
from kinn.ops.gpu.variant import Variant

INDEX_SETS = [
    IndexSet.full(1, 0),
    IndexSet.full(3, 1),
    IndexSet.closure(2, [trace(2, (0, 1))]),
    IndexSet.full(3, 2),
    IndexSet.full(6, 2),
]

#: Compute capability 7.5, 8.6, 8.0 and 9.0: NVIDIA, CUDA C++ Programming Guide, table of technical specifications.
DEVICES = [Limits(40, 64 << 10), Limits(84, 99 << 10), Limits(108, 163 << 10), Limits(132, 227 << 10)]

variants = st.builds(
    Variant.of,
    st.sampled_from(INDEX_SETS),
    st.sampled_from(["float", "double"]),
    st.integers(1, 7),
    st.sampled_from(["none", "tanh"]),
    st.booleans(),
)
sizes = st.builds(
    Sizes,
    st.one_of(st.integers(1, 300), st.sampled_from([4096, 65536, 1 << 20, 1 << 24])),
    st.integers(1, 300),
    st.integers(1, 300),
    st.one_of(st.integers(1, 60), st.integers(1, MAX_SIZE - 7)),
)


def check_block(launch: Launch, limits: Limits) -> None:
    threads = launch.block[0] * launch.block[1]
    assert 32 <= threads <= limits.threads
    assert threads % 32 == 0
    assert 0 < launch.shared <= limits.shared
    assert 1 <= launch.grid[0] < 2**31
    assert 1 <= launch.grid[1] < 2**16


@given(variants, sizes, st.sampled_from(DEVICES))
def test_threads_with_a_sample_each(variant: Variant, sizes: Sizes, limits: Limits) -> None:
    for launch in (launch_config.forward(variant, sizes, limits), launch_config.input_grad(variant, sizes, limits)):
        check_block(launch, limits)
        tile, outputs = int(launch.scalars[-1]), launch.variant.outputs
        assert 1 <= tile <= sizes.inputs
        assert 1 <= outputs <= min(16, sizes.outputs)
        samples = -(-sizes.points // launch.block[0])
        across = (sizes.outputs, outputs) if launch.kernel == "kinn_forward" else (sizes.inputs, tile)
        assert launch.grid == (samples * -(-across[0] // across[1]), 1)


@given(variants, sizes, st.sampled_from(DEVICES))
def test_the_weight_in_parts(variant: Variant, sizes: Sizes, limits: Limits) -> None:
    first, second = launch_config.weight(variant, sizes, limits)
    check_block(first, limits)
    tile_inputs, tile_groups, copies, pitch, samples = (int(n) for n in first.scalars[-5:])
    assert tile_inputs * tile_groups * copies <= min(pitch, limits.threads)
    assert samples >= 1
    groups = -(-sizes.outputs // first.variant.outputs)
    assert first.grid[0] == -(-groups // tile_groups) * -(-sizes.inputs // tile_inputs)
    assert (second is None) == (first.grid[1] == 1)
    if second is not None:
        check_block(second, limits)
        assert second.scalars[1] == first.grid[1]


@given(variants, sizes, st.sampled_from(DEVICES))
def test_the_jacobian(variant: Variant, sizes: Sizes, limits: Limits) -> None:
    launch = launch_config.jacobian(variant, sizes, limits, 2**33)
    check_block(launch, limits)
    tile, samples, pitch = (int(n) for n in launch.scalars[-3:])
    assert launch.grid[0] == -(-sizes.points // samples) * -(-sizes.inputs // tile)
    assert launch.scalars[-1].itemsize == 8
    assert pitch == 2**33


def test_narrow_layers_use_all_threads() -> None:
    variant = Variant.of(INDEX_SETS[2], "float", 3, "tanh", even=True)
    for inputs, outputs in ((2, 16), (16, 16), (16, 1), (5, 5)):
        first, _ = launch_config.weight(variant, Sizes(65536, inputs, outputs, 10), DEVICES[-1])
        tile_inputs, tile_groups, copies = (int(n) for n in first.scalars[-5:-2])
        assert tile_inputs * tile_groups * copies > 0.9 * first.block[0]


@pytest.mark.parametrize("outputs", [5, 16, 17, 64, 65])
def test_outputs_are_cut_into_equal_groups(outputs: int) -> None:
    variant = Variant.of(INDEX_SETS[2], "float", 3, "tanh", even=True)
    launch = launch_config.forward(variant, Sizes(65536, 16, outputs, 10), DEVICES[-1])
    idle = -outputs % launch.variant.outputs
    assert idle < -(-outputs // launch.variant.outputs)


def test_few_points_are_spread_over_the_device() -> None:
    variant = Variant.of(INDEX_SETS[2], "float", 3, "tanh", even=True)
    for points in (1000, 4096, 10_000):
        sizes, limits = Sizes(points, 16, 16, 10), DEVICES[-1]
        wanted = min(4 * limits.multiprocessors, points // 32 * 4)
        for launch in (launch_config.forward(variant, sizes, limits), launch_config.input_grad(variant, sizes, limits)):
            assert launch.grid[0] * launch.block[0] // 32 >= wanted
    many = launch_config.forward(variant, Sizes(1 << 20, 16, 16, 10), DEVICES[-1])
    assert many.variant.outputs == 16
