"""`kinn list`, `kinn show` and `kinn doctor`: problems, networks, and the installation."""

from __future__ import annotations

from typing import Annotated

import typer

from kinn.cli import options
from kinn.errors import check_name

#: Features, the distributions that each needs, and how to install them.
FEATURES = (
    ("solving", ("torch", "numpy", "scipy", "numba", "pydantic"), "pip install kinn"),
    ("figures", ("matplotlib",), "pip install kinn"),
    ("VTU files", ("meshio",), "pip install kinn"),
    ("meshes of KINN's shapes", ("gmsh",), "pip install 'kinn[mesh]'"),
    ("Exodus, MED and XDMF meshes", ("h5py", "netCDF4"), "pip install 'kinn[formats]'"),
    ("run folders", ("safetensors", "tomli-w", "filelock"), "pip install kinn"),
    ("test suite", ("pytest", "pytest-xdist", "hypothesis", "sympy"), "pip install 'kinn[dev]'"),
    ("studies on clusters", ("distributed", "submitit"), "pip install 'kinn[cluster]'"),
    ("comparison with DeepXDE", ("deepxde",), "pip install 'kinn[deepxde]'"),
)


def list_(
    what: Annotated[str, typer.Argument(metavar="[WHAT]", help="problems or networks.")] = "problems",
) -> None:
    """List the problems of the library and of installed packages, or the networks and their settings."""
    lists = {"problems": _list_problems, "networks": _list_networks}
    check_name("list", what, lists)
    lists[what]()


def _list_problems() -> None:
    from kinn import problems
    from kinn.runs.problem_loader import entry_points

    lines = {name: problems.title(name) for name in problems.names()}
    lines |= {name: f"from {point.value}" for name, point in entry_points().items()}
    width = max(map(len, lines))
    for name, line in lines.items():
        print(f"{name:<{width}}  {line}")


def _list_networks() -> None:
    from kinn.networks import NETWORKS
    from kinn.networks.settings_docs import settings, summary

    for n, (name, network) in enumerate(NETWORKS.items()):
        print(("\n" if n else "") + f"{name}: {summary(network)}")
        lines = {f"network.{s.name}={_as_text(s.default)}": s.text for s in settings(network)}
        width = max(map(len, lines))
        for setting, text in lines.items():
            print(f"  {setting:<{width}}  {text}")


def _as_text(value: object) -> str:
    """Text of a value for `--set`."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def show(problem: options.Problem, set_: options.Set = None) -> None:
    """Show a problem: equation, domain, conditions, settings, defaults."""
    from kinn.runs.problem_loader import description, find_problem
    from kinn.runs.run_options import parse_settings

    source = find_problem(problem)
    settings, loaded = source.build(parse_settings(set_)["problem"])
    print(f"{loaded.name}: {loaded.title}" if loaded.title else loaded.name)
    if text := description(source.make):
        print(f"\n{text}")
    low, high = loaded.bounds
    box = " x ".join(f"[{a:g}, {b:g}]" for a, b in zip(low, high, strict=True))
    print(f"\nfields       {', '.join(loaded.names)} of ({', '.join(loaded.coordinates)})")
    print(f"domain       {', '.join(loaded.subdomains)} in {box}")
    for condition in loaded.conditions:
        print(f"condition    {condition.label}")
    print(f"reference    {'exact' if loaded.exact else 'computed' if loaded.reference else 'none'}")
    for name, value in settings.items():
        print(f"setting      {name}={value}")
    for network in loaded.defaults.networks.values() or ("none of its own: one that is named grows",):
        print(f"network      {network}")
    print(f"optimizer    {loaded.defaults.optimizer}, {loaded.defaults.budget:g} s")
    if loaded.source:
        print(f"source       {loaded.source}")


def doctor() -> None:
    """Show versions, threads, back ends and devices, and what is missing for which feature."""
    from kinn.ops import backends, cpu
    from kinn.ops.spline_jet import first_call_seconds
    from kinn.runs.environment import environment, version

    facts = environment()
    first, second = first_call_seconds()
    rows = {
        "kinn": facts["kinn"],
        "python": facts["python"],
        **{name: installed or "missing" for name, installed in facts["packages"].items()},
        "platform": facts["platform"],
        "cores": facts["cores"],
        "threads": facts["threads"],
        **{f"{name} back end": state for name, state in backends.available().items()},
        "first call": f"{first:.2f} s, then {1e3 * second:.2f} ms; compiled code is cached in {cpu.folder()}",
        "GPU": ", ".join(facts["devices"]) or "none visible to torch",
    }
    for name, value in rows.items():
        print(f"{name:<14} {value}")
    print()
    for feature, distributions, remedy in FEATURES:
        missing = [name for name in distributions if version(name) is None]
        print(f"missing  {feature}: {', '.join(missing)}; {remedy}" if missing else f"ready    {feature}")
