"""Baseline folders: saved, read again, torn in every way."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgebench.errors import InputError, UnavailableError, UnknownNameError
from edgebench.gate import Question, SaveOptions, Subject, baseline, save
from edgebench.gate.baseline import FILE_NAME, load
from edgebench.profiling import MeasurePlan
from edgebench.profiling.check import ASSETS
from edgebench.records import DataPlan

QUICK = MeasurePlan(runtime="litert", blocks=1, block_s=0.05)
TFLITE, ONNX = ASSETS / "tiny.tflite", ASSETS / "tiny.onnx"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "mine.npz"
    rng = np.random.default_rng(0)
    np.savez(path, x=rng.random((40, 8), dtype=np.float32), y=rng.integers(0, 4, 40))
    return path


def question(data: Path, examples: int = 30) -> Question:
    return Question(data=DataPlan(name=str(data), validation="test"), examples=examples)


def subject(name: str = "tiny.tflite", path: Path = TFLITE) -> Subject:
    return Subject(name=name, path=path)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """A baseline of one file with its answers; tests take a copy."""
    folder = tmp_path_factory.mktemp("saved") / "deep" / "baseline"
    options = SaveOptions(plan=QUICK, any_host=True, question=question(data))
    assert save([subject()], folder, options) == ["tiny.tflite"]
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "baseline"))


def entry_of(folder: Path, name: str = "tiny.tflite") -> dict[str, Any]:
    found = json.loads((folder / FILE_NAME).read_text())["benchmarks"][name]
    assert isinstance(found, dict)
    return found


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_is_saved_is_read_again(folder: Path, data: Path) -> None:
    (read,) = load(folder)
    assert baseline.is_baseline(folder)
    assert read.name == "tiny.tflite"
    assert read.path.read_bytes() == TFLITE.read_bytes()
    sha256 = hashlib.sha256(TFLITE.read_bytes()).hexdigest()
    assert read.path.name == f"{sha256}.tflite"
    assert read.question == question(data)
    assert read.answers is not None
    assert read.answers.correct.shape == (30,)
    place = read.places["local"]
    assert (place.runtime, place.delegate, place.threads) == ("litert", None, 1)
    assert place.any_host
    assert place.p50_ms > 0
    entry = entry_of(folder)
    assert (entry["bytes"], entry["param_bytes"], entry["macs"]) == (1016, 144, 32)
    assert entry["asked"]["accuracy"] == read.answers.accuracy
    assert names_in(folder) == {FILE_NAME, f"{sha256}.tflite", f"{entry['asked']['sha256']}.npz"}


def test_others_stay_and_what_is_replaced_goes(folder: Path) -> None:
    before = entry_of(folder)
    (folder / "my own.tflite").write_text("left alone")
    (folder / "README.md").write_text("left alone")
    options = SaveOptions(devices=(), plan=QUICK)
    assert save([subject("tiny.onnx", ONNX)], folder, options) == ["tiny.onnx", "tiny.tflite"]
    assert entry_of(folder) == before
    assert {read.name for read in load(folder)} == {"tiny.onnx", "tiny.tflite"}
    assert save([subject(path=ONNX)], folder, options) == ["tiny.onnx", "tiny.tflite"]
    onnx = f"{hashlib.sha256(ONNX.read_bytes()).hexdigest()}.onnx"
    assert names_in(folder) == {FILE_NAME, onnx, "my own.tflite", "README.md"}
    assert entry_of(folder)["asked"] is None


def test_one_file_under_two_names_keeps_both_their_answers(folder: Path, data: Path) -> None:
    (before,) = load(folder)
    options = SaveOptions(devices=(), plan=QUICK, question=question(data, examples=10))
    save([subject("again.tflite")], folder, options)
    read = {each.name: each.answers for each in load(folder)}
    assert read["tiny.tflite"] is not None
    assert read["again.tflite"] is not None
    assert before.answers is not None
    assert list(read["tiny.tflite"].correct) == list(before.answers.correct)
    assert len(read["again.tflite"].correct) == 10


def test_a_baseline_can_be_saved_into_itself(folder: Path) -> None:
    save(load(folder), folder, SaveOptions(devices=(), plan=QUICK))
    (read,) = load(folder)
    assert read.path.read_bytes() == TFLITE.read_bytes()
    assert read.answers is not None
    assert read.places == {}


class Killed(BaseException):
    pass


def test_a_kill_at_any_instant_leaves_the_folder_whole(
    folder: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every step that changes the folder is a rename, or a removal after the document is replaced."""
    steps = 0
    rename, unlink = Path.replace, Path.unlink
    (before,) = load(folder)

    def dies_at(step: int) -> None:
        def counted(action: Callable[..., Any]) -> Callable[..., Any]:
            def act(path: Path, *rest: Any, **more: Any) -> Any:
                nonlocal steps
                if path.parent == folder and path.exists():
                    if steps == step:
                        raise Killed
                    steps += 1
                return action(path, *rest, **more)

            return act

        monkeypatch.setattr(Path, "replace", counted(rename))
        monkeypatch.setattr(Path, "unlink", counted(unlink))

    options = SaveOptions(devices=(), plan=QUICK, question=question(data, examples=20))
    kills = 0
    for step in range(20):
        steps = 0
        dies_at(step)
        try:
            save([subject()], folder, options)
        except Killed:
            kills += 1
        else:
            break
        finally:
            monkeypatch.undo()
        (read,) = load(folder)
        assert read.answers is not None
        assert len(read.answers.correct) == (20 if read.question != before.question else 30)
    assert kills >= 4
    (read,) = load(folder)
    assert read.question == question(data, examples=20)
    assert len(names_in(folder)) == 3


def test_what_a_killed_save_left_goes_with_the_next(folder: Path) -> None:
    (folder / f"{'ab' * 32}.tflite").write_text("left by a save that was killed")
    (folder / f"{'cd' * 32}.npz").write_text("left by a save that was killed")
    save([subject()], folder, SaveOptions(devices=(), plan=QUICK))
    assert len(names_in(folder)) == 2


def test_a_mistake_changes_nothing(folder: Path, tmp_path: Path) -> None:
    before = names_in(folder), (folder / FILE_NAME).read_bytes()
    torn = tmp_path / "torn.tflite"
    torn.write_text("no model")
    for wrong, error in (
        (SaveOptions(devices=(), plan=QUICK), InputError),
        (SaveOptions(devices=("nowhere",), plan=QUICK), UnknownNameError),
        (SaveOptions(plan=MeasurePlan(runtime="ort", delegate="tensorrt", blocks=1)), (UnavailableError, InputError)),
    ):  # fmt: skip
        with pytest.raises(error):
            save([subject("torn.tflite", torn)], folder, wrong)
        assert (names_in(folder), (folder / FILE_NAME).read_bytes()) == before


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    for path in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(InputError, match="cannot be made"):
            save([subject()], path, SaveOptions(devices=(), plan=QUICK))


def refusal(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        load(folder)
    assert "\n" not in f"{caught.value.message}{caught.value.why}"
    return f"{caught.value.message}: {caught.value.why}"


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "3", "null", '"schema_version"', "{}", "[" * 100_000, '{"schema_version": 1', "\0\xff"],
)  # fmt: skip
def test_what_is_no_document(folder: Path, content: str) -> None:
    (folder / FILE_NAME).write_text(content, encoding="latin-1")
    assert refusal(folder).endswith("is damaged: baseline.json is no JSON of a baseline")


def test_a_torn_document(folder: Path) -> None:
    content = (folder / FILE_NAME).read_bytes()
    for length in range(0, len(content) - 2, 97):
        (folder / FILE_NAME).write_bytes(content[:length])
        assert "is damaged" in refusal(folder)


def test_a_document_too_large(folder: Path) -> None:
    with (folder / FILE_NAME).open("ab") as file:
        file.truncate(20_000_000)
    assert "larger than 10000000 bytes" in refusal(folder)


def test_a_newer_document(folder: Path) -> None:
    (folder / FILE_NAME).write_text('{"schema_version": 2, "anything": []}')
    assert "is of a newer edgebench: it has schema version 2, this one knows 1" in refusal(folder)


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads((folder / FILE_NAME).read_text())
    change(document["benchmarks"]["tiny.tflite"])
    (folder / FILE_NAME).write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda e: e.pop("sha256"), "sha256 of baseline.json: Field required"),
        (lambda e: e.update(bytes="12"), "bytes of baseline.json"),
        (lambda e: e.update(bytes=-1), "bytes of baseline.json"),
        (lambda e: e.update(macs=1.5), "macs of baseline.json"),
        (lambda e: e.update(note="x"), "note of baseline.json"),
        (lambda e: e.update(places=[]), "places of baseline.json"),
        (lambda e: e["places"]["local"].update(threads=0), "places.local.threads of baseline.json"),
        (lambda e: e["places"]["local"].update(p50_ms=float("nan")), "baseline.json"),
        (lambda e: e["asked"].update(input_range=[0]), "asked.input_range.1 of baseline.json"),
        (lambda e: e["asked"]["data"].update(name=3), "asked.data"),
        (lambda e: e.update(sha256="../../secret"), "sha256 of baseline.json"),
        (lambda e: e.update(sha256="ab" * 32 + "\n"), "sha256 of baseline.json"),
        (lambda e: e.update(sha256="AB" * 32), "sha256 of baseline.json"),
        (lambda e: e.update(suffix="/../../x.tflite"), "suffix of baseline.json"),
        (lambda e: e.update(suffix=".so"), "suffix of baseline.json"),
        (lambda e: e["asked"].update(sha256="../x"), "asked.sha256 of baseline.json"),
        (lambda e: e.update(sha256="ab" * 32), "the file of tiny.tflite is missing"),
        (lambda e: e["asked"].update(sha256="ab" * 32), "the file of the answers of tiny.tflite is missing"),
    ],
)  # fmt: skip
def test_an_entry_that_is_wrong(
    folder: Path, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    changed(folder, change)
    told = refusal(folder)
    assert "is damaged" in told
    assert said in told


def test_a_name_may_be_anything_for_it_is_no_path(folder: Path) -> None:
    document = json.loads((folder / FILE_NAME).read_text())
    entries = document["benchmarks"]
    document["benchmarks"] = {"../../etc/passwd": entries["tiny.tflite"]}
    (folder / FILE_NAME).write_text(json.dumps(document))
    (read,) = load(folder)
    assert read.path.parent == folder
    save([subject("../up.tflite")], folder, SaveOptions(devices=(), plan=QUICK))
    assert {each.path.parent for each in load(folder)} == {folder}


def test_a_file_that_is_missing_or_another(folder: Path) -> None:
    (model,) = folder.glob("*.tflite")
    model.write_bytes(model.read_bytes() + b"x")
    assert "the file of tiny.tflite has other bytes than were saved" in refusal(folder)
    model.unlink()
    assert "the file of tiny.tflite is missing" in refusal(folder)
    model.mkdir()
    assert "the file of tiny.tflite is missing" in refusal(folder)


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("pickle was opened"),))


def stored(**arrays: Any) -> bytes:
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no archive",
        pickle.dumps(Evil()),
        stored(correct=np.array([Evil()], object)),
        stored(other=np.ones(30, bool)),
        stored(correct=np.ones(30)),
        stored(correct=np.ones((30, 1), bool)),
        stored(correct=np.zeros(0, bool)),
    ],
)
def test_answers_that_are_none(
    folder: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (answers,) = folder.glob("*.npz")
    answers.write_bytes(content)
    assert "the answers of tiny.tflite has other bytes than were saved" in refusal(folder)
    sha256 = hashlib.sha256(content).hexdigest()
    answers.rename(folder / f"{sha256}.npz")
    changed(folder, lambda entry: entry["asked"].update(sha256=sha256))
    assert "the answers of tiny.tflite cannot be read" in refusal(folder)
    assert not (folder / "pickle was opened").exists()
