"""What KINN raises: one line that says what is wrong, where, and the nearest valid choice."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """The user asked for something that cannot be: the command line turns it into one line and exit status 2."""


class SolveError(RuntimeError):
    """A solve failed numerically: the command line turns it into one line and exit status 3."""


class DivergedError(SolveError):
    """A network has no finite value at its present parameters; of parameters that are only tried, this is no failure."""


class ProblemWarning(UserWarning):
    """A problem can be solved as it is stated, but it is likely not meant so: the command line prints one line."""


def unknown(kind: str, name: object, choices: Iterable[str], where: str = "") -> InputError:
    """Return the error for a name that does not exist.

    Args:
        kind: What the name should have named ("boundary", "network", ...).
        name: What was given.
        choices: The valid names.
        where: The place it was looked up, put after the name ("problem 'burgers'").

    Returns:
        An error whose message ends with the nearest valid name, or with all of them where none is near.
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
