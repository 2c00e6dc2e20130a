"""`kinn doctor`: what is installed, what it runs on, and what is missing for which feature."""

from __future__ import annotations

#: Features, the distributions each rests on, and how to get them.
FEATURES = (
    ("solving", ("torch", "numpy", "scipy", "numba", "pydantic"), "pip install kinn"),
    ("figures", ("matplotlib",), "pip install kinn"),
    ("VTU files", ("meshio",), "pip install kinn"),
    ("meshes of our shapes", ("gmsh",), "pip install 'kinn[mesh]'"),
    ("run folders", ("safetensors", "tomli-w"), "pip install kinn"),
    ("test suite", ("pytest", "pytest-xdist", "hypothesis", "sympy"), "pip install 'kinn[dev]'"),
    ("studies on clusters", ("distributed", "submitit"), "pip install 'kinn[cluster]'"),
    ("bridge to DeepXDE", ("deepxde",), "pip install 'kinn[deepxde]'"),
)


def command() -> None:
    """Show versions, threads, back ends and devices, and what is missing for which feature."""
    from kinn.ops import backends, cpu
    from kinn.ops.spline_jet import first_call_seconds
    from kinn.runs.environment import environment, version

    facts = environment()
    first, second = first_call_seconds()
    rows = {
        "kinn": facts["kinn"],
        "python": facts["python"],
        **{name: found or "missing" for name, found in facts["packages"].items()},
        "platform": facts["platform"],
        "cores": facts["cores"],
        "threads": facts["threads"],
        **{f"{name} back end": state for name, state in backends.available().items()},
        "first call": f"{first:.2f} s, then {1e3 * second:.2f} ms; compiled code is kept in {cpu.folder()}",
        "GPU": ", ".join(facts["devices"]) or "none that torch sees",
    }
    for name, value in rows.items():
        print(f"{name:<14} {value}")
    print()
    for feature, distributions, remedy in FEATURES:
        absent = [name for name in distributions if version(name) is None]
        print(f"missing  {feature}: {', '.join(absent)}; {remedy}" if absent else f"ready    {feature}")
