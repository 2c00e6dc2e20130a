"""What a run ran on: versions, threads, devices. Kept beside every result, and shown by `kinn doctor`."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from typing import Any

import kinn

#: Distributions without which nothing runs, and those that a feature asks for.
REQUIRED = (
    "torch",
    "numpy",
    "scipy",
    "numba",
    "llvmlite",
    "matplotlib",
    "meshio",
    "pydantic",
    "rich",
    "safetensors",
    "tomli-w",
    "typer",
)


def version(distribution: str) -> str | None:
    """Return the installed version of a distribution, or None where it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def devices() -> list[str]:
    """Return the names of the CUDA devices that torch sees."""
    import torch

    if not torch.cuda.is_available():
        return []
    return [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]


def environment() -> dict[str, Any]:
    """Return what the results depend on besides the configuration, as plain data for JSON."""
    import torch

    return {
        "kinn": kinn.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "devices": devices(),
        "packages": {name: version(name) for name in REQUIRED},
    }
