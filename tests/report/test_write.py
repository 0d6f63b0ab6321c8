from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from edgebench.errors import InputError, WorkError
from edgebench.records import Artifact, RunResult
from edgebench.report import summarise, write_report


def test_the_folder_holds_the_report_and_the_winners_files(
    result: RunResult, store, tmp_path: Path
) -> None:
    page = write_report(result, tmp_path / "reports", store.path)

    folder = tmp_path / "reports" / "1121-cedar"
    assert page == folder / "index.html"
    assert {path.name for path in folder.iterdir()} == {
        "index.html", "summary.json", "trials.csv", "front.csv", "report.md", "models",
    }  # fmt: skip
    summary = json.loads((folder / "summary.json").read_text())
    assert summary == summarise(result, report_dir=folder)
    files = [a for m in [*summary["front"], summary["baseline"]] for a in m["artifacts"]]
    assert len(files) == 24
    for file in files:
        assert hashlib.sha256(Path(file["path"]).read_bytes()).hexdigest() == file["sha256"]
    cards = {path.stem for path in (folder / "models").glob("*.md")}
    assert cards == {"t008", "t004", "t002", "base"}
    assert len(list((folder / "models").iterdir())) == 24 + len(cards)


def test_writing_again_keeps_what_is_equal_and_removes_only_former_winners(
    result: RunResult, store, tmp_path: Path
) -> None:
    write_report(result, tmp_path, store.path)
    models = tmp_path / "1121-cedar" / "models"
    heldout = models / "heldout.npz"
    heldout.write_bytes(b"kept")
    kept = models / "t004-int8.tflite"
    before = kept.stat().st_mtime_ns
    asked: list[Artifact] = []
    shrunk = replace(
        result,
        trials=tuple(replace(t, metrics=()) if t.trial_id == "t008" else t for t in result.trials),
    )

    def path(artifact: Artifact) -> Path:
        asked.append(artifact)
        return store.path(artifact)

    write_report(shrunk, tmp_path, path)

    assert heldout.read_bytes() == b"kept"
    assert kept.stat().st_mtime_ns == before
    assert not list(models.glob("t008*"))
    assert (models / "t004.md").is_file()
    assert json.loads((tmp_path / "1121-cedar" / "summary.json").read_text())["pick"] == "t004"


def test_a_file_with_other_bytes_is_refused_and_the_former_report_stays_whole(
    result: RunResult, store, tmp_path: Path
) -> None:
    page = write_report(result, tmp_path, store.path)
    before = page.read_bytes()
    (tmp_path / "1121-cedar" / "models" / "t008-int8.tflite").unlink()
    (spoilt,) = [a for a in result.artifacts if a.file_name == "t008-int8.tflite"]
    store.path(spoilt).write_bytes(b"other bytes")

    with pytest.raises(WorkError, match=r"does not hold the bytes of t008-int8\.tflite"):
        write_report(result, tmp_path, store.path)

    assert page.read_bytes() == before
    assert not [path for path in page.parent.rglob("*") if path.name.endswith(".part")]
    assert not (tmp_path / "1121-cedar" / "models" / "t008-int8.tflite").exists()


def test_missing_bytes_are_named(result: RunResult, tmp_path: Path) -> None:
    with pytest.raises(WorkError, match=r"the bytes of t008-fp32\.tflite are missing"):
        write_report(result, tmp_path, lambda artifact: tmp_path / "nowhere" / artifact.sha256)


@pytest.mark.parametrize("name", ["../outside", "a/b", "", ".hidden", "a\nb"])
def test_an_id_that_cannot_name_a_file_is_refused(
    result: RunResult, tmp_path: Path, name: str
) -> None:
    as_run = replace(result, run=replace(result.run, run_id=name))
    as_trial = replace(result, trials=(replace(result.trials[0], trial_id=name),))

    for refused in (as_run, as_trial):
        with pytest.raises(InputError, match="cannot name a file of a report"):
            write_report(refused, tmp_path / "reports", lambda artifact: tmp_path)

    assert not (tmp_path / "reports").exists()


def test_a_run_without_trials_is_written(poor: dict[str, RunResult], store, tmp_path: Path) -> None:
    page = write_report(poor["no trials"], tmp_path, store.path)

    assert page.is_file()
    assert list((page.parent / "models").iterdir()) == []
