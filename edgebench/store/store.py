"""Every record of every run, in one SQLite file; a trial is one transaction.

Beside the database: ``artifacts/`` (files by sha256), ``weights/RUN/`` (of trials that may still win), ``logs/``
and ``locks/``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from pydantic import TypeAdapter

from edgebench.errors import InputError, UnknownNameError
from edgebench.records import Artifact, Measurement, Metric, Run, RunResult, Trial
from edgebench.store.migrations import migrate

DATABASE = "edgebench.sqlite"
CONFIRM = "confirm"
PROFILE = "profile"

_RUN = TypeAdapter(Run)
_TRIAL = TypeAdapter(Trial)
_ARTIFACT = TypeAdapter(Artifact)
_METRIC = TypeAdapter(Metric)
_MEASUREMENT = TypeAdapter(Measurement)


class ResultStore(Protocol):
    """Written by the search as things finish, read by reports and by a resumed search.

    Guarantees: what a ``record_*`` or ``save_run`` call returned from survives a crash at any later instant.
    """

    def save_run(self, run: Run) -> None:
        """Add the run, or replace what is known of it."""
        ...

    def record_trial(self, run_id: str, trial: Trial) -> None:
        """Add a finished trial in one transaction; a trial is never replaced."""
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
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        path = root / DATABASE
        try:
            root.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=30.0, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            migrate(self._connection, str(path))
        except (OSError, sqlite3.Error) as error:
            raise InputError(
                f"{path} cannot be used as a store",
                why=str(error),
                remedy="name another folder with --store",
            ) from None

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> SqliteStore:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def save_run(self, run: Run) -> None:
        self._connection.execute(
            "INSERT INTO runs VALUES (?, ?, ?, ?)"
            " ON CONFLICT (run_id) DO UPDATE SET document = excluded.document",
            (run.run_id, run.suite_hash, run.started_utc, _dump(_RUN, run)),
        )

    def record_trial(self, run_id: str, trial: Trial) -> None:
        self._connection.execute(
            "INSERT INTO trials SELECT ?1, ?2, COALESCE(MAX(position), 0) + 1, ?3, ?4"
            " FROM trials WHERE run_id = ?1",
            (run_id, trial.trial_id, trial.status.value, _dump(_TRIAL, trial)),
        )

    def record_artifact(self, run_id: str, artifact: Artifact) -> None:
        self._connection.execute(
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
        self._connection.execute(
            "INSERT OR REPLACE INTO late_metrics VALUES (?, ?, ?, ?)",
            (run_id, trial_id, metric.name, _dump(_METRIC, metric)),
        )

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Record several things whole or not at all."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def record_measurement(
        self, run_id: str, trial_id: str, measurement: Measurement, purpose: str
    ) -> None:
        self._connection.execute(
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
        run = self.run(run_id)
        trials = [_TRIAL.validate_json(t) for t in self._documents("trials", run_id, "position")]
        artifacts = self._documents("artifacts", run_id, "rowid")
        measurements: dict[tuple[str, str], list[Measurement]] = defaultdict(list)
        confirmed: dict[str, Metric] = {}
        rows = self._connection.execute(
            "SELECT trial_id, model_sha256, purpose, document FROM measurements"
            " WHERE run_id = ? ORDER BY position",
            (run_id,),
        )
        for trial_id, sha256, purpose, document in rows:
            measurement = _MEASUREMENT.validate_json(document)
            if purpose == CONFIRM:
                confirmed[trial_id] = measurement.as_metric()
            measurements[trial_id, sha256].append(measurement)
        return RunResult(
            run=run,
            trials=tuple(self._with_late_metrics(run_id, trials)),
            artifacts=tuple(_ARTIFACT.validate_json(text) for text in artifacts),
            measurements={key: tuple(found) for key, found in measurements.items()},
            confirmed=confirmed,
        )

    def run(self, run_id: str) -> Run:
        """Return what is known of the run itself."""
        row = self._connection.execute(
            "SELECT document FROM runs WHERE run_id = ?", (run_id,)
        ).fetchone()
        if row is None:
            raise UnknownNameError("a run in this store", run_id, self.run_ids()[-10:])
        return _RUN.validate_json(row[0])

    def run_ids(self) -> list[str]:
        """Return the ids of all runs, oldest first."""
        rows = self._connection.execute("SELECT run_id FROM runs ORDER BY started_utc, rowid")
        return [row[0] for row in rows]

    def newest_of(self, suite_hash: str) -> Run | None:
        """Return the newest run of that suite, options and seed, or None."""
        row = self._connection.execute(
            "SELECT document FROM runs WHERE suite_hash = ?"
            " ORDER BY started_utc DESC, rowid DESC LIMIT 1",
            (suite_hash,),
        ).fetchone()
        return None if row is None else _RUN.validate_json(row[0])

    def delete(self, run_id: str) -> None:
        """Remove the run, its weights, and the artifacts that no other run has."""
        self.run(run_id)
        with self.lock(run_id):
            files = {p for a in self.load(run_id).artifacts if (p := self.artifact_path(a))}
            self._connection.execute("DELETE FROM runs WHERE run_id = ?", (run_id,))
            kept = {row[0] for row in self._connection.execute("SELECT sha256 FROM artifacts")}
            for path in files:
                if path.stem not in kept:
                    path.unlink(missing_ok=True)
            for path in sorted(self.weights_dir(run_id).glob("*")):
                path.unlink()
            self.weights_dir(run_id).rmdir()

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
        folder = self.root / "locks"
        folder.mkdir(exist_ok=True)
        with (folder / f"{run_id}.lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(
                    f"run {run_id} is being worked on by another process",
                    why="two searches must not write one run",
                    remedy="wait for it, or stop it; its finished trials are kept",
                ) from None
            yield

    def _with_late_metrics(self, run_id: str, trials: list[Trial]) -> Iterator[Trial]:
        late: dict[str, list[Metric]] = defaultdict(list)
        rows = self._connection.execute(
            "SELECT trial_id, document FROM late_metrics WHERE run_id = ?", (run_id,)
        )
        for trial_id, document in rows:
            late[trial_id].append(_METRIC.validate_json(document))
        for trial in trials:
            yield dataclasses.replace(trial, metrics=(*trial.metrics, *late[trial.trial_id]))

    def _documents(self, table: str, run_id: str, order: str) -> list[str]:
        query = f"SELECT document FROM {table} WHERE run_id = ? ORDER BY {order}"  # noqa: S608
        return [row[0] for row in self._connection.execute(query, (run_id,))]


def _dump(adapter: TypeAdapter[Any], record: object) -> str:
    return adapter.dump_json(record).decode()
