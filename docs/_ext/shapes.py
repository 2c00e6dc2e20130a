"""The figure of the geometry page: shapes with boundary points and level lines of smooth distances.

python docs/_ext/shapes.py docs/specification/shapes.png
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kinn import ArcPolygon, CurveDomain, Disk, Ellipse, Geometry, Polygon, Rectangle
from kinn.geometry import Boundary

ELL = Polygon([(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)], ["floor", "wall", "step", "riser", "roof", "left"])


def star(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A smooth curve with five arms."""
    r = 1 + 0.25 * np.cos(5 * t)
    return r * np.cos(t), r * np.sin(t)


SQUARE = Rectangle((-1, -1), (1, 1))
SHAPES: dict[str, tuple[Geometry, str | None]] = {
    "Polygon": (ELL, None),
    "Polygon, on 'riser'": (ELL, "riser"),
    "square - four disks": (
        SQUARE - Disk((-1, -1), 0.4) - Disk((1, 1), 0.4) - Disk((0, 0), 0.4) - Disk((0, 1), 0.4),
        None,
    ),
    "Ellipse | rotated square": (Ellipse((0, 0), (1.6, 0.6), angle=0.4) | SQUARE.rotated(0.6), None),
    "ArcPolygon": (ArcPolygon([(0, 0), (2, 0), (2, 2), (0, 2)], [None, (1.5, 1), None, (-0.25, 1)]), None),
    "CurveDomain": (CurveDomain(star, (0, 2 * np.pi)), None),
    "CurveDomain.through - Disk": (
        CurveDomain.through([(0, 0), (1, -0.4), (2, 0), (1.9, 1), (1, 0.6), (0.2, 0.9)]) - Disk((1.6, 0.4), 0.25),
        None,
    ),
    "square - Ellipse, on 'ellipse'": (SQUARE - Ellipse((0.2, 0.1), (0.6, 0.25), angle=0.7), "ellipse"),
}


def draw() -> Figure:
    """Return the figure."""
    figure = Figure(figsize=(12, 6.2), layout="constrained")
    for axes, (title, (shape, name)) in zip(figure.subplots(2, 4).flat, SHAPES.items(), strict=True):
        lower, upper = shape.bounds
        x, y = (np.linspace(a - 0.02, b + 0.02, 240) for a, b in zip(lower, upper, strict=True))
        points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
        values = (shape if name is None else shape.boundary(name)).distance(*points.T)
        values = np.where(shape.contains(points), values, np.nan).reshape(len(y), len(x))
        axes.contourf(x, y, values, levels=14, cmap="viridis")
        axes.contour(x, y, values, levels=14, colors="white", linewidths=0.4)
        boundary: Boundary = shape.boundary("boundary")
        axes.plot(*boundary.sample(120, method="uniform").points.T, "k.", markersize=2.5)
        axes.set_title(title, fontsize=10)
        axes.set_aspect("equal")
        axes.set_axis_off()
    return figure


if __name__ == "__main__":
    picture = draw()
    FigureCanvasAgg(picture)
    picture.savefig(Path(sys.argv[1]), dpi=64)
