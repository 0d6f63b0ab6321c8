"""CWFID: 60 photographs of a carrot field from above, each pixel soil, crop or weed.

Source: Haug and Ostermann 2014, "A crop/weed field image dataset for the evaluation of computer vision based precision
agriculture tasks", ECCV 2014 workshops, doi 10.1007/978-3-319-16220-1_8; for non-commercial research. Its masks are
inverted, 0 is vegetation. Deviation: photograph 28 is in both of its lists; here it is for training alone.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from edgebench.datasets.base import DatasetSpec, Part
from edgebench.datasets.images import decode, decode_numbers, shown
from edgebench.datasets.photographs import Cut, Numbers, Photograph, first_share
from edgebench.datasets.plans import data_folder, require_plan
from edgebench.documents import Record, load_document
from edgebench.errors import InputError, UnknownNameError
from edgebench.records import DataPlan

FOLDER = "cwfid"
LISTS = "train_test_split.yaml"
USUAL_TILE = (128, 128)
VEGETATION, PLANTS = "vegetation", "plants"
LABELS = {VEGETATION: (VEGETATION,), PLANTS: ("soil", "crop", "weed")}
COLOURS = ((0, 0, 0), (0, 255, 0), (255, 0, 0))


class ListsDocument(Record):
    """``train_test_split.yaml``: the numbers of the photographs in each part."""

    train: list[int]
    test: list[int]


class Cwfid:
    """Implements `Source` on the folder ``cwfid`` of the one that ``EDGEBENCH_DATA`` names: 40 photographs for training, 20 for testing.

    They are 1296x966, or have been halved to 648x483; both are read.

    Args:
        plan: ``target`` is ``vegetation``, a single mask and the default, or ``plants``: soil, crop and weed. ``tile`` is
            128x128 unless a ``size`` is given; with both, photographs are resized, then cut. ``sample`` takes that share of
            the photographs of each part, the first ones.

    Raises:
        InputError: a file is missing or damaged, or the target is not known.
    """

    def __init__(self, plan: DataPlan) -> None:
        require_plan(plan, "cwfid", "tile", "target")
        self._target = plan.target or VEGETATION
        if self._target not in LABELS:
            raise UnknownNameError("a target of cwfid", self._target, LABELS, where="data.target")
        self._sample = plan.sample
        self._cut = Cut(size=plan.size, tile=plan.tile or (None if plan.size else USUAL_TILE))

    @property
    def spec(self) -> DatasetSpec:
        shape = self._cut.tile or self._cut.size or USUAL_TILE
        return DatasetSpec(
            name="cwfid",
            task="segmentation",
            input_shapes=((*shape, 3),),
            classes=len(LABELS[self._target]),
            labels=LABELS[self._target],
            normalisation="red, green, blue / 255, in [0, 1]",
            source="CWFID (Haug and Ostermann 2014); its own parts, photograph 28 for training alone",
        )

    @cached_property
    def pool_count(self) -> int:
        return 0 if self.lacks() else self._cut.count(self._parts[0])

    def pool(self) -> Part:
        return self._read(self._parts[0])

    def test(self) -> Part:
        return self._read(self._parts[1])

    def lacks(self) -> tuple[str, ...]:
        root = data_folder()
        if not (root / FOLDER / LISTS).is_file():
            return (f"{FOLDER}/{LISTS}",)
        files = [Path(f) for part in self._parts for p in part for f in (p.image, p.mask)]
        return tuple(file.relative_to(root).as_posix() for file in files if not file.is_file())

    def _read(self, photographs: list[Photograph]) -> Part:
        if missing := self.lacks():
            raise InputError(
                f"{data_folder() / missing[0]} does not exist",
                why=f"cwfid needs it and {len(missing) - 1} more that are missing",
                remedy=f"set EDGEBENCH_DATA to the folder that holds {FOLDER}",
            )
        return self._cut.read(photographs, _plants if self._target == PLANTS else _vegetation)

    @cached_property
    def _parts(self) -> tuple[list[Photograph], list[Photograph]]:
        path = data_folder() / FOLDER / LISTS
        lists = load_document(path, ListsDocument)
        test = [number for number in lists.test if number not in lists.train]
        if not (lists.train and test):
            raise InputError(f"{path} names no photographs", remedy="get the data set again")
        parts = [first_share([self._photograph(n) for n in part], self._sample) for part in (lists.train, test)]  # fmt: skip
        return parts[0], parts[1]

    def _photograph(self, number: int) -> Photograph:
        root = data_folder() / FOLDER
        masks, kind = ("annotations", "annotation") if self._target == PLANTS else ("masks", "mask")
        return Photograph(
            image=str(root / "images" / f"{number:03}_image.png"),
            mask=str(root / masks / f"{number:03}_{kind}.png"),
        )


def _vegetation(mask: str) -> Numbers:
    numbers = decode_numbers(mask)
    if not np.isin(numbers, (0, 255)).all():
        raise InputError(f"{shown(mask)} is no mask of cwfid", why="it holds more than 0 and 255")
    return np.asarray(numbers == 0, dtype=np.int64)


def _plants(annotation: str) -> Numbers:
    colours = decode(annotation)
    found = [(colours == colour).all(axis=-1) for colour in COLOURS]
    if not np.any(found, axis=0).all():
        raise InputError(
            f"{shown(annotation)} is no annotation of cwfid",
            why="it holds more than black, green and red",
        )
    return np.asarray(np.argmax(found, axis=0), dtype=np.int64)
