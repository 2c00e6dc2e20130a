"""Environment of a run: versions, threads, devices. Written into every run folder, and shown by `kinn doctor`."""

from __future__ import annotations

import os
import platform
import re
from importlib import metadata
from typing import Any


def requirements() -> list[str]:
    """Names of the distributions that every solve needs: the dependencies of KINN without extras."""
    dependencies = metadata.requires("kinn") or []
    return [re.split(r"[^\w.-]", text, maxsplit=1)[0] for text in dependencies if "extra ==" not in text]


def version(distribution: str) -> str | None:
    """Installed version of a distribution, or None if it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def devices() -> list[str]:
    """Names of the CUDA devices that torch sees."""
    import torch

    if not torch.cuda.is_available():
        return []
    return [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]


def environment() -> dict[str, Any]:
    """Everything beside the configuration that results depend on, as plain data for JSON."""
    import torch

    return {
        "kinn": version("kinn"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "devices": devices(),
        "packages": {name: version(name) for name in requirements()},
    }
