"""Data sets by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from edgebench import plugins
from edgebench.datasets.arrays import SUFFIX, array_file
from edgebench.datasets.base import Dataset, Source
from edgebench.datasets.cifar10 import Cifar10
from edgebench.datasets.cwfid import Cwfid
from edgebench.datasets.digits import Digits
from edgebench.datasets.expressions import Expressions
from edgebench.datasets.functions import function_source, made_source
from edgebench.datasets.image_folder import image_folder
from edgebench.datasets.mask_folder import MaskFolder, is_mask_folder
from edgebench.datasets.mnist import Mnist
from edgebench.datasets.mnist_detection import MnistDetection
from edgebench.datasets.split import Split
from edgebench.datasets.tsinghua import tsinghua
from edgebench.errors import InputError, UnknownNameError
from edgebench.records import DataPlan

DATASETS: dict[str, Callable[[DataPlan], Source]] = {
    "cifar10": Cifar10,
    "cwfid": Cwfid,
    "digits": Digits,
    "mnist": Mnist,
    "mnist-detection": MnistDetection,
    "expressions": Expressions,
    "tsinghua": tsinghua,
}


def load_dataset(plan: DataPlan, seed: int = 0) -> Dataset:
    """Return the data set that a plan names; raises `InputError` where there is none."""
    found = source_kind(plan.name)(plan)
    return found if isinstance(found, Dataset) else Split(found, plan, seed)


def source_kind(name: str) -> Callable[[DataPlan], Source | Dataset]:
    """Return what reads a data set, folder, .npz file, ``module:function`` or a plugin's data set.

    Raises:
        InputError: it is another file.
        UnknownNameError: there is nothing of that name.
    """
    if name in DATASETS:
        return DATASETS[name]
    if name.endswith(SUFFIX):
        return array_file
    if (folder := Path(name)).is_dir():
        return MaskFolder if is_mask_folder(folder) else image_folder
    if ":" in name:
        return function_source
    if plugin := plugins.find("datasets", name):
        return partial(made_source, plugin.load())
    if folder.exists():
        raise InputError(
            f"{name} is a file, and no data set",
            why="expected a folder of images, an .npz file or module:function",
            remedy="name the folder that it is in",
        )
    raise UnknownNameError("a data set", name, (*DATASETS, *plugins.names("datasets")))
