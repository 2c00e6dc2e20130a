"""`kinn list`: the problems there are, or the networks with their settings."""

from __future__ import annotations

from typing import Annotated

import typer

from kinn.errors import unknown


def command(
    what: Annotated[str, typer.Argument(metavar="[WHAT]", help="problems or networks.")] = "problems",
) -> None:
    """List the problems of the library and of installed packages, or the networks and their settings."""
    kinds = {"problems": _problems, "networks": _networks}
    if what not in kinds:
        raise unknown("list", what, kinds)
    kinds[what]()


def _problems() -> None:
    from kinn import problems
    from kinn.runs.problem_loader import description, entry_points

    lines = {name: description(problems.definition(name)).partition("\n")[0] for name in problems.names()}
    lines |= {name: f"from {point.value}" for name, point in entry_points().items()}
    width = max(map(len, lines))
    for name, line in lines.items():
        print(f"{name:<{width}}  {line}")


def _networks() -> None:
    from kinn.networks import NETWORKS
    from kinn.networks.settings_docs import settings, summary

    for n, (name, kind) in enumerate(NETWORKS.items()):
        print(("\n" if n else "") + f"{name}: {summary(kind)}")
        listed = {f"network.{s.name}={_as_written(s.default)}": s.text for s in settings(kind)}
        width = max(map(len, listed))
        for setting, text in listed.items():
            print(f"  {setting:<{width}}  {text}")


def _as_written(value: object) -> str:
    """Return a value as `--set` takes it."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
