"""A folder of photographs and their masks: ``images/field.jpg`` with ``masks/field.png``, of the same stem.

A mask is a grey or palette image. Where all masks hold two values, 0 and 1 or 0 and 255, what is not 0 is the foreground;
otherwise the numbers are those of the classes, 0 to the last, none left out. ``labels.txt`` names the classes, one a line.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np

from edgebench.datasets.base import DatasetSpec, Part, repeated
from edgebench.datasets.images import (
    LABELS,
    MOST_THREADS,
    decode_numbers,
    list_folder,
    list_images,
    shown,
)
from edgebench.datasets.photographs import Cut, Numbers, Photograph, first_share
from edgebench.datasets.pictures import SPLIT_SEED, TEST_SHARE
from edgebench.datasets.plans import first_count, require_plan
from edgebench.datasets.progress import told
from edgebench.errors import InputError
from edgebench.records import DataPlan

IMAGES, MASKS = "images", "masks"
TRAIN, TEST = "train", "test"
FOREGROUND = "foreground"
WHITE = 255


def is_mask_folder(folder: Path) -> bool:
    """Return whether a folder has photographs and masks in it, or such folders for training."""
    return any((part / IMAGES).is_dir() and (part / MASKS).is_dir() for part in (folder, folder / TRAIN))  # fmt: skip


class MaskFolder:
    """Implements `Source` on ``images`` and ``masks``; or on ``train`` and ``test`` that each hold the two.

    Without ``test`` a fifth of the photographs is the test part, always the same one.

    Args:
        plan: ``name`` is the folder; ``size`` the photographs are brought to, masks by the nearest pixel; ``tile`` they are
            cut into, see `Cut`; ``sample`` takes that share of the photographs of each part, the first ones by name.

    Raises:
        InputError: an image has no mask or a mask no image, or there are no two photographs. Masks are read once, those
            outside of the sample too, to know their classes; `DatasetSpec` is not known without.
    """

    def __init__(self, plan: DataPlan) -> None:
        require_plan(plan, "a folder of masks", "tile")
        self._root = Path(plan.name)
        self._cut = Cut(size=plan.size, tile=plan.tile)
        pool, test, self._split = _parts(self._root)
        self._masks = [photograph.mask for photograph in (*pool, *test)]
        self._pool, self._test = first_share(pool, plan.sample), first_share(test, plan.sample)

    @cached_property
    def pool_count(self) -> int:
        return self._cut.count(self._pool)

    @cached_property
    def spec(self) -> DatasetSpec:
        return DatasetSpec(
            name=shown(self._root.resolve().name),
            task="segmentation",
            input_shapes=((*self._cut.shape(self._pool), 3),),
            classes=len(self._labels),
            labels=self._labels,
            normalisation="red, green, blue / 255, in [0, 1]",
            source=f"the folder {shown(self._root.name)}; {self._split}",
        )

    def pool(self) -> Part:
        return self._cut.read(self._pool, self._classes_of)

    def test(self) -> Part:
        return self._cut.read(self._test, self._classes_of)

    def lacks(self) -> tuple[str, ...]:
        return ()

    def _classes_of(self, mask: str) -> Numbers:
        numbers = decode_numbers(mask)
        return (numbers > 0).astype(np.int64) if len(self._labels) == 1 else numbers

    @cached_property
    def _labels(self) -> tuple[str, ...]:
        values = _values(self._masks)
        names = _names(self._root / LABELS)
        if values in ({0, 1}, {0, WHITE}) and len(names) in (0, 1):
            return names or (FOREGROUND,)
        if values == {0} or not values <= set(range(len(names) or len(values))):
            raise InputError(
                f"the masks in {shown(self._root)} hold {_in_words(values)}",
                why=f"{LABELS} names {len(names)}, whose numbers are 0 to {max(len(names) - 1, 1)}"
                if names
                else "expected 0 and 1, 0 and 255, or the numbers of classes from 0 on with none left out",
                remedy="save masks as grey PNG files of class numbers; JPEG blurs them",
            )
        return names or tuple(map(str, sorted(values)))


def _parts(root: Path) -> tuple[list[Photograph], list[Photograph], str]:
    if not (root / IMAGES).is_dir():
        pool = _photographs(root / TRAIN)
        if (root / TEST).is_dir():
            return pool, _photographs(root / TEST), "parts as the folders are"
    else:
        pool = _photographs(root)
    if len(pool) < 2:
        raise InputError(
            f"{shown(root)} holds a single photograph",
            why="training and testing need one each",
            remedy="add others",
        )
    drawn = np.random.default_rng(SPLIT_SEED).permutation(len(pool))
    test = set(drawn[: first_count(TEST_SHARE, len(pool))].tolist())
    return (
        [found for row, found in enumerate(pool) if row not in test],
        [found for row, found in enumerate(pool) if row in test],
        "a fifth of the photographs, drawn, is the test part",
    )


def _photographs(folder: Path) -> list[Photograph]:
    """Return the pairs in a folder that holds images and masks."""
    images, masks = (_by_stem(os.path.join(folder, name)) for name in (IMAGES, MASKS))
    for these, those, missing in ((images, masks, "mask"), (masks, images, "image")):
        for stem in these:
            if stem not in those:
                raise InputError(
                    f"{shown(these[stem])} has no {missing}",
                    why=f"an image and its mask have one name, in {IMAGES} and in {MASKS}",
                    remedy=f"add the {missing}, or take the file out",
                )
    return [Photograph(image=images[stem], mask=masks[stem]) for stem in sorted(images)]


def _by_stem(folder: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in list_images(folder):
        stem = Path(path).stem
        if stem in found:
            raise InputError(
                f"{shown(path)} has the same name as {shown(os.path.basename(found[stem]))}",
                why="an image and its mask find each other by the name before the last dot",
                remedy="rename one",
            )
        found[stem] = path
    return found


def _values(masks: Sequence[str]) -> set[int]:
    found: set[int] = set()
    with ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1)) as threads:
        read = threads.map(lambda path: np.unique(decode_numbers(path)), masks)
        for values in told(read, len(masks), "reading masks"):
            found |= set(values.tolist())
    return found


def _names(file: Path) -> tuple[str, ...]:
    """Return the lines of ``labels.txt``, each another; none where there is no such file."""
    if file.name not in map(os.path.basename, list_folder(os.fspath(file.parent))[1]):
        return ()
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{shown(file)} cannot be read", why=str(error)) from None
    names = tuple(line.strip() for line in lines if line.strip())
    if name := repeated(names):
        raise InputError(f"{shown(file)} names {name} twice", remedy="give each class its own name")
    return names


def _in_words(values: set[int]) -> str:
    numbers = sorted(values)
    listed = ", ".join(map(str, numbers[:6]))
    return f"{listed}, ... {numbers[-1]}" if len(numbers) > 6 else f"only {listed}" if len(numbers) == 1 else listed  # fmt: skip
