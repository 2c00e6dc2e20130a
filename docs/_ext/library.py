"""Sphinx directives: entries of the problem library, and the figures of the examples."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from pictures import draw
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from kinn import problems
from kinn.runs.problem_loader import ProblemSource, description

DOCS = Path(__file__).parent.parent
PICTURES = "_build/pictures"


def measured() -> dict[str, list[list[str]]]:
    """Return the rows of the table in docs/accuracy.md by problem: network, parameters, error, range, seconds."""
    rows: dict[str, list[list[str]]] = {}
    for line in (DOCS / "accuracy.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) >= 6 and cells[0].split()[0] in problems.names():
            rows.setdefault(cells[0].split()[0], []).append(cells)
    return rows


class ProblemEntry(SphinxDirective):
    """`{problem} NAME`: heading, figure, statement and command of a problem."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the entry from the module and the specification of the problem."""
        name = self.arguments[0]
        make = problems.definition(name)
        problem = make()
        picture = DOCS / PICTURES / f"{name}.png"
        draw(problem, picture)
        section = nodes.section(ids=[nodes.make_id(name)], names=[name])
        section += nodes.title(text=name)
        self.state.document.note_explicit_target(section)
        for block in re.split(r"\n\s*\n", description(make)):
            section += statement(block)
        section += nodes.image(uri=f"/{PICTURES}/{name}.png", alt=f"Solution of {name}")
        section += facts(name, problem)
        return [section]


def statement(block: str) -> nodes.Node:
    """Return a block of a module's docstring: equations, which are indented or begin with a derivative, verbatim."""
    if block.startswith(" ") or re.match(r"\w_\w", block):
        lines = block.splitlines()
        indent = min(len(line) - len(line.lstrip()) for line in lines)
        text = "\n".join(line[indent:] for line in lines)
        return nodes.literal_block(text, text, language="text")
    return nodes.paragraph("", " ".join(block.split()))


def facts(name: str, problem: Any) -> nodes.Node:
    """Return the settings of a problem, and the accuracy of its defaults."""
    source = ProblemSource(name, problems.definition(name))
    rows = [("Solve it", [nodes.literal(text=f"kinn solve {name}")])]
    if source.defaults:
        settings = ", ".join(f"{k}={v}" for k, v in source.defaults.items())
        rows.append(("Settings", [nodes.literal(text=settings)]))
    known = "an exact solution" if problem.exact else "a computed reference" if problem.reference else "nothing"
    rows.append(("Measured against", [nodes.Text(known)]))
    rows += [("Unknown", [nodes.literal(text=unknown.name)]) for unknown in problem.unknowns]
    for cells in measured().get(name, ()):
        variant = cells[0].removeprefix(name).strip()
        what = f"{cells[1].upper()}, {cells[2]} parameters{f', {variant}' if variant else ''}"
        rows.append((what, [nodes.Text(f"relative L2 error {cells[3]} in {cells[5]} s")]))
    if problem.source:
        rows.append(("Source", [nodes.Text(problem.source)]))
    listing = nodes.field_list()
    for label, content in rows:
        field = nodes.field()
        field += nodes.field_name(text=label)
        body = nodes.field_body()
        body += nodes.paragraph("", "", *content)
        field += body
        listing += field
    return listing


def pictures_written(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Move the PNG files of an example into its page (an image scraper of sphinx-gallery)."""
    from sphinx_gallery.scrapers import figure_rst

    folder = Path(block_vars["src_file"]).parent
    found = sorted(folder.rglob("*.png"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    taken = []
    for path, target in zip(found, block_vars["image_path_iterator"], strict=False):
        shutil.move(path, target)
        taken.append(target)
    return figure_rst(taken, gallery_conf["src_dir"])


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("problem", ProblemEntry)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


__all__ = ["ProblemEntry", "pictures_written", "setup"]
