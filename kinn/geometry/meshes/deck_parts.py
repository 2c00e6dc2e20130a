"""Parts of Abaqus and CalculiX decks: nodes, elements, sets and surfaces, each with numbers and names of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from kinn.errors import InputError, unknown
from kinn.geometry.meshes.deck_cards import Card
from kinn.geometry.meshes.deck_elements import DeckType, deck_type
from kinn.geometry.meshes.mesh_file import to_float, to_int

_ELEMENT_TYPES = ("CPS4", "CPE4", "CAX4", "CPS3", "CPS6", "CPS8", "C3D4", "C3D6", "C3D8", "C3D10", "C3D20", "S4", "S3")


@dataclass
class NamedSet:
    """A set as it is written down.

    Attributes:
        name: As it is spelt first.
        members: Numbers, names of sets, and ranges, each with the instance that they belong to ("" for this part).
        internal: Whether a pre-processor made it for its own use.
        where: File and line, for errors.
    """

    name: str
    where: str
    members: list[tuple[str, int | str | range]] = field(default_factory=list)
    internal: bool = False


@dataclass
class DeckSurface:
    """A surface as it is written down: elements, or sets of them, each with a label of its face ("" for all free ones)."""

    name: str
    where: str
    of_nodes: bool
    members: list[tuple[str, int | str, str]] = field(default_factory=list)


class DeckPart:
    """Nodes, elements, sets and surfaces in one numbering."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes: dict[int, tuple[float, float, float]] = {}
        self.elements: dict[int, tuple[DeckType, list[int]]] = {}
        self.sets: dict[str, dict[str, NamedSet]] = {"NSET": {}, "ELSET": {}}
        self.surfaces: dict[tuple[str, str], DeckSurface] = {}  # of nodes and of faces apart

    def add(self, card: Card) -> None:
        """Take in nodes, elements, a set or a surface."""
        read = {"NODE": self._add_nodes, "ELEMENT": self._add_elements, "SURFACE": self._add_surface}
        read.get(card.keyword, self._add_set)(card)

    def named_set(self, kind: str, card: Card, name: str) -> NamedSet:
        """The set of a name, made where it is new; names differ in more than capitals."""
        return self.sets[kind].setdefault(name.casefold(), NamedSet(name, card.where))

    def _add_nodes(self, card: Card) -> None:
        system = card.options.get("SYSTEM", "R").upper()
        if system not in ("R", "C"):
            raise InputError(f"{card.where}: nodes in the coordinate system {system!r} are not read, only R and C")
        numbers = []
        for fields in card.lines:
            number = to_int(fields[0], card.where)
            values = [to_float(text, card.where) for text in fields[1:4]]
            x, y, z = (*values, 0.0, 0.0, 0.0)[:3]
            if system == "C":
                x, y = float(x * np.cos(np.radians(y))), float(x * np.sin(np.radians(y)))
            if self.nodes.setdefault(number, (x, y, z)) != (x, y, z):
                raise InputError(f"{card.where}: node {number} has two different positions")
            numbers.append(number)
        self._collect("NSET", card, numbers)

    def _add_elements(self, card: Card) -> None:
        name = card.option("TYPE").upper()
        kind = deck_type(name)
        if kind is None:
            raise unknown("type of element", name, _ELEMENT_TYPES, card.where)
        numbers, pending = [], list[int]()
        for fields in card.lines:
            pending += [to_int(text, card.where) for text in (fields if kind.kind else fields[:1]) if text]
            if len(pending) > 1 + kind.nodes:
                raise InputError(
                    f"{card.where}: element {pending[0]} has more than the {kind.nodes} nodes of type {name}"
                )
            if len(pending) == 1 + kind.nodes:
                number, *nodes = pending
                if self.elements.setdefault(number, (kind, nodes)) != (kind, nodes):
                    raise InputError(f"{card.where}: element {number} is there twice, with different nodes or types")
                numbers.append(number)
                pending = []
        if pending:
            raise InputError(f"{card.where}: element {pending[0]} has too few nodes: type {name} has {kind.nodes}")
        self._collect("ELSET", card, numbers)

    def _collect(self, kind: str, card: Card, numbers: list[int]) -> None:
        """Add what a card of nodes or elements defines to the set that it names."""
        if name := card.options.get(kind):
            self.named_set(kind, card, name).members += [("", number) for number in numbers]

    def _add_set(self, card: Card) -> None:
        kind = card.keyword
        instance = card.options.get("INSTANCE", "")
        group = self.named_set(kind, card, card.option(kind))
        group.internal |= "INTERNAL" in card.options and group.name.startswith("_")
        if kind == "NSET" and (elements := card.options.get("ELSET")):
            group.members.append((instance, f"*{elements}"))
        for fields in card.lines:
            if "GENERATE" in card.options:
                group.members.append((instance, _range(fields, card)))
                continue
            for text in filter(None, fields):
                group.members.append(_reference(text.strip("\"'"), instance))

    def _add_surface(self, card: Card) -> None:
        kind = card.options.get("TYPE", "ELEMENT").upper()
        if "COMBINE" in card.options or "CROP" in card.options:
            raise InputError(f"{card.where}: surfaces made of other surfaces (COMBINE, CROP) are not read")
        if kind not in ("ELEMENT", "NODE"):
            return  # analytic surfaces consist of no faces
        name = card.option("NAME")
        surface = self.surfaces.setdefault((kind, name.casefold()), DeckSurface(name, card.where, kind == "NODE"))
        for fields in card.lines:
            instance, member = _reference(fields[0].strip("\"'"), "")
            label = fields[1].upper() if len(fields) > 1 and kind == "ELEMENT" else ""
            surface.members.append((instance, member, label))


def _range(fields: list[str], card: Card) -> range:
    first, last, *step = [to_int(text, card.where) for text in fields if text] + ([] if len(fields) > 1 else [0])
    if len(step) > 1 or (step and step[0] <= 0) or last < first:
        raise InputError(f"{card.where}: {', '.join(fields)} is no range: first, last, and a positive step")
    return range(first, last + 1, *step)


def _reference(text: str, instance: str) -> tuple[str, int | str]:
    """A number or name of a set, perhaps after the instance that it belongs to and a dot."""
    owner, dot, member = text.rpartition(".")
    if dot and not owner:
        raise InputError(f"{text!r} names no set")
    if text.lstrip("+-").isdigit():
        return instance, int(text)
    if dot:
        return owner.strip(), int(member) if member.isdigit() else member
    return instance, text
