"""What a site holds: the report as it is now, its files, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from edgebench.errors import EdgebenchError
from edgebench.serving import Site
from edgebench.serving import site as room
from edgebench.serving.site import made_live
from edgebench.store import SqliteStore
from edgebench.testing.store import example_run

PAGE = """<head><meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'"></head>
<script>"</body>"</script><p>all</p></body>"""


@pytest.fixture(autouse=True)
def asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LEAST_AGE_S", 0.0)


def body(site: Site, name: str) -> bytes:
    answer = site.answer(name)
    assert answer is not None, name
    return answer.body


def test_the_page_is_drawn_again_once_something_was_recorded(
    site: Site, append: Callable[[int], None]
) -> None:
    before, version = body(site, ""), site.version()
    assert body(site, "index.html") == before
    assert b'data-trial="t001"' in before
    assert b'data-trial="t002"' not in before
    append(2)
    assert site.version() != version
    assert b'data-trial="t002"' in body(site, "")


def test_a_run_that_ends_is_another_version(site: Site, store: Path) -> None:
    version = site.version()
    assert site.version() == version
    with SqliteStore(store) as opened:
        opened.save_run(replace(example_run("run-1"), status="completed"))
    assert json.loads(body(site, "version"))["version"] == site.version() != version


def test_other_runs_are_not_this_one(site: Site, store: Path) -> None:
    version = site.version()
    with SqliteStore(store) as opened:
        opened.save_run(example_run("run-2"))
    assert site.version() == version


def test_files_beside_the_page_are_the_reports(site: Site, tmp_path: Path) -> None:
    summary = json.loads(body(site, "summary.json"))
    assert summary["status"] == "running"
    assert summary["report"] == f"{tmp_path}/reports/run-1/index.html"
    for name in ("trials.csv", "front.csv", "report.md", "live.js"):
        assert body(site, name)
    assert not (tmp_path / "reports").exists()


def test_a_model_is_that_of_the_store_and_only_whole(site: Site, store: Path) -> None:
    assert body(site, "models/t001-int8.tflite") == b"the bytes of a model"
    (path,) = (store / "artifacts").iterdir()
    path.write_bytes(b"other bytes")
    assert site.answer("models/t001-int8.tflite") is None


def test_what_the_search_alone_writes_is_served_from_its_folder(site: Site, tmp_path: Path) -> None:
    models = tmp_path / "reports" / "run-1" / "models"
    models.mkdir(parents=True)
    (models / "heldout.npz").write_bytes(b"arrays")
    (tmp_path / "secret").write_text("secret")
    (models / "link").symlink_to(tmp_path / "secret")
    assert body(site, "models/heldout.npz") == b"arrays"
    outside = (
        "models/link",
        "models",
        "../../secret",
        f"{tmp_path}/secret",
        "models/../../../secret",
    )
    assert [site.answer(name) for name in outside] == [None] * len(outside)


def test_a_store_that_is_gone_is_told(tmp_path: Path) -> None:
    site = Site("run-9", partial(SqliteStore, tmp_path / "store"), tmp_path / "reports")
    with pytest.raises(EdgebenchError, match="run-9 is not a run"):
        site.answer("")


def test_the_script_stands_at_the_end_and_may_ask_this_site_alone() -> None:
    page, policy = made_live(PAGE, "v<1")
    assert page.endswith('<script src="/live.js" data-version="v&lt;1"></script>\n</body>')
    assert "Content-Security-Policy" not in page
    assert policy == (
        "default-src 'none'; script-src 'unsafe-inline' 'self'; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
