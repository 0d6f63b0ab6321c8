"""The Tsinghua Facial Expression Database: 110 Chinese adults, young and old, in eight expressions. By request from its owners.

Source: Yang et al. 2020, "Tsinghua facial expression database", PLoS ONE 15(4), doi 10.1371/journal.pone.0231304.

Two layouts are read from ``tsinghua``, or ``tsinghua-facial-expression``, in the folder that ``EDGEBENCH_DATA`` names:
``CLASS/picture.jpg``, and all pictures in one folder under names that tell subject and expression, by `NAME`:
``OF12_happiness.jpg``, ``y018f-angry-2.jpg``, ``happy_018.jpg``. An expression may be called by any of `WORDS`.
"""

from __future__ import annotations

import os
import re
from itertools import chain
from pathlib import Path

import numpy as np

from edgebench.datasets.images import list_folder, list_images, shown
from edgebench.datasets.pictures import (
    Listing,
    Origin,
    Pictures,
    PictureSet,
    fifth_of_each_class,
    fifth_of_groups,
    parted,
    require_every_class,
)
from edgebench.datasets.plans import data_folder
from edgebench.errors import InputError
from edgebench.records import DataPlan

FOLDERS = ("tsinghua", "tsinghua-facial-expression")
USUAL_SIZE = (224, 224)
WORDS = {
    "anger": ("anger", "angry"),
    "content": ("content", "contented", "contentment"),
    "disgust": ("disgust", "disgusted"),
    "fear": ("fear", "fearful"),
    "happiness": ("happiness", "happy"),
    "neutral": ("neutral", "neutrality"),
    "sadness": ("sadness", "sad"),
    "surprise": ("surprise", "surprised"),
}
LABELS = tuple(WORDS)
_LABEL_OF = {word: label for label, words in WORDS.items() for word in words}
_WORD = "|".join(sorted(_LABEL_OF, key=len, reverse=True))
# A subject has a digit in its name. It stands before the expression or after it, a take of one or two digits last.
NAME = re.compile(
    rf"""
    (?P<subject>[^\W_]*\d[\w\s.-]*?) [\W_]+ (?P<word>{_WORD}) (?:[\W_]*\d{{1,2}})?
    | (?P<word_first>{_WORD}) [\W_]+ (?P<subject_last>[^\W_]*\d[^\W_]*) (?:[\W_]+\d{{1,2}})?
    """,
    re.IGNORECASE | re.VERBOSE,
)


def tsinghua(plan: DataPlan) -> PictureSet:
    """Return the pictures, 224x224 unless the plan has another size.

    Where the name of each picture tells its subject, a fifth of the subjects is the test part, and validation takes subjects
    whole too; else a fifth of each class is. The spec's ``source`` says which.

    Args:
        plan: See `PictureSet`.

    Raises:
        InputError: a name tells no expression, or an expression is missing.
    """
    root = _root()
    origin = Origin(
        name="tsinghua",
        root=root,
        source="Tsinghua Facial Expression Database (Yang et al. 2020)",
        labels=LABELS,
        usual_size=USUAL_SIZE,
    )
    return PictureSet(plan, origin, lambda: _listing(root), _lacks)


def _root() -> Path:
    folders = [data_folder() / name for name in FOLDERS]
    return next((folder for folder in folders if folder.is_dir()), folders[0])


def _lacks() -> tuple[str, ...]:
    return () if _root().is_dir() else (FOLDERS[0],)


def _listing(root: Path) -> Listing:
    if _lacks():
        raise InputError(
            f"{shown(root)} does not exist",
            why="the Tsinghua Facial Expression Database is given by its owners, on request",
            remedy="set EDGEBENCH_DATA to the folder that holds it, or use the synthetic data set expressions",
        )
    folders, _ = list_folder(os.fspath(root))
    if folders:
        found = {path: _label_of_folder(path) for path in folders}
        labels = {file: label for path, label in found.items() for file in list_images(path)}
    else:
        labels = {path: _label_of_file(path) for path in list_images(os.fspath(root))}
    subjects = [_subject(path) for path in labels]
    numbers = np.array([LABELS.index(label) for label in labels.values()], dtype=np.int64)
    groups = None
    if None not in subjects:
        names, groups = np.unique(np.array(subjects, dtype=str), return_inverse=True)
    pictures = Pictures(paths=tuple(labels), labels=numbers, groups=groups)
    require_every_class(pictures, LABELS, os.fspath(root))
    if groups is None:
        rows = fifth_of_each_class(numbers)
        split = "split by picture, as subjects are not known; a fifth of each class is for testing"
    else:
        rows = fifth_of_groups(groups)
        split = f"split by subject, {len(np.unique(groups[rows]))} of {len(names)} are for testing"
    pool, test = parted(pictures, rows)
    for part, name in ((pool, "training part"), (test, "test part")):
        require_every_class(part, LABELS, f"the {name} of {root}")
    return Listing(labels=LABELS, pool=pool, test=test, split=split)


def _label_of_folder(path: str) -> str:
    name = os.path.basename(path).lower()
    if name not in _LABEL_OF:
        raise _unknown(path, "is the folder of no expression")
    return _LABEL_OF[name]


def _label_of_file(path: str) -> str:
    match = NAME.fullmatch(Path(path).stem)
    if match is None:
        raise _unknown(path, "does not tell subject and expression")
    return _LABEL_OF[(match["word"] or match["word_first"]).lower()]


def _subject(path: str) -> str | None:
    match = NAME.fullmatch(Path(path).stem)
    return (match["subject"] or match["subject_last"]).lower() if match else None


def _unknown(path: str, what: str) -> InputError:
    return InputError(
        f"{shown(path)} {what}",
        why=f"expected CLASS/picture, or pictures called SUBJECT_CLASS such as 012_happiness.jpg; a class is one of {', '.join(chain(*WORDS.values()))}",
        remedy="rename it, or sort the pictures into folders",
    )
