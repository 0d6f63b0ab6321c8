"""A folder of pictures, one folder a class: ``CLASS/picture.png``, or ``train/CLASS/...`` and so on as people have them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from edgebench.datasets.images import is_image, list_folder, list_images, shown
from edgebench.datasets.pictures import (
    Listing,
    Origin,
    Pictures,
    PictureSet,
    fifth_of_each_class,
    parted,
    require_every_class,
)
from edgebench.errors import InputError
from edgebench.records import DataPlan

TRAIN, TEST = "train", "test"
VALIDATIONS = ("val", "valid", "validation")


def image_folder(plan: DataPlan) -> PictureSet:
    """Return the pictures of a folder; classes are its folders' names in order.

    With ``train`` in it that holds the classes, ``val`` (or ``valid``, ``validation``) and ``test`` are the other parts where
    they are there, and stay what they are. Without ``test`` a fifth of each class is the test part, always the same one.

    Args:
        plan: ``name`` is the folder; see `PictureSet`.

    Raises:
        InputError: there are no two classes, a class is missing in a part, or something is no image. No pixel is read here.
    """
    root = Path(plan.name)
    origin = Origin(
        name=shown(root.resolve().name), root=root, source=f"the folder {shown(root.name)}"
    )
    return PictureSet(plan, origin, partial(list_pictures, os.fspath(root)))


def list_pictures(root: str) -> Listing:
    """Return the files of a folder of pictures; raises `InputError` as `image_folder` says."""
    folders, _ = list_folder(root)
    parts = {os.path.basename(path): path for path in folders}
    if TRAIN not in parts or not list_folder(parts[TRAIN])[0]:
        return _listed_by_classes(root)
    held_out = [parts[name] for name in VALIDATIONS if name in parts]
    if len(held_out) > 1:
        raise InputError(
            f"{shown(root)} has {' and '.join(os.path.basename(path) for path in held_out)}",
            why="one of them is for validation",
            remedy="keep one",
        )
    labels, pool = _pictures(parts[TRAIN])
    _, validation = _pictures(held_out[0], labels) if held_out else ((), None)
    split = "parts as the folders are"
    if TEST in parts:
        _, test = _pictures(parts[TEST], labels)
    else:
        pool, test = _parted(pool, labels, parts[TRAIN])
        split = f"{split}, but a fifth of each class of train, drawn, is the test part"
    return Listing(labels=_names(labels), pool=pool, test=test, held_out=validation, split=split)


def _listed_by_classes(root: str) -> Listing:
    labels, pictures = _pictures(root)
    pool, test = _parted(pictures, labels, root)
    split = "a fifth of each class, drawn, is the test part"
    return Listing(labels=_names(labels), pool=pool, test=test, split=split)


def _parted(pictures: Pictures, labels: tuple[str, ...], where: str) -> tuple[Pictures, Pictures]:
    counts = np.bincount(pictures.labels, minlength=len(labels))
    if counts.min() < 2:
        raise InputError(
            f"{shown(os.path.join(where, labels[int(counts.argmin())]))} holds a single image",
            why="a fifth of each class is for testing, and training needs others",
            remedy="add some, or leave the class out",
        )
    return parted(pictures, fifth_of_each_class(pictures.labels))


def _pictures(folder: str, known: tuple[str, ...] = ()) -> tuple[tuple[str, ...], Pictures]:
    """Return the classes' folder names and all pictures of a folder of classes.

    Args:
        folder: It holds one folder a class.
        known: The classes of the training part, which others must have too.
    """
    classes = _classes(folder)
    labels = known or tuple(classes)
    for name in classes:
        if name not in labels:
            raise InputError(
                f"{shown(classes[name])} is a class that the training part does not have",
                remedy="add it there, or remove it here",
            )
    paths, numbers = [], []
    for number, name in enumerate(labels):
        files = list_images(classes[name]) if name in classes else []
        paths += files
        numbers += [number] * len(files)
    found = Pictures(paths=tuple(paths), labels=np.array(numbers, dtype=np.int64))
    require_every_class(found, _names(labels), folder)
    return labels, found


def _classes(folder: str) -> Mapping[str, str]:
    folders, files = list_folder(folder)
    if len(folders) < 2:
        loose = f", and {sum(map(is_image, files))} images beside" if files else ""
        raise InputError(
            f"{shown(folder)} is no folder of classes",
            why=f"it holds {len(folders)} folder{'s' * (len(folders) != 1)}{loose}; a class is a folder of images, and there are at least two",
            remedy="sort the images into CLASS/image, or train/CLASS/image and test/CLASS/image",
        )
    return {os.path.basename(path): path for path in folders}


def _names(labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(shown, labels))
