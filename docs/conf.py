"""Sphinx configuration: `make docs` builds the pages into docs/_build/html, warnings being errors."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the examples are small, and a second thread would only wait
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

import kinn

project = "KINN"
author = "The KINN authors"
copyright = author
release = version = kinn.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "sphinx_gallery.gen_gallery",
    "library",
]
exclude_patterns = ["_build", "examples/*.ipynb", "examples/*.py"]
templates_path = ["_templates"]
default_role = "code"  # docstrings are written with single backticks
nitpicky = False

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

html_theme = "pydata_sphinx_theme"
html_title = "KINN"
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "header_links_before_dropdown": 7,
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_show_sourcelink = False
html_sidebars = {"install": [], "first-problem": [], "accuracy": [], "performance": [], "deepxde": []}

autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_class_signature = "mixed"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # else every attribute of a dataclass is described twice

# The examples run in a copy, so that what they write does not lie beside them. The copy keeps the times of the files:
# an example that did not change is not run again.
GALLERY = HERE / "_build" / "gallery"
shutil.rmtree(GALLERY, ignore_errors=True)
shutil.copytree(HERE.parent / "examples", GALLERY, ignore=shutil.ignore_patterns("__pycache__", "runs"))

sphinx_gallery_conf = {
    "examples_dirs": str(GALLERY),
    "gallery_dirs": "examples",
    "filename_pattern": r"/\d\d_",
    "image_scrapers": ("library.pictures_written",),
    "reset_modules": (),
    "download_all_examples": False,
    "write_computation_times": False,
    "min_reported_time": 0,
    "show_memory": False,
    "show_signature": False,
    "plot_gallery": True,
}
suppress_warnings = ["config.cache"]


def plain_docstring(app, what, name, obj, options, lines):
    """Keep reStructuredText from reading |u|, u* and 2*_x in a docstring as markup; what is in backticks stays."""
    for n, line in enumerate(lines):
        parts = re.split(r"(`+[^`]*`+)", line)
        lines[n] = "".join(part if part.startswith("`") else re.sub(r"([*|])", r"\\\1", part) for part in parts)


def setup(app):
    """Connect the hook; before napoleon's, which has a priority of 500 and writes further markup."""
    app.connect("autodoc-process-docstring", plain_docstring, priority=400)
