"""The run store: run folders, and an index of them that is made anew from them where it is missing or damaged."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from kinn.config import nan_to_null
from kinn.errors import InputError
from kinn.experiments.results import INTERRUPTED, RUNNING, RunResult, read
from kinn.experiments.run_lock import active
from kinn.runs.folder import CONFIG, ENVIRONMENT, STATE, SUMMARY

#: The index, in the folder of all runs.
INDEX = "index.sqlite"

#: The format of the index; one of another format is made anew.
FORMAT = 1

_TABLE = """
create table if not exists runs (
    path text primary key, hash text not null, stamp integer not null,
    problem text not null, form text not null, network text not null, optimizer text, seed integer,
    status text not null, reason text not null, parameters integer, iterations integer, seconds real, error real,
    config text not null, summary text not null
)"""


class StoreError(InputError):
    """The store cannot be written: nothing more can be solved, and nothing is lost."""


class Store:
    """The folders of many runs.

    Args:
        root: The folder of all runs; it is made if need be.
        make: Whether to make it; else one that does not exist is refused.

    Raises:
        InputError: If it cannot be written, or does not exist.
    """

    def __init__(self, root: Path, *, make: bool = True) -> None:
        self.root = root
        #: Folders that are refused, with the reason: of another version, or damaged.
        self.refused: dict[Path, str] = {}
        if not make and not root.is_dir():
            raise InputError(f"no folder of runs at {root}")
        with _written(root):
            root.mkdir(parents=True, exist_ok=True)
            self._index = self._opened()

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def refresh(self) -> None:
        """Bring the index in line with the folders, of which those that did not change are not read again."""
        known = dict(self._index.execute("select path, stamp from runs"))
        found = {str(path.relative_to(self.root)): path for path in self._folders()}
        for name, path in found.items():
            if known.get(name) != _stamp(path):
                self.record(path)
        with _written(self.root), self._index:
            self._index.executemany("delete from runs where path = ?", [(n,) for n in known if self._gone(n)])

    def _gone(self, name: str) -> bool:
        """Whether there is no such run folder, nor one that is just being replaced."""
        path = self.root / name
        return not path.exists() and not any(path.parent.glob(f".{path.name}.old-*"))

    def record(self, path: Path) -> RunResult | None:
        """Read a run folder and put it into the index; None where it holds no run."""
        stamp = _stamp(path)
        try:
            result = read(path)
        except InputError as error:
            self.refused[path] = str(error)
            with _written(self.root), self._index:
                self._index.execute("delete from runs where path = ?", (str(path.relative_to(self.root)),))
            return None
        if result is None:
            return None
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
            "parameters": summary.get("parameters"),
            "iterations": summary.get("iterations"),
            "seconds": summary.get("seconds"),
            "error": nan_to_null(result.error),
            "config": json.dumps(config),
            "summary": json.dumps(nan_to_null(summary)),
        }
        names = ", ".join(row)
        places = ", ".join(f":{name}" for name in row)
        with _written(self.root), self._index:
            self._index.execute(f"insert or replace into runs ({names}) values ({places})", row)
        return result

    def results(self) -> list[RunResult]:
        """Return all runs of the index; those that a process is at work on are "running"."""
        working = active(self.root)
        query = "select path, config, status, summary from runs order by path"
        return [
            self._standing(RunResult(self.root / path, json.loads(config), status, json.loads(summary)), path, working)
            for path, config, status, summary in self._index.execute(query)
        ]

    def result(self, path: Path) -> RunResult | None:
        """Return what the index says of a run folder; None where it says nothing.

        Raises:
            InputError: If the folder is one that is refused.
        """
        if path in self.refused:
            raise InputError(self.refused[path])
        query = "select config, status, summary from runs where path = ?"
        row = self._index.execute(query, (str(path.relative_to(self.root)),)).fetchone()
        return row and RunResult(path, json.loads(row[0]), row[1], json.loads(row[2]))

    def _standing(self, result: RunResult, path: str, working: Any) -> RunResult:
        running = result.status == INTERRUPTED and Path(path).name in working
        return replace(result, status=RUNNING) if running else result

    def _folders(self) -> Iterator[Path]:
        """Yield the run folders: those two below the root's that hold a configuration."""
        for file in sorted(self.root.glob(f"[!.]*/[!.]*/[!.]*/{CONFIG}")):
            yield file.parent

    def _opened(self) -> sqlite3.Connection:
        """Return the index; one that is damaged or of another format is moved aside."""
        place = self.root / INDEX
        try:
            return _connected(place)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # it cannot be written, which a new one could not either
                raise
            for end in ("", "-wal", "-shm"):
                Path(f"{place}{end}").unlink(missing_ok=True)
            return _connected(place)


def _connected(place: Path) -> sqlite3.Connection:
    """Return a connection to an index, made where there is none.

    Raises:
        sqlite3.DatabaseError: If it is damaged.
    """
    index = sqlite3.connect(place, timeout=30.0)
    index.execute("pragma journal_mode = wal")
    index.execute("pragma synchronous = normal")  # the folders hold the truth: a lost row is read again from there
    (version,) = index.execute("pragma user_version").fetchone()
    with index:
        if version != FORMAT:
            index.execute("drop table if exists runs")
            index.execute(f"pragma user_version = {FORMAT}")
        index.execute(_TABLE)
    index.execute("select count(*), max(stamp) from runs").fetchone()
    return index


@contextmanager
def _written(root: Path) -> Iterator[None]:
    """Turn what a file system or a database says of writing into one line."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"cannot write the runs in {root}: {error.strerror or error}") from error
    except sqlite3.OperationalError as error:
        raise StoreError(f"cannot write the index {root / INDEX}: {error}") from error


def _stamp(path: Path) -> int:
    """Return what changes with a run folder: its time, and those of the files that say how it stands."""
    latest = 0
    for file in (path, *(path / name for name in (CONFIG, ENVIRONMENT, STATE, SUMMARY))):
        try:
            latest = max(latest, file.stat().st_mtime_ns)
        except FileNotFoundError:
            continue
    return latest
