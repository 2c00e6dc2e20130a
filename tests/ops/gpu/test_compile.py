"""Every CUDA source compiles for every architecture, as it is and for the widest jets."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import pytest

from kinn.jets import IndexSet
from kinn.ops.gpu.devices import source
from kinn.ops.gpu.variant import Variant

KERNELS = Path(__file__).parents[3] / "kernels"
SOURCES = sorted(path.name for path in KERNELS.glob("*.cu"))
ARCHITECTURES = (75, 80, 90, 100, 120)
WIDEST = Variant.of(IndexSet.full(6, 2), "double", 7, "softsign", even=False)

#: Where pip puts NVIDIA's run-time compiler.
DISTRIBUTIONS = ("nvidia-cuda-nvrtc", "nvidia-cuda-nvrtc-cu12")


def nvrtc() -> Path | None:
    """Return the run-time compiler from PyPI, if it is installed."""
    for distribution in DISTRIBUTIONS:
        try:
            for path in files(distribution) or ():
                if path.name.startswith("libnvrtc.so") and "alt" not in path.name:
                    return Path(str(path.locate()))
        except PackageNotFoundError:
            continue
    return None


def by_nvcc(nvcc: str, name: str, prologue: str, folder: Path) -> str:
    """Compile a file for all architectures; return what the compiler says if it fails."""
    (folder / name).write_text(f'{prologue}#include "{KERNELS / name}"\n')
    targets = [flag for a in ARCHITECTURES for flag in ("-gencode", f"arch=compute_{a},code=sm_{a}")]
    command = [nvcc, "-std=c++17", "-Werror", "all-warnings", "-fatbin", *targets]
    command += ["-o", str(folder / "out"), str(folder / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def by_nvrtc(library: Path, name: str, prologue: str) -> str:
    """Compile a source as the back end does, for all architectures."""
    for builtins in library.parent.glob("libnvrtc-builtins.so*"):  # which the compiler looks for by name
        ctypes.CDLL(str(builtins))
    api = ctypes.CDLL(str(library))
    for architecture in ARCHITECTURES:
        program = ctypes.c_void_p()
        text = (prologue + source(name)).encode()
        assert api.nvrtcCreateProgram(ctypes.byref(program), text, name.encode(), 0, None, None) == 0
        options = [f"-arch=sm_{architecture}", "-std=c++17"]
        array = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
        status = api.nvrtcCompileProgram(program, len(options), array)
        size = ctypes.c_size_t()
        api.nvrtcGetProgramLogSize(program, ctypes.byref(size))
        log = ctypes.create_string_buffer(size.value)
        api.nvrtcGetProgramLog(program, log)
        api.nvrtcDestroyProgram(ctypes.byref(program))
        if status:
            return f"sm_{architecture}: {log.value.decode()}"
    return ""


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("widest", [False, True], ids=["as it is", "widest"])
def test_compiles(name: str, widest: bool, tmp_path: Path) -> None:
    prologue = WIDEST.prologue if widest else ""
    nvcc, library = shutil.which("nvcc"), nvrtc()
    if nvcc is not None:
        assert by_nvcc(nvcc, name, prologue, tmp_path) == ""
    elif library is not None:
        assert by_nvrtc(library, name, prologue) == ""
    else:
        pytest.skip("needs a CUDA compiler: nvcc, or pip install nvidia-cuda-nvrtc")


def test_sources_include_nothing() -> None:
    assert len(SOURCES) == 4
    for name in SOURCES:
        text = source(name)
        assert "#include" not in text
        assert "#pragma once" not in text
        assert text.count("struct Walk {") == 1
        assert text.count('extern "C" __global__') == (2 if name == "weight.cu" else 1)


def test_a_missing_source_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"the CUDA source nothing\.cu is missing from this installation"):
        source("nothing.cu")
