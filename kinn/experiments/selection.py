"""Tables of a study that pick cases: those that have all the values of a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from kinn.errors import InputError, unknown

#: What a table may name beside what is swept.
FACTS = ("problem", "form", "network", "optimizer", "seed")


class Selection:
    """Tables of one kind, and which of them have fitted a case so far.

    Args:
        kind: What a study file calls them, "exclude".
        tables: The values of each, by name.
        swept: The names that are swept.

    Raises:
        InputError: If a table names nothing that cases differ in.
    """

    def __init__(self, kind: str, tables: Sequence[Mapping[str, Any]], swept: Collection[str]) -> None:
        names = [*FACTS, *sorted(swept)]
        for table in tables:
            for name in table:
                if name not in names:
                    raise unknown("key", name, names, f"[[{kind}]]")
        self._kind = kind
        self._tables = tables
        self._fitted: set[int] = set()

    def of(self, facts: Mapping[str, Any]) -> list[int]:
        """Return the numbers of the tables that a case with these facts has all the values of."""
        found = [n for n, table in enumerate(self._tables) if all(facts.get(k) == v for k, v in table.items())]
        self._fitted.update(found)
        return found

    def check(self) -> None:
        """Refuse tables that no case has the values of.

        Raises:
            InputError: If there is one.
        """
        for n, table in enumerate(self._tables):
            if n not in self._fitted:
                said = ", ".join(f"{name} = {value!r}" for name, value in table.items())
                raise InputError(f"[[{self._kind}]] {said} fits no case of the study")
