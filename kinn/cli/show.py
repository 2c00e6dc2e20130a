"""`kinn show`: what a problem states and what can be set."""

from __future__ import annotations

from kinn.cli.options import ProblemArgument, SetOption


def command(problem: ProblemArgument, set_: SetOption = None) -> None:
    """Show a problem: equation, domain, conditions, settings, defaults."""
    from rich.console import Console

    from kinn.runs.problem_loader import description, find_problem
    from kinn.runs.settings import split

    source = find_problem(problem)
    settings, made = source.build(split(set_ or []).problem)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(f"{made.name}: {made.title}" if made.title else made.name)
    if text := description(source.make):
        console.print(f"\n{text}")
    low, high = made.bounds
    box = " x ".join(f"[{a:g}, {b:g}]" for a, b in zip(low, high, strict=True))
    console.print(f"\nfields       {', '.join(made.names)} of ({', '.join(made.coordinates)})")
    console.print(f"domain       {', '.join(made.subdomains)} in {box}")
    for condition in made.conditions:
        console.print(f"condition    {condition.label}")
    console.print(f"reference    {'exact' if made.exact else 'computed' if made.reference else 'none'}")
    for name, value in settings.items():
        console.print(f"setting      {name}={value}")
    for network in made.defaults.networks.values():
        console.print(f"network      {network}")
    console.print(f"optimizer    {made.defaults.optimizer}, {made.defaults.budget:g} s")
    if made.source:
        console.print(f"source       {made.source}")
