"""Every record of every run, in one SQLite file; a trial is one transaction.

Beside the database: ``artifacts/`` (files by sha256), ``weights/RUN/`` (of trials that may still win, and checkpoints of those that may go on), ``probes/RUN/``
(files that are being measured), ``logs/`` and ``locks/``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, TextIO, TypeVar

from pydantic import TypeAdapter, ValidationError

from edgebench.errors import InputError, UnknownNameError
from edgebench.records import Artifact, Measurement, Metric, Repeat, Run, RunResult, Trial
from edgebench.store.migrations import migrate

DATABASE = "edgebench.sqlite"
CONFIRM = "confirm"
PROFILE = "profile"
TABLES = ("trials", "paused_trials", "repeats", "artifacts", "late_metrics", "measurements")

RecordT = TypeVar("RecordT")

_RUN = TypeAdapter(Run)
_TRIAL = TypeAdapter(Trial)
_ARTIFACT = TypeAdapter(Artifact)
_METRIC = TypeAdapter(Metric)
_MEASUREMENT = TypeAdapter(Measurement)
_REPEAT = TypeAdapter(Repeat)


class ResultStore(Protocol):
    """Written by the search as things finish, read by reports and by a resumed search.

    Guarantees: what a ``record_*`` or ``save_run`` call returned from survives a crash at any later instant.
    """

    def save_run(self, run: Run) -> None:
        """Add the run, or replace what is known of it."""
        ...

    def record_trial(self, run_id: str, trial: Trial) -> None:
        """Add a finished trial in one transaction; it is then no longer paused.

        Raises:
            ValueError: the run is not known, or has a trial of that id; a trial is never replaced.
        """
        ...

    def record_pause(self, run_id: str, trial: Trial) -> None:
        """Add a trial that was put aside unfinished, or replace what is known of it; raises `ValueError` as above."""
        ...

    def record_repeat(self, run_id: str, repeat: Repeat) -> None:
        """Add one more training of a trial in one transaction.

        Raises:
            ValueError: the run is not known, or has that trial with that seed; a repeat is never replaced.
        """
        ...

    def record_artifact(self, run_id: str, artifact: Artifact) -> None: ...

    def record_metric(self, run_id: str, trial_id: str, metric: Metric) -> None:
        """Add what became known of a trial after it ended, such as its test accuracy."""
        ...

    def record_measurement(
        self, run_id: str, trial_id: str, measurement: Measurement, purpose: str
    ) -> None:
        """Add a measurement: ``confirm`` of a member's latency, or ``profile`` of a shipped file."""
        ...

    def load(self, run_id: str) -> RunResult:
        """Return all of one run; raises `UnknownNameError` where there is no such run."""
        ...


class SqliteStore:
    """Implements `ResultStore`. One object belongs to the thread that made it.

    Args:
        root: The folder, made where it is missing.

    Raises:
        InputError: the folder cannot be written, or holds a store that is damaged or newer than this edgebench.
            Later calls raise it too, where the damage lies deeper or the disk is full.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._path = self.root / DATABASE
        try:
            with self._lock_file("opening") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                self._open()
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(str(error)) from None

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> SqliteStore:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def save_run(self, run: Run) -> None:
        self._execute(
            "INSERT INTO runs VALUES (?, ?, ?, ?)"
            " ON CONFLICT (run_id) DO UPDATE SET document = excluded.document",
            (run.run_id, run.suite_hash, run.started_utc, _dump(_RUN, run)),
        )

    def record_trial(self, run_id: str, trial: Trial) -> None:
        self._execute(
            "INSERT INTO trials SELECT ?1, ?2, COALESCE(MAX(position), 0) + 1, ?3, ?4"
            " FROM trials WHERE run_id = ?1",
            (run_id, trial.trial_id, trial.status.value, _dump(_TRIAL, trial)),
        )

    def record_pause(self, run_id: str, trial: Trial) -> None:
        self._execute(
            "INSERT OR REPLACE INTO paused_trials VALUES (?, ?, ?)",
            (run_id, trial.trial_id, _dump(_TRIAL, trial)),
        )

    def record_repeat(self, run_id: str, repeat: Repeat) -> None:
        self._execute(
            "INSERT INTO repeats VALUES (?, ?, ?, ?)",
            (run_id, repeat.trial_id, repeat.seed, _dump(_REPEAT, repeat)),
        )

    def record_artifact(self, run_id: str, artifact: Artifact) -> None:
        self._execute(
            "INSERT OR REPLACE INTO artifacts VALUES (?, ?, ?, ?, ?)",
            (
                run_id,
                artifact.trial_id,
                str(artifact.target),
                artifact.sha256,
                _dump(_ARTIFACT, artifact),
            ),
        )

    def record_metric(self, run_id: str, trial_id: str, metric: Metric) -> None:
        self._execute(
            "INSERT OR REPLACE INTO late_metrics VALUES (?, ?, ?, ?)",
            (run_id, trial_id, metric.name, _dump(_METRIC, metric)),
        )

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Record several things whole or not at all."""
        self._execute("BEGIN IMMEDIATE")
        try:
            yield
            self._execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._execute("ROLLBACK")
            raise

    def record_measurement(
        self, run_id: str, trial_id: str, measurement: Measurement, purpose: str
    ) -> None:
        self._execute(
            "INSERT INTO measurements (run_id, trial_id, model_sha256, purpose, document)"
            " VALUES (?, ?, ?, ?, ?)",
            (
                run_id,
                trial_id,
                measurement.model_sha256,
                purpose,
                _dump(_MEASUREMENT, measurement),
            ),
        )

    def load(self, run_id: str) -> RunResult:
        with self._snapshot():
            run = self.run(run_id)
            trials = self._documents("trials", run_id, "position")
            paused = self._documents("paused_trials", run_id, "trial_id")
            repeats = self._documents("repeats", run_id, "trial_id, seed")
            artifacts = self._documents("artifacts", run_id, "rowid")
            measured = self._execute(
                "SELECT trial_id, model_sha256, purpose, document FROM measurements"
                " WHERE run_id = ? ORDER BY position",
                (run_id,),
            )
            late = self._late_metrics(run_id)
        measurements: dict[tuple[str, str], list[Measurement]] = defaultdict(list)
        confirmed: dict[str, dict[str, Metric]] = defaultdict(dict)
        for trial_id, sha256, purpose, document in measured:
            measurement = self._read(_MEASUREMENT, document)
            if purpose == CONFIRM:
                metric = run.on_device(measurement.as_metric(), measurement.device)
                confirmed[trial_id][metric.name] = metric
            measurements[trial_id, sha256].append(measurement)
        return RunResult(
            run=run,
            trials=tuple(
                dataclasses.replace(trial, metrics=(*trial.metrics, *late[trial.trial_id]))
                for trial in (self._read(_TRIAL, text) for text in trials)
            ),
            artifacts=tuple(self._read(_ARTIFACT, text) for text in artifacts),
            measurements={key: tuple(found) for key, found in measurements.items()},
            confirmed={trial_id: tuple(found.values()) for trial_id, found in confirmed.items()},
            paused=tuple(self._read(_TRIAL, text) for text in paused),
            repeats=tuple(self._read(_REPEAT, text) for text in repeats),
        )

    def run(self, run_id: str) -> Run:
        """Return what is known of the run itself."""
        rows = self._execute("SELECT document FROM runs WHERE run_id = ?", (run_id,))
        if not rows:
            raise UnknownNameError("a run in this store", run_id, self.run_ids()[-10:])
        return self._read(_RUN, rows[0][0])

    def run_ids(self) -> list[str]:
        """Return the ids of all runs, oldest first."""
        rows = self._execute("SELECT run_id FROM runs ORDER BY started_utc, rowid")
        return [row[0] for row in rows]

    def newest(self) -> str:
        """Return the id of the run that began last; raises `InputError` where there is none."""
        rows = self._execute(
            "SELECT run_id FROM runs ORDER BY started_utc DESC, rowid DESC LIMIT 1"
        )
        if not rows:
            raise InputError(f"{self.root} holds no runs", remedy="run `edgebench search` first")
        return str(rows[0][0])

    def version_of(self, run_id: str) -> str:
        """Return a short text that changes whenever something is recorded of the run; it reads next to nothing.

        Raises:
            UnknownNameError: there is no such run.
        """
        rows = self._execute("SELECT document FROM runs WHERE run_id = ?", (run_id,))
        if not rows:
            raise UnknownNameError("a run in this store", run_id, self.run_ids()[-10:])
        found = [rows[0][0]]
        for table in TABLES:
            query = f"SELECT COUNT(*), MAX(rowid) FROM {table} WHERE run_id = ?"  # noqa: S608
            found += self._execute(query, (run_id,))
        return hashlib.sha256(repr(found).encode()).hexdigest()[:16]

    def newest_of(self, suite_hash: str) -> Run | None:
        """Return the newest run of that suite, options and seed, or None."""
        rows = self._execute(
            "SELECT document FROM runs WHERE suite_hash = ?"
            " ORDER BY started_utc DESC, rowid DESC LIMIT 1",
            (suite_hash,),
        )
        return self._read(_RUN, rows[0][0]) if rows else None

    def delete(self, run_id: str) -> None:
        """Remove the run, its weights and log, and the artifacts that no other run has."""
        self.run(run_id)
        with self.lock(run_id):
            files = {self.artifact_path(artifact) for artifact in self.load(run_id).artifacts}
            self._execute("DELETE FROM runs WHERE run_id = ?", (run_id,))
            kept = {row[0] for row in self._execute("SELECT sha256 FROM artifacts")}
            for path in files:
                if path.stem not in kept:
                    for beside in self.artifacts_dir.glob(f"{path.name}*"):
                        beside.unlink()
            shutil.rmtree(self.weights_dir(run_id))
            shutil.rmtree(self.emptied_probes_dir(run_id))
            self.log_path(run_id).unlink(missing_ok=True)

    def artifact_path(self, artifact: Artifact) -> Path:
        """Return where the file's bytes are."""
        return self.artifacts_dir / f"{artifact.sha256}.{artifact.format.value}"

    @property
    def artifacts_dir(self) -> Path:
        return self.root / "artifacts"

    def weights_dir(self, run_id: str) -> Path:
        folder = self.root / "weights" / run_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def emptied_probes_dir(self, run_id: str) -> Path:
        """Return where files of a run are measured that are not kept; what a killed process left there is gone."""
        folder = self.root / "probes" / run_id
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def log_path(self, run_id: str) -> Path:
        folder = self.root / "logs"
        folder.mkdir(exist_ok=True)
        return folder / f"{run_id}.log"

    @contextlib.contextmanager
    def lock(self, run_id: str) -> Iterator[None]:
        """Hold the run for this process; the kernel lets go when the process ends, however it ends.

        Raises:
            InputError: another living process holds it.
        """
        with self._lock_file(run_id) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(
                    f"run {run_id} is being worked on by another process",
                    why="two searches must not write one run",
                    remedy="wait for it, or stop it; its finished trials are kept",
                ) from None
            yield

    def _open(self) -> None:
        self._connection = sqlite3.connect(self._path, timeout=30.0, isolation_level=None)
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            migrate(self._connection, str(self._path))
        except BaseException:
            self._connection.close()
            raise

    def _lock_file(self, name: str) -> TextIO:
        folder = self.root / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / f"{name}.lock").open("a+", encoding="utf-8")

    @contextlib.contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Read several tables as they are at one instant, whatever is written meanwhile."""
        if self._connection.in_transaction:
            yield
            return
        self._execute("BEGIN")
        try:
            yield
        finally:
            self._execute("ROLLBACK")

    def _late_metrics(self, run_id: str) -> dict[str, list[Metric]]:
        late: dict[str, list[Metric]] = defaultdict(list)
        rows = self._execute(
            "SELECT trial_id, document FROM late_metrics WHERE run_id = ?", (run_id,)
        )
        for trial_id, document in rows:
            late[trial_id].append(self._read(_METRIC, document))
        return late

    def _documents(self, table: str, run_id: str, order: str) -> list[str]:
        query = f"SELECT document FROM {table} WHERE run_id = ? ORDER BY {order}"  # noqa: S608
        return [row[0] for row in self._execute(query, (run_id,))]

    def _execute(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        try:
            return self._connection.execute(statement, parameters).fetchall()
        except sqlite3.IntegrityError as error:
            raise ValueError(f"{parameters[:2]} does not fit the store: {error}") from error
        except sqlite3.Error as error:
            raise self._unusable(str(error)) from error

    def _read(self, adapter: TypeAdapter[RecordT], document: str) -> RecordT:
        try:
            return adapter.validate_json(document)
        except ValidationError as error:
            problem = error.errors()[0]["msg"]
            raise self._unusable(f"a record in it cannot be read: {problem}") from error

    def _unusable(self, why: str) -> InputError:
        return InputError(
            f"{self._path} cannot be used as a store",
            why=why,
            remedy="name another folder with --store",
        )


def _dump(adapter: TypeAdapter[Any], record: object) -> str:
    return adapter.dump_json(record).decode()
