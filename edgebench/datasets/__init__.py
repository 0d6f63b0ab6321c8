"""Data sets by name. Each data set is one file here."""

from edgebench.datasets.arrays import SUFFIX
from edgebench.datasets.base import Dataset, DatasetSpec, Floats, Labels, Part, facts
from edgebench.datasets.catalogue import CATALOGUE, missing_error, require_here
from edgebench.datasets.checksums import file_facts, folder_facts
from edgebench.datasets.download import get
from edgebench.datasets.inspection import inspect, inspect_table
from edgebench.datasets.registry import DATASETS, load_dataset, source_kind
from edgebench.datasets.shelf import content_hash, dataset_of, shelve

__all__ = [
    "CATALOGUE",
    "DATASETS",
    "SUFFIX",
    "Dataset",
    "DatasetSpec",
    "Floats",
    "Labels",
    "Part",
    "content_hash",
    "dataset_of",
    "facts",
    "file_facts",
    "folder_facts",
    "get",
    "inspect",
    "inspect_table",
    "load_dataset",
    "missing_error",
    "require_here",
    "shelve",
    "source_kind",
]
