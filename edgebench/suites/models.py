"""Suites of model files: which are profiled, on which devices, and on which data they are scored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from edgebench import plugins
from edgebench.datasets import load_dataset, source_kind
from edgebench.devices import inventory
from edgebench.documents import Document, Location, read_document
from edgebench.errors import InputError
from edgebench.records import DataPlan
from edgebench.suites.changes import Change
from edgebench.suites.data import data_that_fits
from edgebench.suites.document import DataDocument, ModelSuiteDocument, says_models
from edgebench.suites.files import find, find_model
from edgebench.suites.places import known, told

RUNTIMES = ("auto", "tflite", "litert", "ort", "keras")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPlan:
    """One file of a suite.

    Args:
        file: Its path, as the suite has it.
        data: What its answers are scored on; None where they are not.
        input_range: Least and largest input that it expects, where the data set's are 0 and 1.
        examples: The first so many of the test part; None for all.
    """

    file: str
    data: DataPlan | None = None
    input_range: tuple[float, float] = (0.0, 1.0)
    examples: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSuite:
    """Files to profile on each device, and to score. ``folder`` is where the suite's file is.

    ``blocks`` and ``block_s`` (seconds) are those of each measurement. Every name is known to exist but the files'.
    """

    name: str
    models: tuple[ModelPlan, ...]
    folder: Path = Path()
    devices: tuple[str, ...] = ("local",)
    runtime: str = "auto"
    delegate: str | None = None
    threads: int = 1
    blocks: int = 6
    block_s: float = 2.0

    def paths(self) -> tuple[Path, ...]:
        """Return where the files are; raises `InputError` for the first that is nowhere."""
        return tuple(find_model(model.file, self.folder) for model in self.models)


def is_of_models(source: str) -> bool:
    """Return whether a suite, by name or file, is one of models; raises `InputError` where it is none at all."""
    return says_models(read_document(find(source)))


def load_models(source: str, changes: Iterable[Change] = ()) -> ModelSuite:
    """Read a suite of models, lay the changes over it and resolve the names in it.

    Raises:
        InputError: one sentence with file, line and column (or the option) of the first mistake.
    """
    path = find(source)
    document = read_document(path)
    if not says_models(document):
        raise InputError(
            f"{source} is a suite of a template, and only suites of models are profiled",
            remedy=f"edgebench search {source}",
        )
    for change in changes:
        document.lay_over(change.location, change.value, change.option)
    raw = document.validate(ModelSuiteDocument)
    if raw.latency.runtime not in RUNTIMES:
        names = (*RUNTIMES, *plugins.names("runtimes"))
        known(document, ("latency", "runtime"), "a runtime", raw.latency.runtime, names)
    for index, name in enumerate(raw.devices):
        told(document, ("devices", index), partial(inventory.find_device, name))
    shared = _data(document, ("data",), raw.data)
    return ModelSuite(
        name=raw.name,
        models=tuple(
            ModelPlan(
                file=model.file,
                data=_data(document, ("models", index, "data"), model.data)
                if "data" in model.model_fields_set
                else shared,
                input_range=model.input_range,
                examples=model.examples,
            )
            for index, model in enumerate(raw.models)
        ),
        folder=path.parent,
        devices=tuple(dict.fromkeys(raw.devices)),
        runtime=raw.latency.runtime,
        delegate=raw.latency.delegate,
        threads=raw.latency.threads,
        blocks=raw.latency.winner_blocks,
        block_s=raw.latency.block_s,
    )


def _data(document: Document, place: Location, raw: DataDocument | str) -> DataPlan | None:
    if not isinstance(raw, DataDocument):
        return None
    told(document, (*place, "name"), partial(source_kind, raw.name))
    plan = DataPlan(**dict(raw))
    if document.is_laid_over((*place, "name")):
        plan = data_that_fits(plan)
    told(document, place, partial(load_dataset, plan))
    return plan
