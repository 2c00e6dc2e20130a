"""Environment of a run: versions, threads, devices. Written into every run folder, and shown by `kinn doctor`."""

from __future__ import annotations

import os
import platform
import re
from importlib import metadata
from typing import Any


def version(distribution: str) -> str | None:
    """Installed version of a distribution, or None if it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def environment() -> dict[str, Any]:
    """Everything beside the configuration that results depend on, as plain data for JSON."""
    import torch

    required = [text for text in metadata.requires("kinn") or [] if "extra ==" not in text]
    packages = [re.split(r"[^\w.-]", text, maxsplit=1)[0] for text in required]
    devices = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return {
        "kinn": version("kinn"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "devices": [torch.cuda.get_device_name(n) for n in range(devices)],
        "packages": {name: version(name) for name in packages},
    }
