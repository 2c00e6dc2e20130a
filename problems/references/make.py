"""Computes the stored references again: `python -m kinn.problems.references.make [NAME ...]`."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from kinn.problems.references import cooks_membrane, gray_scott, hyperelastic_beam, lid_driven_cavity, plate_hole

#: The modules whose `compute` gives one series.
SERIES = ("allen_cahn", "korteweg_de_vries", "kuramoto_sivashinsky", "lorenz", "schroedinger")

#: The others.
OTHERS = ("cooks_membrane", "gray_scott", "hyperelastic_beam", "lid_driven_cavity", "plate_hole")


def make(name: str) -> None:
    """Compute a reference and write it beside this module."""
    if name == "gray_scott":
        gray_scott.save(*gray_scott.compute())
    elif name == "plate_hole":
        plate_hole.save(plate_hole.compute())
    elif name == "hyperelastic_beam":
        hyperelastic_beam.save(*hyperelastic_beam.compute())
    elif name == "cooks_membrane":
        cooks_membrane.save(*cooks_membrane.compute())
    elif name == "lid_driven_cavity":
        lid_driven_cavity.save(lid_driven_cavity.compute())
    else:
        import_module(f"kinn.problems.references.{name}").compute().save(Path(__file__).parent / f"{name}.npz")


if __name__ == "__main__":
    for name in sys.argv[1:] or (*SERIES, *OTHERS):
        make(name)
