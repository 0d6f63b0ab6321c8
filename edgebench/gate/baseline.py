"""Baseline folders: what CI commits. Model files by their sha256, and one readable baseline.json."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal, cast

import numpy as np
from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, ValidationError

from edgebench import scratch
from edgebench.devices import open_device, sha256_of
from edgebench.documents import Record
from edgebench.errors import InputError
from edgebench.export.inspection import inspect
from edgebench.gate.answers import Answers, Examiner, Question
from edgebench.profiling import MeasurePlan, Profiler
from edgebench.records import DataPlan

FILE_NAME = "baseline.json"
SCHEMA_VERSION = 1
MOST_BYTES = 10_000_000
Suffix = Literal[".tflite", ".onnx", ".keras"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
# What `save` names its files; whatever else is in the folder is not ours.
_OURS = re.compile(r"[0-9a-f]{64}\.(tflite|onnx|keras|npz)")


class Place(Record):
    """What a file was saved on: the device, and the runtime that ran it there. ``p50_ms`` is told, and never compared with.

    With ``any_host`` any machine of this architecture may stand in for the device, as hosted CI gives.
    """

    machine: str
    model: str | None
    any_host: bool = False
    runtime: str
    runtime_version: str
    delegate: str | None
    threads: PositiveInt
    p50_ms: PositiveFloat


class Asked(Record):
    """The examples whose answers are stored beside the file, by their own sha256."""

    sha256: Sha256
    data: DataPlan
    examples: PositiveInt | None
    input_range: tuple[float, float]
    described: str
    accuracy: float

    @property
    def question(self) -> Question:
        return Question(data=self.data, examples=self.examples, input_range=self.input_range)

    @property
    def file_name(self) -> str:
        return f"{self.sha256}.npz"


class Entry(Record):
    """One benchmark of a baseline."""

    sha256: Sha256
    suffix: Suffix
    bytes: NonNegativeInt
    param_bytes: NonNegativeInt | None
    macs: NonNegativeInt | None
    places: dict[str, Place]
    asked: Asked | None = None

    @property
    def file_name(self) -> str:
        return f"{self.sha256}{self.suffix}"

    @property
    def file_names(self) -> set[str]:
        return {self.file_name} | ({self.asked.file_name} if self.asked else set())


class BaselineDocument(Record):
    schema_version: PositiveInt
    edgebench_version: str
    saved_utc: str
    benchmarks: dict[str, Entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One file of a side, and what a baseline remembers of it: ``places`` by device, and ``question`` with its ``answers``."""

    name: str
    path: Path
    places: Mapping[str, Place] = field(default_factory=dict)
    question: Question | None = None
    answers: Answers | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveOptions:
    """How `save` runs each file; ``any_host`` is as for `Place`."""

    devices: tuple[str, ...] = ("local",)
    plan: MeasurePlan = field(default_factory=lambda: MeasurePlan(blocks=1, block_s=0.5))
    any_host: bool = False
    question: Question | None = None
    told: Callable[[str], None] = lambda sentence: None


def save(subjects: Sequence[Subject], folder: Path, options: SaveOptions) -> list[str]:
    """Put files into a baseline folder, each run once on each device; return the names of all that it then holds.

    What the folder has by other names stays. A kill at any instant leaves it as it was, or as it will be.

    Raises:
        InputError: the folder cannot be made or is damaged, a file cannot be read, or its answers cannot be had.
        UnavailableError: a device or runtime is not there.
    """
    entries = dict(_document(folder).benchmarks) if (folder / FILE_NAME).exists() else {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made", why=str(error.strerror)) from None
    places, examiner = _places(subjects, options), Examiner()
    with open_device("local") as local:
        for number, subject in enumerate(subjects, 1):
            entry = _entry(
                subject,
                folder,
                places[subject.name],
                replace(options, told=_counting(options.told, number, len(subjects))),
                examiner,
                Profiler(local),
            )
            entries[subject.name] = entry
    document = BaselineDocument(
        schema_version=SCHEMA_VERSION,
        edgebench_version=metadata.version("edgebench"),
        saved_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        benchmarks=dict(sorted(entries.items())),
    )
    with scratch.replacing(folder / FILE_NAME) as partial:
        partial.write_text(document.model_dump_json(indent=2) + "\n", encoding="utf-8")
    kept = {name for entry in entries.values() for name in entry.file_names}
    for path in folder.iterdir():
        if _OURS.fullmatch(path.name) and path.name not in kept:
            path.unlink()
    return sorted(entries)


def _counting(told: Callable[[str], None], number: int, count: int) -> Callable[[str], None]:
    """Let sentences end in which file of how many they are of."""
    return lambda sentence: told(f"{sentence}, file {number} of {count}")


def _places(subjects: Sequence[Subject], options: SaveOptions) -> dict[str, dict[str, Place]]:
    found: dict[str, dict[str, Place]] = {subject.name: {} for subject in subjects}
    for name in options.devices:
        with open_device(name) as device:
            info, profiler = device.describe(), Profiler(device)
            for number, subject in enumerate(subjects, 1):
                told = _counting(options.told, number, len(subjects))
                told(f"running {subject.path.name} on {name}")
                measured = profiler.measure(subject.path, options.plan)
                environment = measured.environment
                found[subject.name][info.name] = Place(
                    machine=info.machine,
                    model=info.model,
                    any_host=options.any_host,
                    runtime=environment.runtime,
                    runtime_version=environment.runtime_version,
                    delegate=options.plan.delegate,
                    threads=environment.threads,
                    p50_ms=measured.p50_ms,
                )
    return found


def _entry(
    subject: Subject,
    folder: Path,
    places: dict[str, Place],
    options: SaveOptions,
    examiner: Examiner,
    profiler: Profiler,
) -> Entry:
    sha256, contents = sha256_of(subject.path), inspect(subject.path)
    entry = Entry(
        sha256=sha256,
        suffix=cast(Suffix, subject.path.suffix),
        bytes=contents.file_bytes,
        param_bytes=contents.param_bytes,
        macs=contents.macs,
        places=places,
    )
    with scratch.replacing(folder / entry.file_name) as partial:
        shutil.copyfile(subject.path, partial)
    question = options.question or subject.question
    if question is None:
        return entry
    options.told(f"asking {subject.path.name} the test part of {question.data.name}")
    answers = examiner.ask(question, subject.path, profiler, options.plan)
    if answers is None:
        return entry
    stored = io.BytesIO()
    np.savez_compressed(stored, correct=answers.correct)
    asked = Asked(
        sha256=hashlib.sha256(stored.getvalue()).hexdigest(),
        data=question.data,
        examples=question.examples,
        input_range=question.input_range,
        described=answers.data,
        accuracy=answers.accuracy,
    )
    with scratch.replacing(folder / asked.file_name) as partial:
        partial.write_bytes(stored.getvalue())
    return entry.model_copy(update={"asked": asked})


def is_baseline(path: Path) -> bool:
    return (path / FILE_NAME).is_file()


def load(folder: Path) -> list[Subject]:
    """Return the files of a baseline folder, each as it was saved.

    Raises:
        InputError: baseline.json, a file or its answers are damaged or missing.
    """
    return [_subject(name, entry, folder) for name, entry in _document(folder).benchmarks.items()]


def _subject(name: str, entry: Entry, folder: Path) -> Subject:
    return Subject(
        name=name,
        path=_held(folder, entry.file_name, entry.sha256, f"the file of {name}"),
        places=entry.places,
        question=entry.asked.question if entry.asked else None,
        answers=_answers(name, entry.asked, folder) if entry.asked else None,
    )


def _held(folder: Path, file_name: str, sha256: str, called: str) -> Path:
    """Return the path of a file of the folder that has the bytes it was saved with."""
    path = folder / file_name
    if not path.is_file():
        raise _damaged(folder, f"{called} is missing: {path.name}")
    if sha256_of(path) != sha256:
        raise _damaged(folder, f"{called} has other bytes than were saved")
    return path


def _answers(name: str, asked: Asked, folder: Path) -> Answers:
    path = _held(folder, asked.file_name, asked.sha256, f"the file of the answers of {name}")
    try:
        with np.load(path, allow_pickle=False) as stored:
            correct = stored["correct"]
        if correct.dtype != bool or correct.ndim != 1 or not len(correct):
            raise ValueError("they are no list of right and wrong")
    except Exception as error:
        raise _damaged(folder, f"the answers of {name} cannot be read") from error
    return Answers(data=asked.described, correct=correct)


def _document(folder: Path) -> BaselineDocument:
    path = folder / FILE_NAME
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise _damaged(folder, f"{FILE_NAME} is larger than {MOST_BYTES} bytes")
        version = json.loads(content)["schema_version"]
        if isinstance(version, int) and version > SCHEMA_VERSION:
            raise InputError(
                f"{path} is of a newer edgebench",
                why=f"it has schema version {version}, this one knows {SCHEMA_VERSION}",
                remedy="upgrade edgebench",
            )
        return BaselineDocument.model_validate_json(content, strict=True)
    except InputError:
        raise
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise _damaged(folder, f"{where} of {FILE_NAME}: {first['msg']}") from None
    except Exception as error:
        raise _damaged(folder, f"{FILE_NAME} is no JSON of a baseline") from error


def _damaged(folder: Path, why: str) -> InputError:
    return InputError(
        f"the baseline {folder} is damaged",
        why=why,
        remedy="restore it from your repository, or save it again: edgebench baseline save ... --to DIR",
    )
