"""Makes the example of a store of today's schema version. Once made it is kept as it is, as a test for ever.

python tests/assets/make_store.py
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path

from edgebench.records import Metric, Status
from edgebench.store import CONFIRM, PROFILE, VERSION, SqliteStore
from edgebench.testing.store import (
    example_artifact,
    example_measurement,
    example_repeat,
    example_run,
    example_trial,
)

EXAMPLE = Path(__file__).parent / "stores" / f"v{VERSION}.sqlite"


def fill(store: SqliteStore) -> None:
    for run_id in ("run-1", "run-2"):
        store.save_run(example_run(run_id))
    for number, status in enumerate(Status):
        store.record_trial("run-1", example_trial(number, status=status))
    store.record_pause("run-1", example_trial(9, status=Status.RUNNING))
    store.record_repeat("run-1", example_repeat(1))
    store.record_artifact("run-1", example_artifact(1))
    store.record_metric("run-1", "t001", Metric(name="test_accuracy", value=0.9375, n=360))
    store.record_measurement("run-1", "t001", example_measurement(1), CONFIRM)
    store.record_measurement("run-1", "t001", example_measurement(1, median_ms=4.0), PROFILE)


def main() -> None:
    if EXAMPLE.exists():
        raise SystemExit(f"{EXAMPLE.name} is there already: it is kept as it was written")
    with tempfile.TemporaryDirectory() as folder:
        with SqliteStore(Path(folder)) as store:
            fill(store)
        database = Path(folder) / "edgebench.sqlite"
        connection = sqlite3.connect(database, isolation_level=None)
        for statement in ("PRAGMA journal_mode = DELETE", "PRAGMA page_size = 512", "VACUUM"):
            connection.execute(statement)
        connection.close()
        shutil.copyfile(database, EXAMPLE)


if __name__ == "__main__":
    main()
