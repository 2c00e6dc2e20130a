"""The CUDA sources as the run-time compiler takes them: one text, nothing to include."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

import kinn

_INCLUDE = re.compile(r'^#include "([\w.]+)"$', re.MULTILINE)


def read(name: str) -> str:
    """Return a file of `kernels/`, which is the data of kinn._cuda where KINN is installed.

    Raises:
        FileNotFoundError: If the installation lacks it.
    """
    installed = files("kinn").joinpath("_cuda", name)
    checkout = Path(kinn.__file__).resolve().parents[1] / "kernels" / name  # editable installs map no data
    for place in (installed, checkout):
        if place.is_file():
            return place.read_text(encoding="utf-8")
    raise FileNotFoundError(f"the CUDA source {name} is missing from this installation of kinn")


@cache
def source(name: str) -> str:
    """Return a source with its headers in place of the lines that include them.

    CuPy keeps compiled programs on disk by their text: a header that changes must change it.
    """
    seen = {name}

    def inlined(text: str) -> str:
        def header(match: re.Match[str]) -> str:
            name = match[1]
            if name in seen:
                return ""
            seen.add(name)
            return inlined(read(name))

        return _INCLUDE.sub(header, text.replace("#pragma once\n", ""))

    return inlined(read(name))
