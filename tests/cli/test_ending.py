"""The last screen of a search: what to do with the pick."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.api import SearchResult
from edgebench.cli import screen
from edgebench.cli.ending import print_ending
from edgebench.records import RunResult
from edgebench.testing.store import example_artifact, example_run, example_trial


def test_the_picks_file_is_named_and_how_to_measure_and_to_see_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "index.html"
    page.write_text("<html>")
    found = RunResult(
        run=example_run("r"),
        trials=(example_trial(1),),
        artifacts=(example_artifact(1),),
        measurements={},
    )
    screen.out.cache_clear()
    try:
        print_ending(
            SearchResult(run_id="r", summary={}, report_path=page, result=found, store=tmp_path)
        )
    finally:
        screen.out.cache_clear()
    *_, model, following, saving, last = capsys.readouterr().out.splitlines()
    file = tmp_path / "models/t001-int8.tflite"
    assert model == f"model   {file}"
    assert following == f"next    edgebench profile {file} --device local"
    assert saving == "        edgebench baseline save r --to ci/baseline"
    assert last == f"        netron {file}"
