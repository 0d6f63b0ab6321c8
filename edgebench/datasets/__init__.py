"""Data sets by name. Each data set is one file here."""

from edgebench.datasets.base import Dataset, DatasetSpec, Floats, Labels, Part, facts
from edgebench.datasets.registry import DATASETS, load_dataset
from edgebench.datasets.shelf import content_hash, dataset_of, shelve

__all__ = [
    "DATASETS",
    "Dataset",
    "DatasetSpec",
    "Floats",
    "Labels",
    "Part",
    "content_hash",
    "dataset_of",
    "facts",
    "load_dataset",
    "shelve",
]
