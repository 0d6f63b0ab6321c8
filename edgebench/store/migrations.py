"""The store's schema, one step a version. Steps are only ever added; a kept example of each version is a test."""

from __future__ import annotations

import sqlite3

from edgebench.errors import InputError

STEPS: tuple[str, ...] = (
    """
    CREATE TABLE runs (
        run_id TEXT PRIMARY KEY,
        suite_hash TEXT NOT NULL,
        started_utc TEXT NOT NULL,
        document TEXT NOT NULL
    );
    CREATE INDEX runs_by_suite ON runs (suite_hash);
    CREATE TABLE trials (
        run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        trial_id TEXT NOT NULL,
        position INTEGER NOT NULL,
        status TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (run_id, trial_id)
    );
    CREATE TABLE artifacts (
        run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        trial_id TEXT NOT NULL,
        target TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (run_id, trial_id, target)
    );
    CREATE TABLE late_metrics (
        run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        trial_id TEXT NOT NULL,
        name TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (run_id, trial_id, name)
    );
    CREATE TABLE measurements (
        position INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        trial_id TEXT NOT NULL,
        model_sha256 TEXT NOT NULL,
        purpose TEXT NOT NULL,
        document TEXT NOT NULL
    );
    CREATE INDEX measurements_by_trial ON measurements (run_id, trial_id);
    """,
    """
    CREATE TABLE paused_trials (
        run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        trial_id TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (run_id, trial_id)
    );
    CREATE TRIGGER trial_ended AFTER INSERT ON trials BEGIN
        DELETE FROM paused_trials WHERE run_id = NEW.run_id AND trial_id = NEW.trial_id;
    END;
    """,
    """
    CREATE TABLE repeats (
        run_id TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        trial_id TEXT NOT NULL,
        seed INTEGER NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (run_id, trial_id, seed)
    );
    """,
)
VERSION = len(STEPS)


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring an older or empty store to this version; refuse a newer one.

    Raises:
        InputError: the store was written by a newer edgebench.
    """
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > VERSION:
        raise InputError(
            f"{path} was written by a newer edgebench",
            why=f"its schema is version {found}, this one reads up to {VERSION}",
            remedy="upgrade edgebench, or name another folder with --store",
        )
    for version in range(found, VERSION):
        script = f"BEGIN IMMEDIATE; {STEPS[version]} PRAGMA user_version = {version + 1}; COMMIT;"
        connection.executescript(script)
