"""The packages of the wheel: `kinn` is searched, `problems/` and `kernels/` are mapped into it (see pyproject.toml)."""

from __future__ import annotations

from setuptools import find_packages, setup

setup(packages=[*find_packages(include=["kinn", "kinn.*"]), "kinn.problems", "kinn._cuda"])
