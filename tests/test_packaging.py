"""The distributions: what they hold, that they work outside the checkout, and that importing stays light."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: Import names that differ from the distribution's.
DISTRIBUTIONS = {"lazy_loader": "lazy-loader", "tomli_w": "tomli-w", "yaml": "pyyaml"}
#: Imported only by what needs them, and offered as extras.
OPTIONAL = {"cupy", "deepxde", "gmsh", "netCDF4", "numba", "submitit", "dask", "pytorch_optimizer", "skfem"}


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command without this checkout on its path and return what it prints."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [str(c) for c in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist, and the wheel from it, in a copy of the checkout; return their folder."""
    source = tmp_path_factory.mktemp("source")
    for folder in ("kinn", "problems", "kernels"):
        shutil.copytree(ROOT / folder, source / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source / file)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", source / "dist", source, cwd=source)
    return source / "dist"


def test_the_wheel_holds_the_library_and_the_kernels(distributions: Path) -> None:
    (wheel,) = distributions.glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, package in (("kinn", "kinn"), ("problems", "kinn/problems")):
        for path in (ROOT / folder).rglob("*.py"):
            assert f"{package}/{path.relative_to(ROOT / folder).as_posix()}" in names
    for path in (ROOT / "problems" / "references").glob("*.npz"):
        assert f"kinn/problems/references/{path.name}" in names
    for path in (ROOT / "kernels").iterdir():
        assert f"kinn/_cuda/{path.name}" in names
    assert {"kinn/py.typed", "kinn/_cuda/README.md"} <= names
    assert not [name for name in names if name.split("/")[0] in ("problems", "kernels", "tests")]


def test_the_sdist_builds_the_same(distributions: Path) -> None:
    (sdist,) = distributions.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "setup.py", "README.md", "LICENSE", "kernels/README.md", "problems/__init__.py"} <= names


def test_the_wheel_works_outside_the_checkout(distributions: Path, tmp_path: Path) -> None:
    """In a venv that holds the wheel alone; the dependencies are those of this venv, where kinn itself is out of reach."""
    (wheel,) = distributions.glob("*.whl")
    venv = tmp_path / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=tmp_path)
    python = venv / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path).strip())
    (site / "dependencies.pth").write_text("\n".join(p for p in sys.path if Path(p).name == "site-packages"))
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps", wheel, cwd=tmp_path)

    home = run(python, "-c", "import kinn, kinn.problems; print(kinn.__file__, kinn.problems.__file__)", cwd=tmp_path)
    assert all(Path(path).is_relative_to(site) for path in home.split())
    code = "from kinn.ops.gpu.devices import source; print('kinn_forward' in source('forward.cu'))"
    assert run(python, "-c", code, cwd=tmp_path).strip() == "True"
    assert importlib.metadata.version("kinn") in run(venv / "bin" / "kinn", "--version", cwd=tmp_path)
    assert "poisson-2d" in run(venv / "bin" / "kinn", "list", cwd=tmp_path)
    solve = ("solve", "poisson-2d", "--set", "network.width=4", "--points", "200", "--iterations", "3", "--json")
    summary = json.loads(run(venv / "bin" / "kinn", *solve, cwd=tmp_path).splitlines()[-1])
    assert (tmp_path / summary["run"] / "summary.json").is_file()


def test_every_import_is_a_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {re.split(r"[^\w-]", requirement)[0] for requirement in project["dependencies"]}
    used = set()
    for path in [*(ROOT / "kinn").rglob("*.py"), *(ROOT / "problems").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                used |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                used.add(node.module.partition(".")[0])
    third_party = used - set(sys.stdlib_module_names) - OPTIONAL - {"kinn"}
    assert {DISTRIBUTIONS.get(name, name) for name in third_party} <= declared


def test_every_folder_of_modules_is_a_package() -> None:
    for path in (ROOT / "kinn").rglob("*.py"):
        assert (path.parent / "__init__.py").is_file()


@pytest.mark.parametrize(
    "statement", ["import kinn", "import sys, kinn.cli.app as a; sys.argv[1:] = ['--help']; a.main()"]
)
def test_heavy_imports_wait_until_they_are_needed(statement: str, tmp_path: Path) -> None:
    heavy = "{'torch', 'scipy', 'numpy', 'matplotlib', 'pydantic', 'meshio'}"
    code = (
        f"import atexit, sys\natexit.register(lambda: print('HEAVY', sorted({heavy} & set(sys.modules))))\n{statement}"
    )
    assert run(sys.executable, "-c", code, cwd=tmp_path).splitlines()[-1] == "HEAVY []"


def test_every_exported_name_loads() -> None:
    import kinn

    for name in kinn.__all__:
        assert getattr(kinn, name) is not None
    assert set(kinn.__all__) <= set(dir(kinn))
    with pytest.raises(AttributeError, match="attribute nothing"):
        kinn.nothing  # noqa: B018
