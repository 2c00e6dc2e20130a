"""Files that meshio reads, with one line for what is wrong with them."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from kinn.errors import InputError

#: Plane and axisymmetric elements of Abaqus that meshio's table leaves out.
ABAQUS = {
    **{f"{family}3": "triangle" for family in ("CPE", "CPS", "CAX")},
    **{f"{family}{variant}": "quad" for family in ("CPE", "CPS", "CAX") for variant in ("4", "4R", "4I", "4H", "4RH")},
    **{f"{family}{variant}": "triangle6" for family in ("CPE", "CPS", "CAX") for variant in ("6", "6M", "6H", "6MH")},
    **{f"{family}{variant}": "quad8" for family in ("CPE", "CPS", "CAX") for variant in ("8", "8R", "8H", "8RH")},
}


def opened(path: str | Path, what: str) -> Any:
    """Return what meshio makes of a file that should hold `what`.

    Raises:
        InputError: There is no such file, or meshio cannot read it.
    """
    import meshio  # slow to import, and needed for files alone
    from meshio.abaqus import _abaqus

    for name, kind in ABAQUS.items():
        _abaqus.abaqus_to_meshio_type.setdefault(name, kind)
    where = Path(path)
    if not where.is_file():
        raise InputError(f"there is no {what.rsplit(maxsplit=1)[-1]} file {str(path)!r}")
    aside = io.StringIO()  # meshio prints what is wrong, and then leaves
    try:
        # of a text file meshio first reads some letters as a number, which may overflow
        with np.errstate(over="ignore"), redirect_stdout(aside), redirect_stderr(aside):
            return meshio.read(where)
    except (meshio.ReadError, SystemExit, ValueError, KeyError, IndexError, OSError) as error:
        said = " ".join((aside.getvalue() if isinstance(error, SystemExit) else str(error)).split())
        if "Incompatible cell data" in said:
            said += " (give each surface or volume a physical group, or save only what has one)"
        raise InputError(f"{str(path)!r} cannot be read as {what}" + (f": {said}" if said else "")) from None
