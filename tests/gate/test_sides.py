"""What may stand on a side of a gate."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edgebench.errors import InputError, UnknownNameError
from edgebench.gate import Question, SaveOptions, resolve, resolve_all, save
from edgebench.profiling.check import ASSETS
from edgebench.records import DataPlan

STORES = Path(__file__).parents[1] / "assets" / "stores"
TFLITE = ASSETS / "tiny.tflite"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    shutil.copyfile(STORES / "v3.sqlite", folder / "edgebench.sqlite")
    return folder


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("b.tflite", "a.onnx", "c.keras", "notes.txt"):
        (folder / name).write_text(name)
    return folder


def test_a_file_is_called_by_its_name(store: Path) -> None:
    (subject,) = resolve(TFLITE, store)
    assert (subject.name, subject.path) == ("tiny.tflite", TFLITE)
    assert (subject.places, subject.question, subject.answers) == ({}, None, None)


def test_a_folder_means_the_models_in_it(models: Path, store: Path) -> None:
    assert [each.name for each in resolve(models, store)] == ["a.onnx", "b.tflite", "c.keras"]


def test_a_baseline_folder_means_what_was_saved(models: Path, store: Path) -> None:
    (subject,) = resolve(TFLITE, store)
    save([subject], models, SaveOptions(devices=()))
    (read,) = resolve(str(models), store)
    assert read.name == "tiny.tflite"
    assert read.path.read_bytes() == TFLITE.read_bytes()


def test_a_run_means_the_files_of_its_pick(store: Path) -> None:
    (subject,) = resolve("run-1", store)
    assert subject.name == "tflite-int8"
    assert subject.path == store / "artifacts" / f"{1:064x}.tflite"
    data = DataPlan(name="digits", sample=0.5, size=(16, 24))
    assert subject.question == Question(data=data)


def test_a_run_without_a_pick(store: Path) -> None:
    with pytest.raises(InputError, match="run run-2 has no pick"):
        resolve("run-2", store)


def test_nothing_of_that_name(store: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError) as caught:
        resolve("run-3", store)
    assert caught.value.message == "run-3 is not a file, folder or run"
    assert caught.value.why == "known: run-1, run-2"
    with pytest.raises(InputError) as told:
        resolve("run-1", tmp_path / "nowhere")
    assert told.value.message == "run-1 is no file, folder or run"
    assert told.value.remedy == "name the folder of results with --store"


def test_what_is_no_model(models: Path, store: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.tflite does not exist"):
        resolve("absent.tflite", store)
    with pytest.raises(InputError, match=r"notes\.txt is no model file") as caught:
        resolve(models / "notes.txt", store)
    assert caught.value.why == "expected one of .tflite, .onnx, .keras"
    (models / "empty").mkdir()
    with pytest.raises(InputError, match=r"holds neither baseline\.json nor a model file"):
        resolve(models / "empty", store)
    (models / "folder.onnx").mkdir()
    assert len(resolve(models, store)) == 3


def test_several_names_may_not_mean_one(models: Path, store: Path) -> None:
    found = resolve_all([models / "b.tflite", TFLITE, "run-1"], store)
    assert [each.name for each in found] == ["b.tflite", "tiny.tflite", "tflite-int8"]
    with pytest.raises(InputError, match=r"two files are called b\.tflite") as caught:
        resolve_all([models, models / "b.tflite"], store)
    assert str(models / "b.tflite") in caught.value.why
