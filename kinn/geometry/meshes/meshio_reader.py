"""Meshes from files through meshio, with one line for whatever goes wrong."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from kinn.errors import InputError, unknown

#: What formats that meshio does not read are called, and what to do about them.
_FOREIGN = {
    ".z88": "Z88",
    ".cas.h5": "Fluent",
    ".k": "LS-DYNA",
    ".key": "LS-DYNA",
    ".cdb": "ANSYS",
    ".step": "STEP geometry",
    ".stp": "STEP geometry",
    ".geo": "Gmsh geometry",
    ".brep": "OpenCASCADE geometry",
}

#: Errors of a reader's code, which say nothing of the file.
_INTERNAL = (TypeError, AttributeError, IndexError, AssertionError, NameError, MemoryError, RecursionError)

#: Packages that meshio needs for some formats, all in the extra `formats`.
_PACKAGES = ("h5py", "netCDF4")


def import_meshio() -> Any:
    """meshio, with kinds of elements and of integers that tables of its own lack."""
    import meshio  # slow to import, and needed for files alone
    from meshio._mesh import topological_dimension
    from meshio.vtk import _vtk_42, _vtk_51

    for kind in ("wedge15", "pyramid13"):
        topological_dimension.setdefault(kind, 3)
    for table in (_vtk_42.vtk_to_numpy_dtype_name, _vtk_51.vtk_to_numpy_dtype_name):
        table.update({"vtktypeint64": "int64", "vtktypeint32": "int32", "vtkidtype": "int64"})
    return meshio


def read_with_meshio(path: str | Path, what: str, file_format: str | None = None) -> Any:
    """The mesh of meshio in a file that should contain `what`; InputError where there is none that it can read."""
    where = check_file(path, what)
    meshio = import_meshio()
    from meshio._helpers import reader_map

    suffix = where.suffix.lower()
    if file_format is None and suffix in _FOREIGN:
        raise InputError(
            f"{str(path)!r} cannot be read as {what}: {_FOREIGN[suffix]} files ({suffix}) are not read; convert it to "
            ".msh, .vtu or .inp"
        )
    if file_format is not None and file_format not in reader_map:
        raise unknown("file format", file_format, reader_map)
    if suffix == ".msh" and b"$PartitionedEntities" in where.read_bytes():  # meshio would lose the names of groups
        raise InputError(
            f"{str(path)!r} cannot be read as {what}: partitioned files of Gmsh are not read, save it without partitions"
        )
    aside = io.StringIO()  # meshio prints what is wrong, and then leaves
    try:
        # of a text file meshio first reads some letters as a number, which may overflow
        with np.errstate(over="ignore"), redirect_stdout(aside), redirect_stderr(aside):
            return meshio.read(where, file_format)
    except (Exception, SystemExit) as error:  # noqa: BLE001 (readers fail in many ways)
        reason = reader_error(error, aside.getvalue())
        raise InputError(f"{str(path)!r} cannot be read as {what}" + (f": {reason}" if reason else "")) from None


def check_file(path: str | Path, what: str) -> Path:
    """Path of a file that is there."""
    where = Path(path)
    if not where.is_file():
        raise InputError(f"there is no {what.rsplit(maxsplit=1)[-1]} file {str(path)!r}")
    return where


def reader_error(error: BaseException, printed: str = "") -> str:
    """What went wrong, in one line without marks of Python."""
    text = " ".join((printed if isinstance(error, SystemExit) else str(error)).split())
    text = re.sub(
        r"\bnp\.\w+\((.*?)\)", r"\1", re.sub(r"(^(Error|ReadError): | Error: Couldn't read file .*$)", "", text)
    )
    if isinstance(error, ImportError):
        package = next((name for name in _PACKAGES if name in text), error.name or "a package")
        return f"the package {package} is missing: pip install 'kinn[formats]'"
    if "Incompatible cell data" in text:
        return f"{text} (give each surface or volume a physical group, or save only what has one)"
    if isinstance(error, KeyError):
        return f"it refers to {text}, which it does not define or which is not known"
    if isinstance(error, _INTERNAL):
        text = ""
    return text or ("it is broken, or of another format" if not isinstance(error, SystemExit) else "")
