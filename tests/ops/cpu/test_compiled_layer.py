"""Machine code is kept on disk, found again, and done without where nothing can be written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kinn.ops.cpu import compiled_layer
from kinn.ops.cpu.compiled_layer import folder
from kinn.ops.cpu.ir_builder import KernelBuilder, Vectors
from kinn.ops.cpu.tiles import Array, call, compiled_loop


@compiled_loop
def _apply(address: int, x: Array, out: Array) -> None:
    call(address, (len(x), x, out))


def sums() -> KernelBuilder:
    """Return a kernel that stores x + x."""
    code = KernelBuilder("double", {"count": "int", "x": "float64", "out": "float64"})
    v = Vectors(code, "float64", 4)
    with code.loop(code["count"], 4) as at:
        x = v.load(code["x"], at)
        v.store(v.add(x, x), code["out"], at)
    return code


def twice(x: Array) -> Array:
    """Return x + x by a kernel compiled, or loaded, for this call."""
    out = np.zeros_like(x)
    _apply(compiled_layer.compiled(sums().finish()), x, out)
    return out


X = np.arange(8.0)


def test_code_is_kept_under_a_digest_and_loaded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINN_CACHE", str(tmp_path))
    np.testing.assert_array_equal(twice(X), 2 * X)
    (kept,) = folder().glob("*.o")
    written = kept.stat().st_mtime_ns

    def forbidden(text: str) -> bytes:
        raise AssertionError(f"compiled again: {text[:20]}")

    monkeypatch.setattr(compiled_layer, "_object_code", forbidden)
    np.testing.assert_array_equal(twice(X), 2 * X)
    assert kept.stat().st_mtime_ns == written


def test_another_compiler_never_meets_old_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINN_CACHE", str(tmp_path))
    twice(X)
    monkeypatch.setattr(compiled_layer.llvmlite, "__version__", "0.0.0")
    twice(X)
    assert len(list(folder().glob("*.o"))) == 2


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("KINN_CACHE", str(file))
    np.testing.assert_array_equal(twice(X), 2 * X)
    assert file.read_text(encoding="utf-8") == "no folder"


def test_a_broken_file_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINN_CACHE", str(tmp_path))
    twice(X)
    (kept,) = folder().glob("*.o")
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2])
    np.testing.assert_array_equal(twice(X), 2 * X)
    assert kept.read_bytes() == whole
