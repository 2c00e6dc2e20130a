"""The pages: every public name and every problem has its entry, code blocks run, links lead somewhere."""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import kinn
from kinn import problems

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(p for p in DOCS.rglob("*.md") if not {"_build", "api", "examples"} & set(p.relative_to(DOCS).parts))
EXAMPLES = {p.stem for p in (ROOT / "examples").glob("*.py")}

#: Pages that `make docs` makes in the folder of this name.
MADE = {"examples/index"} | {f"examples/{name}" for name in EXAMPLES}

#: What a comment in front of a block of Python says of it: that it takes more than a few seconds, or that it needs what
#: is not there (a package, a file).
LONG, NOT_RUN = "long", "not run"


@dataclass(frozen=True)
class Block:
    """A block of Python on a page: its first line, the code, and the comment in front of it."""

    line: int
    code: str
    comment: str


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in re.finditer(r"(?:<!-- ([a-z ]+) -->\n)?^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield Block(text.count("\n", 0, found.start(2)) + 1, found[2], found[1] or "")


def headings(page: Path) -> set[str]:
    """Return the anchors of the headings of a page, as MyST makes them."""
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#{1,3} (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def run(page: Path, folder: Path, *comments: str) -> None:
    """Run the blocks of a page as one script, whose lines have the numbers that they have on the page."""
    lines: list[str] = []
    for block in blocks(page):
        ast.parse(block.code)
        if block.comment in comments:
            lines += [""] * (block.line - 1 - len(lines)) + block.code.splitlines()
    script = folder / f"{page.stem}.py"
    script.write_text("\n".join(lines), encoding="utf-8")
    runpy.run_path(str(script))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(DOCS)))
def test_short_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert {b.comment for b in blocks(page)} <= {"", LONG, NOT_RUN}
    run(page, tmp_path, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [p for p in PAGES if any(b.comment == LONG for b in blocks(p))], ids=lambda p: str(p.relative_to(DOCS))
)
def test_long_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(page, tmp_path, "", LONG)


def test_public_names_are_on_the_api_page() -> None:
    entries = re.findall(r"^   ([\w.]+)$", (DOCS / "api.rst").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(entries) == len(set(entries))
    assert set(kinn.__all__) - {"__version__"} <= set(entries)


def test_problems_have_an_entry_each() -> None:
    entries = re.findall(r"^```\{problem\} (\S+)$", (DOCS / "problems.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(entries) == list(problems.names())


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(DOCS)))
def test_links_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        made = str(file.relative_to(DOCS)) if file.is_relative_to(DOCS) else ""
        assert file.is_file() or made in MADE, f"{target} is no page"
        if anchor:
            assert anchor in headings(file), f"{target} is no heading"


def test_every_page_is_in_a_table_of_contents() -> None:
    listed = {DOCS / "index.md"}
    for page in PAGES:
        for tree in re.findall(r"^```\{toctree\}\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            names = (line for line in tree.splitlines() if line and not line.startswith(":"))
            listed |= {(page.parent / f"{name}.md").resolve() for name in names}
    assert set(PAGES) <= listed
