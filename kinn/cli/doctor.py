"""`kinn doctor`: what is installed, what it runs on, and what is missing for which feature."""

from __future__ import annotations

#: Features, the distributions each rests on, and how to get them.
FEATURES = (
    ("solving", ("torch", "numpy", "scipy", "pydantic"), "pip install kinn"),
    ("figures", ("matplotlib",), "pip install kinn"),
    ("VTU files", ("meshio",), "pip install kinn"),
    ("run folders", ("safetensors", "tomli-w"), "pip install kinn"),
    ("test suite", ("pytest", "pytest-xdist", "hypothesis", "sympy"), "pip install 'kinn[dev]'"),
    ("benchmark against DeepXDE", ("deepxde",), "pip install 'kinn[deepxde]'"),
)


def command() -> None:
    """Show versions, threads, back ends and devices, and what is missing for which feature."""
    from rich.console import Console
    from rich.table import Table

    from kinn.training.environment import environment, version

    facts = environment()
    devices = facts["devices"]
    console = Console()
    table = Table("what", "here", show_header=False, box=None)
    table.add_row("kinn", facts["kinn"])
    table.add_row("python", facts["python"])
    for name, found in facts["packages"].items():
        table.add_row(name, found or "[red]missing[/red]")
    table.add_row("platform", facts["platform"])
    table.add_row("cores, threads", f"{facts['cores']}, {facts['threads']}")
    table.add_row("back ends", "torch")
    table.add_row("GPU", ", ".join(devices) if devices else "none that torch sees")
    console.print(table)

    console.print()
    for feature, distributions, remedy in FEATURES:
        absent = [name for name in distributions if version(name) is None]
        if absent:
            console.print(f"[red]missing[/red]  {feature}: {', '.join(absent)}; {remedy}", markup=True, highlight=False)
        else:
            console.print(f"[green]ready[/green]    {feature}", highlight=False)
