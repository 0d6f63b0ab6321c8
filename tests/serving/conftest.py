"""A store that grows, as a search in another process makes it grow, and its site."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread

import pytest

from edgebench.serving import Site, serve
from edgebench.serving.server import SiteServer
from edgebench.store import SqliteStore
from edgebench.testing.store import example_artifact, example_run, example_trial

RUN = "run-1"
MODEL = b"the bytes of a model"
APPEND = """
import sys
from pathlib import Path
from edgebench.store import SqliteStore
from edgebench.testing.store import example_trial
with SqliteStore(Path(sys.argv[1])) as store:
    store.record_trial("run-1", example_trial(int(sys.argv[2])))
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A run that goes on, with a trial and its file."""
    root = tmp_path / "store"
    artifact = example_artifact(sha256=hashlib.sha256(MODEL).hexdigest())
    with SqliteStore(root) as opened:
        opened.save_run(replace(example_run(RUN), status="running"))
        opened.record_trial(RUN, example_trial(1))
        opened.record_artifact(RUN, artifact)
        opened.artifacts_dir.mkdir()
        opened.artifact_path(artifact).write_bytes(MODEL)
    return root


@pytest.fixture
def append(store: Path) -> Callable[[int], None]:
    """Record one more trial, from another process."""

    def run(number: int) -> None:
        subprocess.run([sys.executable, "-c", APPEND, str(store), str(number)], check=True)

    return run


@pytest.fixture
def site(store: Path, tmp_path: Path) -> Site:
    return Site(RUN, partial(SqliteStore, store), tmp_path / "reports" / RUN)


@pytest.fixture
def server(site: Site) -> Iterator[SiteServer]:
    """The site on a free port."""
    with serve(site, 0) as listening:
        thread = Thread(target=partial(listening.serve_forever, poll_interval=0.05))
        thread.start()
        yield listening
        listening.shutdown()
        thread.join()
