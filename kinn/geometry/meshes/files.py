"""Files that meshio reads, with one line for what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from kinn.errors import InputError


def opened(path: str | Path, what: str) -> Any:
    """Return what meshio makes of a file that should hold `what`.

    Raises:
        InputError: There is no such file, or meshio cannot read it.
    """
    import meshio  # slow to import, and needed for files alone

    where = Path(path)
    if not where.is_file():
        raise InputError(f"there is no {what.rsplit(maxsplit=1)[-1]} file {str(path)!r}")
    try:
        # of a text file meshio first reads some letters as a number, which may overflow
        with np.errstate(over="ignore"):
            return meshio.read(where)
    except (meshio.ReadError, SystemExit, ValueError, KeyError, IndexError, OSError) as error:
        said = " ".join(str(error).split())
        raise InputError(f"{str(path)!r} cannot be read as {what}" + (f": {said}" if said else "")) from None
