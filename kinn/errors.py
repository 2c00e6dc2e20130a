"""Errors: one line that says what is wrong, where, and the nearest valid choice."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable


class InputError(ValueError):
    """Invalid input: the command line prints one line and exits with status 2."""


class PlainDataError(InputError):
    """A derivative that is asked of plain data, which have none."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is plain data, and a derivative is asked of it: write it as a formula of the coordinates or as a "
            "kinn.Table; where it jumps, take subdomains with an Interface, or the energy form"
        )


class SolveError(RuntimeError):
    """Numerical failure of a solve: the command line prints one line and exits with status 3."""


class DivergedError(SolveError):
    """Values of a network that are not finite; at trial parameters of a step this is no failure."""


class ProblemWarning(UserWarning):
    """A statement of a problem that is solvable but probably a mistake: the command line prints one line."""


def unknown(kind: str, name: object, choices: Iterable[str], where: str = "") -> InputError:
    """Error for an unknown name.

    Args:
        kind: What the name should denote ("boundary", "network", ...).
        name: The unknown name.
        choices: The valid names.
        where: Where the name is looked up ("problem 'burgers'").

    Returns:
        An error whose message ends with the nearest valid name, or with all of them if none is near.
    """
    valid = sorted(set(choices))
    place = f" in {where}" if where else ""
    near = difflib.get_close_matches(str(name), valid, n=1, cutoff=0.5)
    if near:
        hint = f"did you mean {near[0]!r}?"
    elif valid:
        hint = "valid: " + ", ".join(valid)
    else:
        hint = "there is none to choose from"
    return InputError(f"no {kind} named {str(name)!r}{place}; {hint}")


def check_name(kind: str, name: object, choices: Collection[str], where: str = "") -> None:
    """Refuse a name that is none of the choices; see `unknown`."""
    if name not in choices:
        raise unknown(kind, name, choices, where)
