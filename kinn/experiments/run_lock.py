"""Run locks: of the processes on one store, each run belongs to one at a time.

A lock is a locked file, which the system releases when the process ends, however it ends; where the file system has no
such locks, filelock writes process and host into the file instead. A second file has the status of the run for
`kinn status` and the live table.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import BaseFileLock, FileLock, Timeout

#: The folder of the lock files under that of all runs.
FOLDER = ".locks"

#: Seconds between two writes of a status.
INTERVAL = 0.5

#: Seconds after which a lock counts as held: `active_runs` holds it for an instant.
TIMEOUT = 0.1


class RunLock:
    """Lock of a run, held by this process, with the file for the status of the run."""

    def __init__(self, status_file: Path) -> None:
        self._file = status_file
        self._status: dict[str, Any] = {"pid": os.getpid(), "host": socket.gethostname(), "started": time.time()}
        self._next_write = 0.0

    def write_status(self, **values: Any) -> None:
        """Write the status of the run, at most every `INTERVAL` seconds."""
        self._status |= values
        if time.monotonic() < self._next_write:
            return
        self._next_write = time.monotonic() + INTERVAL
        with suppress(OSError):  # on a full disk the run itself fails with a message
            self._file.write_text(json.dumps(self._status), encoding="utf-8")


@contextmanager
def lock_run(root: Path, run: Path) -> Iterator[RunLock | None]:
    """Lock a run folder under the root of all runs for the duration of the block; None if another process holds it.

    Temporary folders that a killed process left beside the run folder are removed.
    """
    lock_file = root / FOLDER / f"{run.name}.lock"
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(lock_file)
    try:
        lock.acquire(timeout=TIMEOUT, poll_interval=0.02)
    except Timeout:
        yield None
        return
    try:
        for leftover in run.parent.glob(f".{run.name}.*"):
            if ".old-" not in leftover.name:  # that may be the last good state
                shutil.rmtree(leftover, ignore_errors=True)
        yield RunLock(lock_file.with_suffix(".json"))
    finally:
        _release(lock, lock_file)


def active_runs(root: Path) -> dict[str, Mapping[str, Any]]:
    """Status of the runs that a process holds, by the names of their folders; stale files of others are removed."""
    out: dict[str, Mapping[str, Any]] = {}
    for lock_file in sorted((root / FOLDER).glob("*.lock")):
        lock = FileLock(lock_file)
        try:
            lock.acquire(timeout=0)
        except OSError:  # held, or another user's
            out[lock_file.stem] = {}
            with suppress(OSError, ValueError):  # not written yet, or just being written
                out[lock_file.stem] = json.loads(lock_file.with_suffix(".json").read_text(encoding="utf-8"))
        else:
            _release(lock, lock_file)
    return out


def _release(lock: BaseFileLock, lock_file: Path) -> None:
    """Remove the files of a lock that this process holds, and release it."""
    lock_file.with_suffix(".json").unlink(missing_ok=True)
    with suppress(PermissionError):  # Windows does not remove an open file
        lock_file.unlink(missing_ok=True)
    lock.release()
