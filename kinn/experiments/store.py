"""Run store: run folders, an index that can be rebuilt from them, and the manifests of studies."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from kinn.config import nan_to_null
from kinn.errors import InputError
from kinn.experiments.results import INTERRUPTED, RUNNING, RunResult, read_result
from kinn.experiments.run_lock import active_runs
from kinn.experiments.run_spec import RunSpec
from kinn.runs.folder import CONFIG, ENVIRONMENT, STATE, SUMMARY, slug, write_text

#: The index, in the folder of all runs.
INDEX = "index.sqlite"

#: The folder of the manifests, in the folder of all runs.
MANIFESTS = ".studies"

#: The format of the index; one of another format is rebuilt.
FORMAT = 1

_TABLE = """
create table if not exists runs (
    path text primary key, hash text not null, stamp integer not null,
    problem text not null, form text not null, network text not null, optimizer text, seed integer,
    status text not null, reason text not null, parameters integer, iterations integer, seconds real, error real,
    config text not null, summary text not null
)"""


class StoreError(InputError):
    """The store cannot be written: no more runs are possible, and none is lost."""


class Store:
    """Run folders under one root, with an index.

    Args:
        root: The folder of all runs.
        create: Whether to create the root; otherwise it must exist.

    Raises:
        InputError: If it cannot be written, or does not exist.
    """

    def __init__(self, root: Path, *, create: bool = True) -> None:
        self.root = root
        #: Rejected folders, of another version or damaged, with the reason.
        self.rejected: dict[Path, str] = {}
        if not create and not root.is_dir():
            raise InputError(f"no folder of runs at {root}")
        with _writing(root):
            root.mkdir(parents=True, exist_ok=True)
            self._index = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._index.close()

    def refresh(self) -> None:
        """Update the index from the folders that have changed."""
        known = dict(self._index.execute("select path, stamp from runs"))
        # run folders: <problem>/<form>-<network>/<hash> with a configuration
        for path in (file.parent for file in sorted(self.root.glob(f"[!.]*/[!.]*/[!.]*/{CONFIG}"))):
            if known.get(str(path.relative_to(self.root))) != _stamp(path):
                self.record(path)
        with _writing(self.root), self._index:
            self._index.executemany("delete from runs where path = ?", [(n,) for n in known if self._gone(n)])

    def _gone(self, name: str) -> bool:
        """Whether a run folder does not exist and is not just being replaced."""
        path = self.root / name
        return not path.exists() and not any(path.parent.glob(f".{path.name}.old-*"))

    def record(self, path: Path) -> None:
        """Read a run folder into the index, if it holds a run."""
        stamp = _stamp(path)
        try:
            result = read_result(path)
        except InputError as error:
            self.rejected[path] = str(error)
            with _writing(self.root), self._index:
                self._index.execute("delete from runs where path = ?", (str(path.relative_to(self.root)),))
            return
        if result is None:
            return
        config, summary = result.config, result.summary
        row = {
            "path": str(path.relative_to(self.root)),
            "hash": path.name,
            "stamp": stamp,
            "problem": config["problem"]["name"],
            "form": config["form"],
            "network": config["network"]["name"],
            "optimizer": config["optimizer"]["name"],
            "seed": result.seed,
            "status": result.status,
            "reason": result.reason,
            **{name: summary.get(name) for name in ("parameters", "iterations", "seconds")},
            "error": nan_to_null(result.error),
            "config": json.dumps(config),
            "summary": json.dumps(nan_to_null(summary)),
        }
        names, places = ", ".join(row), ", ".join(f":{name}" for name in row)
        with _writing(self.root), self._index:
            self._index.execute(f"insert or replace into runs ({names}) values ({places})", row)

    def results(self) -> list[RunResult]:
        """All runs of the index; those that a process has locked are "running"."""
        active = active_runs(self.root)
        return [
            replace(result, status=RUNNING) if result.status == INTERRUPTED and result.path.name in active else result
            for result in self._select("order by path")
        ]

    def result(self, path: Path) -> RunResult | None:
        """Result of a run folder by the index; None if it is not in it.

        Raises:
            InputError: If the folder is rejected.
        """
        if path in self.rejected:
            raise InputError(self.rejected[path])
        return next(iter(self._select("where path = ?", str(path.relative_to(self.root)))), None)

    def _select(self, clause: str, *values: str) -> list[RunResult]:
        """Results of the index by a clause of SQL."""
        rows = self._index.execute(f"select path, config, status, summary from runs {clause}", values)
        return [
            RunResult(self.root / path, json.loads(config), status, json.loads(summary))
            for path, config, status, summary in rows
        ]

    def _open(self) -> sqlite3.Connection:
        """The index; a damaged one is replaced."""
        path = self.root / INDEX
        try:
            return _connect(path)
        except sqlite3.OperationalError:  # it cannot be written, nor could a new one
            raise
        except sqlite3.DatabaseError:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
            return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    """Connection to the index, which is created if necessary.

    Raises:
        sqlite3.DatabaseError: If it is damaged.
    """
    index = sqlite3.connect(path, timeout=30.0)
    index.execute("pragma journal_mode = wal")
    index.execute("pragma synchronous = normal")  # a lost row is read again from its folder
    (version,) = index.execute("pragma user_version").fetchone()
    with index:
        if version != FORMAT:
            index.execute("drop table if exists runs")
            index.execute(f"pragma user_version = {FORMAT}")
        index.execute(_TABLE)
    index.execute("select count(*), max(stamp) from runs").fetchone()
    return index


@contextmanager
def _writing(root: Path) -> Iterator[None]:
    """Turn errors of a file system or database on writing into one line."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"cannot write the runs in {root}: {error.strerror or error}") from error
    except sqlite3.OperationalError as error:
        raise StoreError(f"cannot write the index {root / INDEX}: {error}") from error


def _stamp(path: Path) -> int:
    """Latest modification time of a run folder and of the files that determine its status."""
    latest = 0
    for file in (path, *(path / name for name in (CONFIG, ENVIRONMENT, STATE, SUMMARY))):
        try:
            latest = max(latest, file.stat().st_mtime_ns)
        except FileNotFoundError:
            continue
    return latest


@dataclass(frozen=True)
class Manifest:
    """The planned runs of a study, from which `kinn status` knows what is missing.

    Attributes:
        name: The name of the study.
        hashes: The identities of its runs.
    """

    name: str
    hashes: tuple[str, ...]

    @staticmethod
    def write(root: Path, name: str, specs: Sequence[RunSpec]) -> None:
        """Write the manifest of a study into the folder of all runs."""
        text = json.dumps({"name": name, "hashes": [spec.hash for spec in specs]})
        write_text(root / MANIFESTS / f"{slug(name)}.json", text)

    @staticmethod
    def read_all(root: Path) -> list[Manifest]:
        """Manifests of the studies in a folder of all runs."""
        out = []
        for file in sorted((root / MANIFESTS).glob("*.json")):
            with suppress(ValueError, KeyError):
                data = json.loads(file.read_text(encoding="utf-8"))
                out.append(Manifest(data["name"], tuple(data["hashes"])))
        return out
