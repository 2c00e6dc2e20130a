"""Values and tractions against the arc length, around a subdomain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinn.boundary_integrals.curve_panels import CurvePanels
from kinn.boundary_integrals.grading import arc_fraction
from kinn.forms.inverse.discretisation import BoundaryDiscretisation
from kinn.geometry.types import Array


@dataclass(frozen=True, eq=False)
class EdgeData:
    """The data on an edge of a subdomain.

    Attributes:
        name: The name of its part of the boundary.
        arc: The arc length at its n nodes, rising, from where the boundary of the subdomain begins.
        ends: The arc length where it begins and ends.
        values: u there, (n, C).
        tractions: t there, (n, C).
    """

    name: str
    arc: Array
    ends: tuple[float, float]
    values: Array
    tractions: Array


def stretches(made: BoundaryDiscretisation, subdomain: str, data: Array) -> list[EdgeData]:
    """Return the data on the edges around a subdomain of the plane, one after the other, for unknown data X."""
    panels, outline = made.panels, made.setting.outline
    assert isinstance(panels, CurvePanels)
    start, out = 0.0, []
    for side in outline.sides(subdomain):
        track, side_number = panels.edges[side.edge], int(side.opposite)
        length, _, rates = track.edge.length, *made.located(side.edge)[1:]
        own = data[made.columns[side.edge]].reshape(-1, made.unknowns[side.edge])
        u, densities = made.traces[side.edge][side_number].at(own)
        known, traction = made.particular(side.edge, side_number)
        arc = arc_fraction(panels.parameters[made.rows_of[side.edge]].ravel(), track.orders) * length
        arc = start + (length - arc if side.opposite else arc)
        order = np.argsort(arc)
        at = (start, start + length)
        start = at[1]
        tractions = densities / rates[:, None] + traction
        out.append(EdgeData(track.edge.name, arc[order], at, (u + known)[order], tractions[order]))
    return out
