"""SqliteStore: what every store does, and what is kept when processes die, files rot and versions differ."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from edgebench.errors import InputError, UnknownNameError
from edgebench.records import Artifact, Metric, Status
from edgebench.store import CONFIRM, PROFILE, STEPS, VERSION, SqliteStore
from edgebench.testing.store import (
    ResultStoreContract,
    example_artifact,
    example_measurement,
    example_repeat,
    example_run,
    example_trial,
)

EXAMPLES = Path(__file__).parents[1] / "assets" / "stores"

RECORDER = r"""
import os, sys
from pathlib import Path
from edgebench.store import CONFIRM, SqliteStore
from edgebench.records import Metric
from edgebench.testing import store as examples

store, run_id = SqliteStore(Path(sys.argv[1])), sys.argv[2]
store.save_run(examples.example_run(run_id))
for number in range(100_000):
    store.record_trial(run_id, examples.example_trial(number))
    os.write(1, f"trial {number}\n".encode())
    with store.transaction():
        store.record_artifact(run_id, examples.example_artifact(number))
        store.record_metric(run_id, f"t{number:03}", Metric(name="test_accuracy", value=0.5))
        store.record_measurement(
            run_id, f"t{number:03}", examples.example_measurement(number), CONFIRM
        )
    os.write(1, f"files {number}\n".encode())
"""
HOLDER = """
import sys
from pathlib import Path
from edgebench.store import SqliteStore

with SqliteStore(Path(sys.argv[1])).lock(sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path: Path):
    with SqliteStore(tmp_path / "store") as opened:
        yield opened


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


class TestSqliteStore(ResultStoreContract):
    @pytest.fixture
    def store(self, store: SqliteStore) -> SqliteStore:
        return store


def test_what_was_recorded_is_there_when_opened_again(tmp_path: Path) -> None:
    with SqliteStore(tmp_path) as store:
        store.save_run(example_run())
        store.record_trial("run-1", example_trial())
        store.record_measurement("run-1", "t001", example_measurement(), CONFIRM)
        before = store.load("run-1")
    with SqliteStore(tmp_path) as store:
        assert store.load("run-1") == before


def test_a_killed_process_leaves_every_trial_that_was_recorded(tmp_path: Path) -> None:
    delays = random.Random(0)
    told_in_all = 0
    for round_number in range(6):
        run_id = f"run-{round_number}"
        with python(RECORDER, tmp_path, run_id) as recorder:
            assert recorder.stdout is not None
            first = recorder.stdout.readline()
            time.sleep(delays.uniform(0.0, 0.08))
            os.kill(recorder.pid, signal.SIGKILL)
            told = [line.split() for line in (first + recorder.stdout.read()).splitlines()]
        assert recorder.returncode == -signal.SIGKILL
        trials = [int(number) for what, number in told if what == "trial"]
        with_files = [int(number) for what, number in told if what == "files"]
        told_in_all += len(trials)
        with SqliteStore(tmp_path) as store:
            result = store.load(run_id)
        assert result.run == example_run(run_id)
        kept = [int(trial.trial_id[1:]) for trial in result.trials]
        assert kept[: len(trials)] == trials
        assert len(kept) - len(trials) in (0, 1)
        have_files = [int(artifact.trial_id[1:]) for artifact in result.artifacts]
        assert have_files[: len(with_files)] == with_files
        assert len(have_files) - len(with_files) in (0, 1)
        assert list(result.confirmed) == [artifact.trial_id for artifact in result.artifacts]
        late = Metric(name="test_accuracy", value=0.5)
        for number, trial in zip(kept, result.trials, strict=True):
            whole = example_trial(number)
            if number in have_files:
                whole = replace(whole, metrics=(*whole.metrics, late))
            assert trial == whole
    assert told_in_all > 6


def test_a_run_is_held_by_one_living_process(tmp_path: Path) -> None:
    with python(HOLDER, tmp_path, "run-1") as holder, SqliteStore(tmp_path) as store:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(InputError) as caught, store.lock("run-1"):
            pass
        assert caught.value.message == "run run-1 is being worked on by another process"
        assert caught.value.exit_code == 2
        with store.lock("run-2"):
            pass
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        with store.lock("run-1"):
            pass


def test_a_lock_is_free_after_its_block(store: SqliteStore) -> None:
    with pytest.raises(RuntimeError, match="work"), store.lock("run-1"):
        raise RuntimeError("work")
    with store.lock("run-1"), pytest.raises(InputError), store.lock("run-1"):
        pass


def test_many_processes_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    together = threading.Barrier(3)
    problems: list[str] = []

    def open_all() -> None:
        for number in range(12):
            together.wait()
            try:
                SqliteStore(tmp_path / str(number)).close()
            except InputError as error:
                problems.append(error.why)

    threads = [threading.Thread(target=open_all) for _ in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_a_newer_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    SqliteStore(tmp_path).close()
    database = tmp_path / "edgebench.sqlite"
    with sqlite3.connect(database) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    before = database.read_bytes()
    with pytest.raises(InputError) as caught:
        SqliteStore(tmp_path)
    assert caught.value.message == f"{database} was written by a newer edgebench"
    assert (
        caught.value.why == f"its schema is version {VERSION + 1}, this one reads up to {VERSION}"
    )
    assert caught.value.exit_code == 2
    assert database.read_bytes() == before


def test_every_schema_version_has_its_kept_example() -> None:
    assert len(STEPS) == VERSION
    names = {path.name for path in EXAMPLES.iterdir()}
    assert names == {f"v{version}.sqlite" for version in range(1, VERSION + 1)}


@pytest.mark.parametrize("example", sorted(EXAMPLES.iterdir()), ids=lambda path: path.stem)
def test_a_store_of_an_older_version_still_loads(example: Path, tmp_path: Path) -> None:
    shutil.copyfile(example, tmp_path / "edgebench.sqlite")
    with SqliteStore(tmp_path) as store:
        assert store.run_ids() == ["run-1", "run-2"]
        result = store.load("run-1")
        store.save_run(example_run("run-3"))
        assert store.load("run-3").run == example_run("run-3")
    suite = result.run.suite
    assert (suite.name, suite.data.size, suite.baseline) == ("example", (16, 24), "squeezenet-1.1")
    assert [(o.metric, o.goal, o.reference) for o in suite.objectives] == [
        ("val_accuracy", "max", 0.1), ("latency_ms", "min", 20.0),
    ]  # fmt: skip
    assert [str(c) for c in suite.constraints] == ["param_bytes<=1500000"]
    assert [(trial.trial_id, trial.status) for trial in result.trials] == [
        ("t000", "running"), ("t001", "completed"), ("t002", "infeasible"), ("t003", "failed"),
        ("t004", "pruned"),
    ]  # fmt: skip
    assert result.trials[1].values() == {
        "val_accuracy": 0.5, "latency_ms": 1.5, "test_accuracy": 0.9375,
    }  # fmt: skip
    assert result.trials[0].is_baseline
    assert all(t.architecture == "fire2 3 SE8 | max | 4 5" for t in result.trials)
    is_recent = example.stem not in ("v1", "v2")
    assert all(bool(t.blocks) is is_recent for t in result.trials)
    assert [t.trial_id for t in result.paused] == ([] if example.stem == "v1" else ["t009"])
    repeats = [(r.trial_id, r.seed, r.accuracy, r.history) for r in result.repeats]
    assert repeats == ([("t001", 1007, 1 / 3, (0.25, 1 / 3))] if is_recent else [])
    assert suite.repeats == (3 if is_recent else 1)
    (artifact,) = result.artifacts
    assert (artifact.file_name, artifact.size_bytes) == ("t001-int8.tflite", 1001)
    assert [m.p50_ms for m in result.measurements["t001", artifact.sha256]] == [2.0, 4.0]
    assert result.confirmed["t001"][0].value == 2.0


@pytest.mark.parametrize(
    "content", [b"this is no database" * 100, b"SQLite format 3\x00" + b"x" * 99]
)
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "edgebench.sqlite").write_bytes(content)
    with pytest.raises(InputError) as caught:
        SqliteStore(tmp_path)
    assert caught.value.message == f"{tmp_path / 'edgebench.sqlite'} cannot be used as a store"
    assert caught.value.exit_code == 2
    assert (tmp_path / "edgebench.sqlite").read_bytes() == content


def test_damage_deeper_in_the_file_is_told_when_it_is_met(tmp_path: Path) -> None:
    with SqliteStore(tmp_path) as store:
        store.save_run(example_run())
        for number in range(50):
            store.record_trial("run-1", example_trial(number))
    database = tmp_path / "edgebench.sqlite"
    content = bytearray(database.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    database.write_bytes(content)
    with (
        pytest.raises(InputError, match="cannot be used as a store"),
        SqliteStore(tmp_path) as store,
    ):
        store.load("run-1")


@pytest.mark.parametrize("document", ["{", "{}", '{"trial_id": 3}', "null"])
def test_a_record_that_cannot_be_read_is_told(store: SqliteStore, document: str) -> None:
    store.save_run(example_run())
    store.record_trial("run-1", example_trial())
    other = sqlite3.connect(store.root / "edgebench.sqlite", isolation_level=None)
    other.execute("UPDATE trials SET document = ?", (document,))
    other.close()
    with pytest.raises(InputError) as caught:
        store.load("run-1")
    assert caught.value.why.startswith("a record in it cannot be read: ")
    assert "\n" not in caught.value.why


def test_a_folder_that_cannot_be_written() -> None:
    """Whoever runs the tests, what is tried is without the rights of the administrator."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        is_root = os.geteuid() == 0
        try:
            if is_root:
                os.seteuid(65534)
            for root in (Path(folder), Path(folder) / "below"):
                with pytest.raises(InputError) as caught:
                    SqliteStore(root)
                assert (
                    caught.value.message == f"{root / 'edgebench.sqlite'} cannot be used as a store"
                )
                assert caught.value.remedy == "name another folder with --store"
        finally:
            if is_root:
                os.seteuid(0)
            os.chmod(folder, 0o755)


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot be used as a store"):
        SqliteStore(tmp_path / "file")


def test_a_transaction_is_kept_whole_or_not_at_all(store: SqliteStore) -> None:
    store.save_run(example_run())

    def interrupted() -> None:
        with store.transaction():
            store.record_trial("run-1", example_trial())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert store.load("run-1").trials == ()
    with store.transaction():
        store.record_trial("run-1", example_trial())
        assert len(store.load("run-1").trials) == 1
    assert store.load("run-1").trials == (example_trial(),)


def test_a_load_sees_one_instant(tmp_path: Path) -> None:
    class Interrupted(SqliteStore):
        def _documents(self, table: str, run_id: str, order: str) -> list[str]:
            found = super()._documents(table, run_id, order)
            if table == "trials":
                writer.record_trial(run_id, example_trial())
                writer.record_artifact(run_id, example_artifact())
            return found

    with SqliteStore(tmp_path) as writer, Interrupted(tmp_path) as reader:
        writer.save_run(example_run())
        seen = reader.load("run-1")
        assert (seen.trials, seen.artifacts) == ((), ())
        assert len(writer.load("run-1").artifacts) == 1


def test_runs_stand_oldest_first(store: SqliteStore) -> None:
    for run_id, day in (("b", 2), ("a", 3), ("c", 1)):
        store.save_run(replace(example_run(run_id), started_utc=f"2025-01-0{day}T00:00:00+00:00"))
    assert store.run_ids() == ["c", "b", "a"]


def test_the_newest_run_of_a_suite(store: SqliteStore) -> None:
    assert store.newest_of("0123456789abcdef") is None
    for run_id, day, suite_hash in (("a", 1, "x"), ("b", 3, "x"), ("c", 2, "x"), ("d", 4, "y")):
        store.save_run(
            replace(
                example_run(run_id), suite_hash=suite_hash,
                started_utc=f"2025-01-0{day}T00:00:00+00:00",
            )
        )  # fmt: skip
    newest = store.newest_of("x")
    assert newest is not None
    assert newest.run_id == "b"


def write_files(store: SqliteStore, run_id: str, *artifacts: Artifact) -> None:
    store.save_run(example_run(run_id))
    store.record_trial(run_id, example_trial(1))
    store.record_measurement(run_id, "t001", example_measurement(), PROFILE)
    store.record_metric(run_id, "t001", Metric(name="test_accuracy", value=0.5))
    store.artifacts_dir.mkdir(exist_ok=True)
    for artifact in artifacts:
        store.record_artifact(run_id, artifact)
        store.artifact_path(artifact).write_bytes(b"model")
    (store.weights_dir(run_id) / "t001.weights.h5").write_bytes(b"weights")
    (store.weights_dir(run_id) / "below").mkdir()
    (store.weights_dir(run_id) / "below" / "file").write_bytes(b"weights")
    (store.emptied_probes_dir(run_id) / "file").write_bytes(b"model")
    store.log_path(run_id).write_text("log")


def test_delete_keeps_what_another_run_has(store: SqliteStore) -> None:
    shared = example_artifact(1, sha256="5" * 64)
    own = example_artifact(2, sha256="6" * 64)
    others = example_artifact(3, sha256="7" * 64)
    write_files(store, "run-1", shared, own)
    write_files(store, "run-2", shared, others)
    store.delete("run-1")
    assert store.run_ids() == ["run-2"]
    with pytest.raises(UnknownNameError):
        store.load("run-1")
    assert {path.name for path in store.artifacts_dir.iterdir()} == {
        store.artifact_path(shared).name,
        store.artifact_path(others).name,
    }
    assert [path.name for path in (store.root / "weights").iterdir()] == ["run-2"]
    assert [path.name for path in (store.root / "logs").iterdir()] == ["run-2.log"]
    assert list((store.root / "probes" / "run-2").iterdir()) != []
    assert list((store.root / "probes").glob("run-1/*")) == []
    assert len(store.load("run-2").artifacts) == 2
    store.delete("run-2")
    assert list(store.artifacts_dir.iterdir()) == []


def test_a_deleted_run_leaves_no_row(store: SqliteStore) -> None:
    write_files(store, "run-1", example_artifact())
    store.record_pause("run-1", example_trial(2, status=Status.RUNNING))
    store.record_repeat("run-1", example_repeat())
    store.delete("run-1")
    connection = sqlite3.connect(store.root / "edgebench.sqlite")
    tables = [
        row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    ]
    assert len(tables) == 7
    for table in tables:
        assert connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (0,)
    connection.close()


def test_a_run_that_is_held_or_not_known_is_not_deleted(store: SqliteStore) -> None:
    write_files(store, "run-1", example_artifact())
    with store.lock("run-1"), pytest.raises(InputError, match="worked on by another process"):
        store.delete("run-1")
    with pytest.raises(UnknownNameError):
        store.delete("run-2")
    with pytest.raises(UnknownNameError):
        store.delete("../store")
    assert store.load("run-1").trials[0].status is Status.COMPLETED
    assert store.artifact_path(example_artifact()).is_file()
