"""Cards of Abaqus and CalculiX input decks: keywords with options and data lines, comments and included files."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from kinn.errors import InputError

#: Keywords that say what the mesh is.
MESH_KEYWORDS = (
    "NODE",
    "ELEMENT",
    "NSET",
    "ELSET",
    "SURFACE",
    "PART",
    "END PART",
    "ASSEMBLY",
    "END ASSEMBLY",
    "INSTANCE",
    "END INSTANCE",
)

#: Keywords that make or move nodes and elements in ways that are not followed here.
_GENERATING = (
    "NGEN",
    "NFILL",
    "NCOPY",
    "NMAP",
    "ELGEN",
    "ELCOPY",
    "SYSTEM",
    "PARAMETER",
    "SUBSTRUCTURE GENERATE",
    "SYMMETRIC MODEL GENERATION",
    "IMPORT",
)

_SIMILAR = 0.85  # a keyword so similar to one of the mesh is taken for a misspelling
_DEEPEST = 20  # files that include files


@dataclass
class Card:
    """A keyword with its options and data lines.

    Attributes:
        keyword: In capitals.
        options: Values by name in capitals; an empty one where an option has none.
        lines: Fields of each data line.
        where: File and line, for errors.
    """

    keyword: str
    options: dict[str, str]
    where: str
    lines: list[list[str]] = field(default_factory=list)

    def option(self, name: str) -> str:
        """Value of an option that must be there."""
        if not self.options.get(name):
            raise InputError(f"{self.where}: *{self.keyword} needs {name}=")
        return self.options[name]


def read_cards(path: Path, depth: int = 0) -> Iterator[Card]:
    """Cards of the mesh in a deck and the files that it includes; others are passed over.

    Raises:
        InputError: A file is missing, or a keyword makes nodes or elements in a way that is not known.
    """
    if depth > _DEEPEST:
        raise InputError(f"{path.name!r} is included by itself")
    card: Card | None = None
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        lines = ((number, line.strip()) for number, line in enumerate(file, 1))
        for number, line in lines:
            if not line or line.startswith("**"):
                continue
            if not line.startswith("*"):
                if card is not None:
                    card.lines.append(_fields(line, card))
                continue
            while line.endswith(","):
                line += next((text for _, text in lines if not text.startswith("**")), " ")
            if card is not None:
                yield card
            card = _card(line, f"{path.name!r} line {number}")
            if card is not None and card.options.get("INPUT"):
                yield from _included(card, path.parent, depth)
                if card.keyword == "INCLUDE":
                    card = None
    if card is not None:
        yield card


def _card(line: str, where: str) -> Card | None:
    """The card that a keyword line opens; None where it does not concern the mesh."""
    first, *options = line[1:].split(",")
    keyword = " ".join(first.split()).upper()
    if keyword in _GENERATING:
        raise InputError(f"{where}: *{keyword} is not read: write out all nodes and elements (most pre-processors do)")
    if keyword not in (*MESH_KEYWORDS, "INCLUDE"):
        near = difflib.get_close_matches(keyword, MESH_KEYWORDS, n=1, cutoff=_SIMILAR) if " " not in keyword else []
        if near:
            raise InputError(f"{where}: no keyword *{keyword}; did you mean *{near[0]}?")
        return None
    pairs = (option.partition("=") for option in options if option.strip())
    values = {" ".join(name.split()).upper(): value.strip().strip("\"'") for name, _, value in pairs}
    if (data := next(filter(str.isdigit, values), None)) is not None:
        raise InputError(f"{where}: a comma at its end continues *{keyword}, so that {data} is no data: leave it out")
    return Card(keyword, values, where)


def _included(card: Card, folder: Path, depth: int) -> Iterator[Card]:
    """Cards of an included file, or the data lines of a file, which are added to the card."""
    name = card.options["INPUT"]
    path = folder / name.replace("\\", "/")
    if not path.is_file():
        raise InputError(f"{card.where}: there is no file {name!r} next to it, which *{card.keyword} asks for")
    if card.keyword == "INCLUDE":
        yield from read_cards(path, depth + 1)
        return
    for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines():
        if line.strip() and not line.startswith("*"):
            card.lines.append(_fields(line.strip(), card))


def _fields(line: str, card: Card) -> list[str]:
    if "<" in line:
        raise InputError(f"{card.where}: parameters (<...>) in the data of *{card.keyword} are not read")
    return [text.strip() for text in line.removesuffix(",").split(",")]
