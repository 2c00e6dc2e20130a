"""From vector code to machine code: LLVM through llvmlite, with the object code kept on disk.

A kernel is kept under a digest of its own text, the processor and the version of LLVM, so that an edited kernel or
another machine never meets old code.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
from llvmlite import ir

from kinn.ops.cpu.cache import folder

#: The bytes of the digest that closes a file: broken code would take the process with it.
SEAL = 32

#: What keeps machine code alive: its engines live as long as the process.
_ENGINES: list[Any] = []


def compiled(function: ir.Function) -> int:
    """Return the address of a function's machine code.

    Args:
        function: The only function of its module.
    """
    text = str(function.module)
    digest = hashlib.sha256("\n".join((text, *_host(), llvmlite.__version__)).encode()).hexdigest()[:32]
    kept = folder() / f"{digest}.o"
    code = _kept(kept)
    if code is None:
        code = _translated(text)
        _keep(kept, code)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target_machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _ENGINES.append(engine)
    return int(engine.get_function_address(function.name))


def _translated(text: str) -> bytes:
    """Return the object code of a module."""
    module = llvm.parse_assembly(text)
    module.verify()
    machine = _target_machine()
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = False  # it is vector code already
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return bytes(machine.emit_object(module))


def _kept(path: Path) -> bytes | None:
    """Return the object code in a file, or None where there is none or it is not what was written."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    code, seal = content[:-SEAL], content[-SEAL:]
    return code if hashlib.sha256(code).digest() == seal else None


def _keep(path: Path, code: bytes) -> None:
    """Write object code under a temporary name and rename it; a folder that cannot be written to costs time only."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(code + hashlib.sha256(code).digest())
        Path(name).replace(path)


@lru_cache(maxsize=1)
def _host() -> tuple[str, str]:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


@lru_cache(maxsize=1)
def _target_machine() -> Any:
    cpu, features = _host()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(cpu=cpu, features=features, opt=3, jit=True)
