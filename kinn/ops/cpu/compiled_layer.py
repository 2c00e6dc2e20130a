"""Machine code of a layer: which kernels it runs, each compiled by LLVM when first needed and kept on disk.

A kernel is kept under a digest of its own text, the processor and the version of LLVM, so that an edited kernel or
another machine never meets old code.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
from llvmlite import ir

from kinn.jets import IndexSet
from kinn.jets.faa_di_bruno import composition
from kinn.ops.cpu import basis, narrow, wide
from kinn.ops.cpu.edge_kernel import EdgeShape
from kinn.ops.cpu.tiles import transpose


@dataclass(frozen=True)
class CompiledLayer:
    """The addresses of a layer's kernels, and the sizes that its arrays follow from.

    Attributes:
        index: The components of a stack.
        squash: The bounded map in front of the splines.
        dtype: "float32" or "float64".
        degree: The degree of the splines.
        outputs: The number of outputs.
        rounds: How often the search for a cell may move on; 0 on a uniform grid.
    """

    index: IndexSet
    squash: str
    dtype: str
    degree: int
    outputs: int
    rounds: int

    @cached_property
    def narrow(self) -> bool:
        """Whether the outputs are few, and the kernels those of `narrow`."""
        return self.outputs <= narrow.MAX_OUTPUTS

    @cached_property
    def width(self) -> int:
        """The number of outputs in full vectors."""
        return self.outputs if self.narrow else self.jacobian_width

    @cached_property
    def jacobian_width(self) -> int:
        """The same for per-sample Jacobians."""
        return wide.padded_width(self.outputs, self.dtype)

    def polynomial_shape(self, inputs: int, cells: int) -> tuple[int, int, int, int]:
        """Shape of the array of the edges' polynomials."""
        if self.narrow:
            return inputs, cells, self.outputs, narrow.padded(self.degree)
        return inputs, cells, self.degree + 1, self.width

    @cached_property
    def rows(self) -> tuple[int, int]:
        """The numbers of rows of the table and of what is kept."""
        return basis.table_rows(self.index, self.index.order), basis.kept_rows(self.index)

    @cached_property
    def adjoint_rows(self) -> tuple[int, int, int]:
        """The same for the adjoint, and the number of sums over outputs."""
        return basis.table_rows(self.index, self.index.order + 1), basis.kept_rows(self.index), self._sums

    @cached_property
    def transpose(self) -> int:
        """Transposes points x inputs and back."""
        return compiled(transpose(self.dtype))

    @cached_property
    def basis(self) -> int:
        """Fills the table of a tile."""
        return compiled(basis.basis(self.index, self.squash, self.dtype, self.index.order, self.rounds))

    @cached_property
    def basis_for_adjoint(self) -> int:
        """Fills it for the adjoint, which needs one derivative more."""
        return compiled(basis.basis(self.index, self.squash, self.dtype, self.index.order + 1, self.rounds))

    @cached_property
    def basis_adjoint(self) -> int:
        """Turns sums over outputs into cotangents of the inputs."""
        return compiled(basis.basis_adjoint(self.index, self.squash, self.dtype, 0 if self.narrow else self._sums))

    @cached_property
    def edges(self) -> int:
        """Adds one input's edges to the outputs."""
        return compiled((narrow if self.narrow else wide).forward(self._edges))

    @cached_property
    def edges_adjoint(self) -> int:
        """Adds to the cotangents of the polynomials, and stores what those of the inputs follow from."""
        return compiled((narrow if self.narrow else wide).adjoint(self._edges))

    @cached_property
    def edges_adjoint_of_weight(self) -> int:
        """Adds to the cotangents of the polynomials where those of the inputs are not needed."""
        return self.edges_adjoint if self.narrow else compiled(wide.adjoint(self._edges, needs_input_grad=False))

    @cached_property
    def edges_jacobian(self) -> int:
        """Stores each point's own cotangents of one input's polynomials."""
        return compiled(wide.jacobian(self._edges))

    @cached_property
    def _edges(self) -> EdgeShape:
        return EdgeShape(composition(self.index).orders, self.degree, self.dtype, self.outputs)

    @cached_property
    def _sums(self) -> int:
        return wide.sums_width(self._edges)


#: The machine code of a layer, by its components, bounded map, precision, degree, number of outputs and rounds of the search.
layer_code = lru_cache(maxsize=None)(CompiledLayer)


def folder() -> Path:
    """Folder of compiled kernels: `$KINN_CACHE`, or `kinn` in the user's cache folder."""
    cache = os.environ.get("KINN_CACHE")
    if cache:
        return Path(cache).expanduser() / "kernels"
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "kinn" / "kernels"


#: The bytes of the digest that closes a file: broken code would crash the process.
DIGEST_BYTES = 32

#: Engines, which keep their machine code alive as long as the process.
_ENGINES: list[Any] = []


def compiled(function: ir.Function) -> int:
    """Address of a function's machine code.

    Args:
        function: The only function of its module.
    """
    text = str(function.module)
    digest = hashlib.sha256("\n".join((text, *_host(), llvmlite.__version__)).encode()).hexdigest()[:32]
    path = folder() / f"{digest}.o"
    code = _read(path)
    if code is None:
        code = _object_code(text)
        _write(path, code)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target_machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _ENGINES.append(engine)
    return int(engine.get_function_address(function.name))


def _object_code(text: str) -> bytes:
    """Object code of a module."""
    module = llvm.parse_assembly(text)
    module.verify()
    machine = _target_machine()
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = False  # it is vector code already
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return bytes(machine.emit_object(module))


def _read(path: Path) -> bytes | None:
    """Object code in a file, or None where there is none or it is not what was written."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    code, digest = content[:-DIGEST_BYTES], content[-DIGEST_BYTES:]
    return code if hashlib.sha256(code).digest() == digest else None


def _write(path: Path, code: bytes) -> None:
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
