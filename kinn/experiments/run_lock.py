"""Claims: which process is at work on which run, so that two batches on one store do not meet.

A claim is a lock on a file that the system gives back when the process ends, however it ends. What is in the file says
how the run stands, for `kinn status` and the live table.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

#: The system's locks; not on Windows, where one batch at a time is the user's to see to.
_LOCKS: Any = import_module("fcntl") if find_spec("fcntl") else None

#: The folder of the files under that of all runs.
FOLDER = ".claims"

#: Seconds between two notes of how a run stands.
INTERVAL = 0.5


class RunLock:
    """The right to work on a run, held by this process.

    Args:
        file: The locked file.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._facts: dict[str, Any] = {"pid": os.getpid(), "host": socket.gethostname(), "began": time.time()}
        self._due = 0.0

    def note(self, **facts: Any) -> None:
        """Write how the run stands, at most every `INTERVAL` seconds."""
        self._facts |= facts
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + INTERVAL
        with suppress(OSError):  # on a full disk the run itself will say so
            self._file.seek(0)
            self._file.write(json.dumps(self._facts) + "\n")
            self._file.truncate()
            self._file.flush()


@contextmanager
def claim(root: Path, run: Path) -> Iterator[RunLock | None]:
    """Claim a run while the block lasts; None where another process is at work on it.

    What an earlier process left half-written beside the run folder is cleared away.

    Args:
        root: The folder of all runs.
        run: The run folder.
    """
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / run.name
    file = _locked(place)
    if file is None:
        yield None
        return
    try:
        for left in run.parent.glob(f".{run.name}.*"):
            if ".old-" not in left.name:  # that may be the last good state
                shutil.rmtree(left, ignore_errors=True)
        yield RunLock(file)
    finally:
        place.unlink(missing_ok=True)
        file.close()


def _locked(place: Path) -> IO[str] | None:
    """Return a file that this process alone holds, or None where another does."""
    while True:
        file = os.fdopen(os.open(place, os.O_RDWR | os.O_CREAT, 0o644), "r+")
        if not _lock(file):
            file.close()
            return None
        with suppress(FileNotFoundError):
            if os.fstat(file.fileno()).st_ino == place.stat().st_ino:
                return file
        file.close()  # it was given back, and removed, between opening and locking


def _lock(file: IO[str]) -> bool:
    if _LOCKS is None:
        return True
    try:
        _LOCKS.flock(file, _LOCKS.LOCK_EX | _LOCKS.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def active(root: Path) -> dict[str, Mapping[str, Any]]:
    """Return what is said of the runs that a process is at work on, by the names of their folders."""
    out: dict[str, Mapping[str, Any]] = {}
    for place in sorted((root / FOLDER).glob("*")):
        with suppress(FileNotFoundError), place.open() as file:
            if _LOCKS is None:
                return {}
            try:
                _LOCKS.flock(file, _LOCKS.LOCK_SH | _LOCKS.LOCK_NB)
            except BlockingIOError:
                out[place.name] = {}
                with suppress(ValueError):  # it is being written
                    out[place.name] = json.loads(file.readline())
    return out
