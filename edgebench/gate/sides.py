"""What may stand on either side of a gate: a model file, a folder of them, a run, a baseline folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgebench.errors import InputError, UnknownNameError
from edgebench.gate import baseline
from edgebench.gate.answers import Question
from edgebench.gate.baseline import Subject
from edgebench.report import RunView
from edgebench.store import SqliteStore

MODEL_SUFFIXES = (".tflite", ".onnx", ".keras")


def resolve(name: str | Path, store: Path) -> list[Subject]:
    """Return the files that a side means.

    A file is called by its name, and so are those of a folder; those of a run are the files of its pick, each called by its
    format and precision: ``tflite-int8``.

    Args:
        name: A model file, a folder of model files, a baseline folder, or a run of the store.
        store: Folder of all results.

    Raises:
        InputError: it is none of these, or has no file.
    """
    path = Path(name)
    if baseline.is_baseline(path):
        return baseline.load(path)
    if path.is_dir():
        return _folder(path)
    if path.suffix in MODEL_SUFFIXES or path.is_file():
        return [_file(path)]
    return _run(str(name), store)


def resolve_all(names: Sequence[str | Path], store: Path) -> list[Subject]:
    """Return the files that several names mean; raises `InputError` where two are called alike."""
    found: dict[str, Subject] = {}
    for subject in (subject for name in names for subject in resolve(name, store)):
        if subject.name in found:
            raise InputError(
                f"two files are called {subject.name}",
                why=f"{found[subject.name].path} and {subject.path}",
                remedy="rename one of them",
            )
        found[subject.name] = subject
    return list(found.values())


def _file(path: Path) -> Subject:
    if not path.is_file():
        raise InputError(f"{path} does not exist", why="expected a model file there")
    if path.suffix not in MODEL_SUFFIXES:
        raise InputError(
            f"{path} is no model file", why=f"expected one of {', '.join(MODEL_SUFFIXES)}"
        )
    return Subject(name=path.name, path=path)


def _folder(folder: Path) -> list[Subject]:
    files = sorted(
        path for path in folder.iterdir() if path.suffix in MODEL_SUFFIXES and path.is_file()
    )
    if not files:
        raise InputError(
            f"{folder} holds neither {baseline.FILE_NAME} nor a model file",
            remedy="save one: edgebench baseline save MODEL --to DIR",
        )
    return [_file(path) for path in files]


def _run(name: str, store: Path) -> list[Subject]:
    if not (store / "edgebench.sqlite").is_file():
        raise InputError(
            f"{name} is no file, folder or run",
            why=f"{store} holds no runs",
            remedy="name the folder of results with --store",
        )
    with SqliteStore(store) as opened:
        known = opened.run_ids()
        if name not in known:
            raise UnknownNameError("a file, folder or run", name, known[-10:])
        view = RunView.of(opened.load(name))
        if view.pick is None:
            raise InputError(f"run {name} has no pick to compare", why="its front is empty")
        artifacts = [file.artifact for file in view.files(view.pick.trial.trial_id)]
        question = Question(data=view.run.suite.data)
        subjects = [
            Subject(
                name=str(artifact.target),
                path=opened.artifact_path(artifact),
                question=question,
            )
            for artifact in artifacts
        ]
    if not subjects:
        raise InputError(f"the pick of run {name} has no files", remedy="finish the run first")
    return subjects
