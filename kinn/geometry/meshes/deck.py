"""The mesh of an Abaqus or CalculiX input deck: its parts, placed by instances, with their sets and surfaces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from kinn.errors import InputError, unknown
from kinn.geometry.meshes.deck_cards import Card, read_cards
from kinn.geometry.meshes.deck_elements import DeckType
from kinn.geometry.meshes.deck_parts import DeckPart, NamedSet
from kinn.geometry.meshes.elements import element_types
from kinn.geometry.meshes.mesh_file import ElementTable, MeshFile, stack_faces, to_float
from kinn.geometry.meshes.topology import Topology, face_keys
from kinn.geometry.types import Array, Indices


@dataclass
class Instance:
    """A part at its place; its numbers become indices of nodes and numbers of elements of the whole mesh."""

    name: str
    part: DeckPart
    nodes: dict[int, int]
    elements: dict[int, int]


def read_deck(path: str | Path) -> MeshFile:
    """The mesh of a deck.

    Raises:
        InputError: Something that concerns the mesh is not known or does not exist; the line says where.
    """
    return _Assembly(list(read_cards(Path(path)))).mesh()


class _Assembly:
    """Parts and instances of a deck, in one numbering."""

    def __init__(self, cards: list[Card]) -> None:
        self.root = DeckPart("")
        self.points: list[Array] = []
        self.table = ElementTable()
        self.types: list[DeckType] = []
        self.instances: list[Instance] = []
        parts: dict[str, DeckPart] = {}
        instances: list[tuple[DeckPart, Card]] = []
        current = self.root
        for card in cards:
            match card.keyword:
                case "PART":
                    current = parts.setdefault(card.option("NAME").casefold(), DeckPart(card.option("NAME")))
                case "INSTANCE":
                    if "PART" not in card.options:
                        raise InputError(f"{card.where}: instances of other models (LIBRARY) are not read")
                    source = parts.get(card.options["PART"].casefold())
                    if source is None:
                        raise unknown("part", card.options["PART"], [part.name for part in parts.values()], card.where)
                    current = _copy_for_instance(source, card.option("NAME"))
                    instances.append((current, card))
                case "END PART" | "END INSTANCE" | "ASSEMBLY" | "END ASSEMBLY":
                    current = self.root
                case _:
                    current.add(card)
        self._place("", self.root, None)
        for part, card in instances:
            self._place(part.name, part, card)
        if not instances:
            for part in parts.values():
                self._place(part.name, part, None)

    def _place(self, name: str, part: DeckPart, card: Card | None) -> None:
        first = sum(map(len, self.points))
        nodes = {number: first + k for k, number in enumerate(part.nodes)}
        points = np.array(list(part.nodes.values()), dtype=np.float64).reshape(-1, 3)
        self.points.append(points if card is None else _moved(points, card))
        instance = Instance(name, part, nodes, {})
        for number, (kind, corners) in part.elements.items():
            if not kind.kind:
                continue
            for node in corners:
                if node not in nodes:
                    raise InputError(f"element {number} has node {node}, which *NODE does not define")
            self.types.append(kind)
            instance.elements[number] = self.table.add(kind.kind, [nodes[node] for node in corners])
        self.instances.append(instance)

    def mesh(self) -> MeshFile:
        """All instances as one mesh."""
        points = np.concatenate(self.points)
        blocks = [(kind, _ends_first(points, nodes) if kind == "line3" else nodes) for kind, nodes in self.table.blocks]
        found = MeshFile(points, blocks)
        for instance in self.instances:
            for group in instance.part.sets["ELSET"].values():
                if not group.internal and (members := self._members(instance, "ELSET", group)):
                    found.cell_sets[self._name(instance, "ELSET", group.name)] = self.table.rows(members)
            for group in instance.part.sets["NSET"].values():
                if not group.internal:
                    members = self._members(instance, "NSET", group)
                    found.node_sets[self._name(instance, "NSET", group.name)] = np.array(sorted(members), dtype=np.intp)
            for surface in instance.part.surfaces.values():
                name = self._name(instance, "SURFACE", surface.name)
                if surface.of_nodes:
                    selected = NamedSet(name, surface.where, [(owner, member) for owner, member, _ in surface.members])
                    found.node_sets[name] = np.array(sorted(self._members(instance, "NSET", selected)), dtype=np.intp)
                elif faces := [
                    face for entry in surface.members for face in self._faces(instance, *entry, surface.where)
                ]:
                    found.face_sets[name] = stack_faces(dict.fromkeys(faces))
        return found

    def _name(self, instance: Instance, kind: str, name: str) -> str:
        """Name of a set, after that of its instance where several have one of this name."""
        if kind == "SURFACE":
            uses = sum(
                any(s.name.casefold() == name.casefold() for s in i.part.surfaces.values()) for i in self.instances
            )
        else:
            uses = sum(name.casefold() in other.part.sets[kind] for other in self.instances)
        return name if not instance.name or uses == 1 else f"{instance.name}.{name}"

    def _instance(self, here: Instance, name: str, where: str) -> Instance:
        if not name:
            return here
        found = next((other for other in self.instances if other.name.casefold() == name.casefold()), None)
        if found is None:
            raise unknown("instance", name, [other.name for other in self.instances if other.name], where)
        return found

    def _members(self, here: Instance, kind: str, group: NamedSet, above: tuple[int, ...] = ()) -> set[int]:
        """Indices of the nodes or numbers of the elements of a set, those of sets in it too."""
        if id(group) in above:
            raise InputError(f"{group.where}: the set {group.name!r} contains itself")
        found: set[int] = set()
        for owner, member in group.members:
            instance = self._instance(here, owner, group.where)
            known = instance.nodes if kind == "NSET" else instance.elements
            defined = instance.part.nodes if kind == "NSET" else instance.part.elements
            if isinstance(member, range):
                found.update(known[number] for number in member if number in known)
            elif isinstance(member, int):
                if member not in defined:
                    what = "node" if kind == "NSET" else "element"
                    raise InputError(f"{group.where}: the set {group.name!r} has {what} {member}, which does not exist")
                found.update([known[member]] if member in known else [])
            elif member.startswith("*"):
                elements = self._members(instance, "ELSET", self._set(instance, "ELSET", member[1:], group), ())
                found.update(node for number in elements for node in self.table.element(number)[1])
            else:
                inner = self._set(instance, kind, member, group)
                found |= self._members(instance, kind, inner, (*above, id(group)))
        return found

    def _set(self, instance: Instance, kind: str, name: str, group: NamedSet) -> NamedSet:
        sets = instance.part.sets[kind]
        if name.casefold() not in sets:
            what = "set of nodes" if kind == "NSET" else "set of elements"
            raise unknown(what, name, [other.name for other in sets.values()], f"{group.name!r}, {group.where}")
        return sets[name.casefold()]

    def _faces(
        self, here: Instance, owner: str, member: int | str, label: str, where: str
    ) -> Iterator[tuple[int, ...]]:
        """Corners of the faces that an entry of a surface stands for."""
        instance = self._instance(here, owner, where)
        elements = self._members(instance, "ELSET", NamedSet("surface", where, [("", member)]))
        if not label:
            yield from self._free_faces(elements)
            return
        for element in sorted(elements):
            labels, (_, nodes) = self.types[element].faces, self.table.element(element)
            if label not in labels:
                raise unknown("face", label, labels, where)
            yield tuple(nodes[corner] for corner in labels[label])

    def _free_faces(self, elements: set[int]) -> Iterator[tuple[int, ...]]:
        """Corners of the faces that belong to one of all elements alone, and that to one of these."""
        blocks = self.table.blocks
        top = max((element_types()[kind].dim for kind, _ in blocks), default=0)
        solid = {kind: nodes for kind, nodes in blocks if element_types()[kind].dim == top}
        chosen = self.table.rows(elements)
        rows = {blocks[block][0]: rows for block, rows in chosen.items() if blocks[block][0] in solid}
        if not rows:
            return
        part = np.concatenate(
            [faces.keys for faces in Topology({kind: solid[kind][some] for kind, some in rows.items()}).faces]
        )
        wanted = {tuple(row) for row in np.unique(part, axis=0).tolist()}
        for faces in Topology(solid).boundary:
            corners = faces.nodes[:, : element_types()[faces.kind].corners]
            for key, face in zip(face_keys(corners).tolist(), corners.tolist(), strict=True):
                if tuple(key) in wanted:
                    yield tuple(face)


def _copy_for_instance(part: DeckPart, name: str) -> DeckPart:
    """A copy of a part for an instance, which may add nodes, elements and sets of its own."""
    copy = DeckPart(name)
    copy.nodes, copy.elements = dict(part.nodes), dict(part.elements)
    copy.surfaces = {key: replace(s, members=list(s.members)) for key, s in part.surfaces.items()}
    copy.sets = {
        kind: {key: replace(s, members=list(s.members)) for key, s in sets.items()} for kind, sets in part.sets.items()
    }
    return copy


def _moved(points: Array, card: Card) -> Array:
    """Nodes of an instance: shifted, then turned about the axis through two points by an angle in degrees."""
    lines = [[to_float(text, card.where) for text in fields] for fields in card.lines]
    if len(lines) > 2 or any(len(line) != size for line, size in zip(lines, (3, 7), strict=False)):
        raise InputError(f"{card.where}: an instance is placed by 3 numbers of a shift and 7 of a rotation")
    if lines:
        points = points + np.array(lines[0])
    if len(lines) > 1:
        start, end, angle = np.array(lines[1][:3]), np.array(lines[1][3:6]), lines[1][6]
        axis = (end - start) / np.linalg.norm(end - start)
        points = start + Rotation.from_rotvec(np.radians(angle) * axis).apply(points - start)
    return np.asarray(points)


def _ends_first(points: Array, lines: Indices) -> Indices:
    """Lines of three nodes with the middle node last: the one between those farthest apart."""
    pairs = np.array([(0, 1, 2), (0, 2, 1), (1, 2, 0)])
    lengths = np.linalg.norm(points[lines[:, pairs[:, 0]]] - points[lines[:, pairs[:, 1]]], axis=2)
    return np.take_along_axis(lines, pairs[np.argmax(lengths, axis=1)], axis=1)
