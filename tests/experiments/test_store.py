"""The store: an index that is planned anew from the folders, and folders that are refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from kinn.errors import InputError
from kinn.experiments.batch import Batch
from kinn.experiments.executors.local import SerialExecutor
from kinn.experiments.jobs import Job, run_job
from kinn.experiments.run_lock import lock_run
from kinn.experiments.store import INDEX, Manifest, Store, StoreError
from tests.experiments.conftest import Specs


def solved(runs: Path, specs: Specs) -> list[Path]:
    planned = specs()
    with Store(runs) as store:
        assert Batch(planned, store, SerialExecutor()).run().solved == 2
    return [spec.path(runs) for spec in planned]


def rows(store: Store) -> list[tuple[str, str, float]]:
    return [(str(r.path), r.status, r.error) for r in store.results()]


def test_the_index_is_made_anew_from_the_folders(runs: Path, specs: Specs) -> None:
    paths = solved(runs, specs)
    with Store(runs) as store:
        before = rows(store)
    assert [(path, status) for path, status, _ in before] == [(str(p), "done") for p in sorted(paths)]
    (runs / INDEX).unlink()
    with Store(runs) as store:
        assert rows(store) == []
        store.refresh()
        assert rows(store) == before


@pytest.mark.parametrize("damage", [b"no database at all, but long enough to be taken for one" * 40, b""])
def test_a_damaged_index_is_replaced(runs: Path, specs: Specs, damage: bytes) -> None:
    solved(runs, specs)
    for end in ("-wal", "-shm"):
        Path(f"{runs / INDEX}{end}").unlink(missing_ok=True)
    (runs / INDEX).write_bytes(damage)
    with Store(runs) as store:
        store.refresh()
        assert len(rows(store)) == 2


def test_what_changes_beside_the_index_is_noticed(runs: Path, specs: Specs) -> None:
    first, second = solved(runs, specs)
    with Store(runs) as store:
        shutil.rmtree(first)
        (second / "network.safetensors").unlink()
        (second / "summary.json").write_text(json.dumps({"stopped": "failed: the loss is not finite"}))
        store.refresh()
        (left,) = store.results()
        assert (left.path, left.status, left.reason) == (second, "failed", "the loss is not finite")
        assert store.result(first) is None


def test_a_run_that_is_cut_short_is_running_only_while_a_process_is_at_it(runs: Path, specs: Specs) -> None:
    _, path = solved(runs, specs)
    for name in ("network.safetensors", "summary.json"):
        (path / name).unlink()
    with Store(runs) as store:
        store.refresh()
        assert {r.status for r in store.results() if r.path == path} == {"interrupted"}
        with lock_run(runs, path):
            assert {r.status for r in store.results() if r.path == path} == {"running"}


def test_a_run_of_another_version_is_refused_with_the_version(runs: Path, specs: Specs) -> None:
    planned = specs(seeds=1)
    with Store(runs) as store:
        Batch(planned, store, SerialExecutor()).run()
    file = planned[0].path(runs) / "environment.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format": "kinn run 7", "kinn": "3.2.1"}))
    with Store(runs) as store, pytest.raises(InputError, match=r"was written by KINN 3.2.1 \(kinn run 7\); this one"):
        Batch(planned, store, SerialExecutor()).run()


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StoreError, match=r"cannot write the runs in .*taken: "):
        Store(tmp_path / "taken")
    with pytest.raises(InputError, match="no folder of runs at"):
        Store(tmp_path / "nothing", create=False)


def test_manifests_are_kept(runs: Path, specs: Specs) -> None:
    planned = specs()
    Manifest.write(runs, "my study", planned)
    assert Manifest.read_all(runs) == [Manifest("my study", tuple(c.hash for c in planned))]


def test_a_job_is_run_once(runs: Path, specs: Specs) -> None:
    (spec,) = specs(seeds=1)
    job = Job(spec, str(runs))
    assert run_job(job).state == "solved"
    assert run_job(job).state == "found"
    with lock_run(runs, spec.path(runs)):
        assert run_job(job).state == "busy"
