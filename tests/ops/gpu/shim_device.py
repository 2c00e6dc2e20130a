"""A device made of host threads: the CUDA sources, compiled by g++ with the headers in `shim/`."""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import IO

import torch
from torch import Tensor

from kinn.ops.gpu.launch_config import Launch, Limits
from kinn.ops.gpu.variant import Variant

SHIM = Path(__file__).parent / "shim"
KERNELS = Path(__file__).parents[3] / "kernels"

#: The kernels of every source.
ENTRIES = {
    "forward.cu": ["kinn_forward"],
    "input_grad.cu": ["kinn_input_grad"],
    "jacobian.cu": ["kinn_jacobian"],
    "weight.cu": ["kinn_weight_parts", "kinn_weight_sum"],
}

#: Warnings are errors, but for what CUDA's own idioms bring: its pragmas, and unsigned indices.
FLAGS = ("-std=c++20", "-O1", "-pthread", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas", "-Wno-sign-compare",
         "-fno-strict-aliasing")  # fmt: skip

#: Compiled programs stay here from run to run, named by everything that went into them.
CACHE = Path(__file__).parents[3] / "build" / "shim"


@cache
def compiler() -> str | None:
    """Return a C++ compiler that knows C++20's barriers, if there is one here, and the system switches contexts."""
    if not sys.platform.startswith("linux"):
        return None
    for name in (os.environ.get("CXX", "g++"), "clang++"):
        path = shutil.which(name)
        if path is None:
            continue
        test = ["-std=c++20", "-fsyntax-only", "-x", "c++", "-include", "barrier", "/dev/null"]
        if subprocess.run([path, *test], capture_output=True, check=False).returncode == 0:
            return path
    return None


@cache
def supports_sanitizers(*names: str) -> bool:
    """Return whether the compiler has sanitizers whose programs start."""
    path = compiler()
    if path is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "program"
        flags = [f"-fsanitize={name}" for name in names]
        command = [path, *flags, "-x", "c++", "-", "-o", str(program)]
        done = subprocess.run(command, input=b"int main() {}", capture_output=True, check=False)
        return done.returncode == 0 and subprocess.run([program], capture_output=True, check=False).returncode == 0


def build(launch: Launch, *sanitizers: str) -> Path:
    """Return the program that runs a launch's kernels."""
    flags = [*FLAGS, *(f"-fsanitize={s}" for s in sanitizers), *(["-fno-sanitize-recover=all"] if sanitizers else [])]
    team = "threads" if "thread" in sanitizers else "fibers"
    runner = [_compiled([SHIM / f"{name}.cpp"], [*flags, "-c"]) for name in ("runner", team)]
    macros = [f"-D{name}={value}" for name, value in launch.variant.macros]
    entries = "".join(f"SHIM_ENTRY({name})" for name in ENTRIES[launch.source])
    chosen = [f'-DSHIM_SOURCE="{launch.source}"', f"-DSHIM_ENTRIES={entries}", "-include", "cuda.h"]
    return _compiled([SHIM / "entry.cpp", *runner], [*flags, *macros, *chosen, f"-I{KERNELS}", f"-I{SHIM}"])


def _compiled(sources: Sequence[Path], flags: Sequence[str]) -> Path:
    path = compiler()
    assert path is not None
    texts = [p.read_bytes() for p in sorted([*SHIM.iterdir(), *KERNELS.glob("*.cu*")])]
    key = hashlib.sha256(b"\0".join([*texts, path.encode(), *(f.encode() for f in flags), str(sources).encode()]))
    out = CACHE / (key.hexdigest()[:32] + (".o" if "-c" in flags else ""))
    if not out.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        fresh = out.with_name(f"{out.name}.{os.getpid()}{out.suffix}")
        command = [path, *flags, *(str(s) for s in sources), "-o", str(fresh)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        fresh.rename(out)
    return out


class ShimDevice:
    """Launches kernels on host threads. The last tensor of a launch is its output."""

    def __init__(self, limits: Limits, *sanitizers: str) -> None:
        self.limits = limits
        self._sanitizers = sanitizers
        self._running: dict[tuple[str, Variant], subprocess.Popen[bytes]] = {}
        self.launches: list[Launch] = []

    def launch(self, launch: Launch, tensors: Sequence[Tensor]) -> None:
        self.launches.append(launch)
        program = self._program(launch)
        assert program.stdin is not None
        assert program.stdout is not None
        name = launch.kernel.encode()
        _put(program.stdin, len(name))
        program.stdin.write(name)
        for number in (*launch.grid, *launch.block, launch.shared, len(tensors) + len(launch.scalars)):
            _put(program.stdin, number)
        flat = [_flat(tensor) for tensor in tensors]
        for n, tensor in enumerate(flat):
            data = tensor.detach().numpy().tobytes()
            program.stdin.write(b"o" if n == len(flat) - 1 else b"b")
            _put(program.stdin, len(data))
            program.stdin.write(data)
        for scalar in launch.scalars:
            program.stdin.write(b"i")
            _put(program.stdin, int(scalar))
        program.stdin.flush()
        size = flat[-1].numel() * flat[-1].element_size()
        found = program.stdout.read(size)
        if len(found) != size:
            assert program.stderr is not None
            raise AssertionError(program.stderr.read().decode())
        flat[-1].copy_(torch.frombuffer(bytearray(found), dtype=flat[-1].dtype))

    def close(self) -> None:
        for program in self._running.values():
            program.kill()
            program.communicate()

    def _program(self, launch: Launch) -> subprocess.Popen[bytes]:
        key = launch.source, launch.variant
        if key not in self._running:
            pipe = subprocess.PIPE
            self._running[key] = subprocess.Popen(
                [build(launch, *self._sanitizers)], stdin=pipe, stdout=pipe, stderr=pipe
            )
        return self._running[key]


def _flat(tensor: Tensor) -> Tensor:
    """Return the numbers of a tensor from its first to its last, gaps between rows included."""
    if tensor.is_contiguous():
        return tensor.view(-1)
    size = 1 + sum((n - 1) * stride for n, stride in zip(tensor.shape, tensor.stride(), strict=True))
    return tensor.as_strided((size,), (1,))


def _put(stream: IO[bytes], number: int) -> None:
    stream.write(struct.pack("<q", number))
