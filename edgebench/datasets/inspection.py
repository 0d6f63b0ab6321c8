"""What is in a data set: counts, shapes, the balance of its classes, its files and their checksums."""

from __future__ import annotations

import csv
import gzip
import hashlib
import itertools
import math
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.datasets.base import Dataset, DatasetSpec, Part
from edgebench.datasets.catalogue import CATALOGUE, entry_of, missing_error, require_here
from edgebench.datasets.checksums import file_facts, folder_facts
from edgebench.datasets.registry import load_dataset
from edgebench.errors import InputError
from edgebench.records import DataPlan
from edgebench.tasks import class_names, pixel_classes


def inspect(plan: DataPlan) -> dict[str, Any]:
    """Read all of a data set and return what is in it.

    Returns:
        ``parts`` by name, each with its ``count``, of how many ``groups`` they are where examples belong together, the ``shapes``
        and ``range`` of its inputs and its ``classes``: how many examples, objects or pixels of each, and which share;
        ``duplicates``, how many inputs two parts have in common; ``notes``; ``files``, a folder of images as one of them.

    Raises:
        InputError: files are missing or damaged, or the plan does not suit the data.
    """
    dataset = load_dataset(plan)
    require_here(plan.name, dataset)
    spec, parts = dataset.spec, _parts(dataset, plan)
    return {
        "name": spec.name,
        "task": spec.task,
        "source": spec.source,
        "synthetic": spec.synthetic,
        "normalisation": spec.normalisation,
        "notes": list(dataset.spec.notes),
        "parts": {name: _part_facts(part, spec) for name, part in parts.items()},
        "duplicates": _duplicates(parts),
        "files": _files(plan.name),
    }


def inspect_table(name: str) -> dict[str, Any]:
    """Return the rows of a table of the catalogue, and the range of each column that holds numbers.

    Raises:
        InputError: its file is missing or damaged.
    """
    layout = entry_of(name).layout
    if layout.missing():
        raise missing_error(name, tuple(f"{layout.folder}/{file}.gz" for file in layout.missing()))
    path = layout.path(next(iter(layout.files)))
    try:
        with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open() as file:
            header, *rows = csv.reader(file, strict=True)
        columns = dict(zip(header, zip(*rows, strict=True), strict=True))
        ranges = {title: _range(column) for title, column in list(columns.items())[1:]}
    except (OSError, EOFError, zlib.error, csv.Error, ValueError) as error:
        raise InputError(
            f"{path} is no table of {name}", why=str(error), remedy="get it again"
        ) from None
    return {
        "name": name,
        "task": "table",
        "rows": len(rows),
        "columns": ranges,
        "files": _files(name),
    }


def _range(column: tuple[str, ...]) -> dict[str, float]:
    numbers = [float(text) for text in column]
    if not all(map(math.isfinite, numbers)):
        raise ValueError("it holds something that is no number")
    return {"low": min(numbers), "high": max(numbers)}


def _parts(dataset: Dataset, plan: DataPlan) -> dict[str, Part]:
    parts = {}
    if getattr(dataset, "can_train", True):
        parts["train"] = dataset.train()
        if plan.validation != "test":
            parts["validation"] = dataset.validation()
    return {**parts, "test": dataset.test()}


def _part_facts(part: Part, spec: DatasetSpec) -> dict[str, Any]:
    return {
        "count": len(part),
        "groups": None if part.groups is None else len(np.unique(part.groups)),
        "shapes": [list(x.shape[1:]) for x in part.inputs],
        "range": {
            "low": float(min(x.min() for x in part.inputs)),
            "high": float(max(x.max() for x in part.inputs)),
        },
        "classes": _balance(part, spec),
    }


def _balance(part: Part, spec: DatasetSpec) -> list[dict[str, Any]]:
    numbers = part.y
    if spec.task == "detection":
        numbers = np.concatenate([objects.labels for objects in part.y])
    is_pixels = spec.task == "segmentation"
    least = max(2, spec.classes) if is_pixels else spec.classes
    counts = np.bincount(numbers.ravel().astype(np.int64), minlength=least).tolist()
    if is_pixels:
        names = pixel_classes(spec.labels, len(counts))
    else:
        names = class_names(spec.labels, len(counts), spec.task)
    return [
        {"class": name, "count": count, "share": count / max(sum(counts), 1)}
        for name, count in zip(names, counts, strict=True)
    ]


def _duplicates(parts: Mapping[str, Part]) -> dict[str, int]:
    hashes = {
        name: {_digest(part, row) for row in range(len(part))} for name, part in parts.items()
    }
    return {
        f"{one}, {other}": len(hashes[one] & hashes[other])
        for one, other in itertools.combinations(hashes, 2)
    }


def _digest(part: Part, row: int) -> bytes:
    return hashlib.blake2b(b"".join(x[row].tobytes() for x in part.inputs), digest_size=16).digest()


def _files(name: str) -> list[dict[str, Any]]:
    paths = {Path(name): ""}
    if name in CATALOGUE:
        layouts = CATALOGUE[name].layouts and (CATALOGUE[name].layout,)
        paths = {layout.path(file): md5 for layout in layouts for file, md5 in layout.files.items()}
    return [
        asdict(folder_facts(path) if path.is_dir() else file_facts(path, md5))
        for path, md5 in paths.items()
        if path.exists()
    ]
