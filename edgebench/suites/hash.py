"""What makes the results of two suites comparable."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

from edgebench import plugins
from edgebench.datasets import (
    DATASETS,
    SUFFIX,
    content_hash,
    file_facts,
    folder_facts,
    load_dataset,
)
from edgebench.records import Precision, Suite
from edgebench.suites.files import is_file

NOT_IN_HASH = ("oracle.max_trials", "devices", "export", "latency.winner_blocks", "largest_drop")


def suite_hash(suite: Suite) -> str:
    """Return a hash of all that makes results comparable: not the number of trials, further devices or exports.

    The first device counts, unless it is this machine: ``latency_ms`` is its.
    """
    tree = dataclasses.asdict(suite)
    _keep_old_hashes(tree, suite)
    if examples := _examples_hash(suite):
        tree["examples"] = examples
    if suite.devices[0] != "local":
        tree["device"] = suite.devices[0]
    if suite.latency.precision is not Precision.FP32:
        tree["ranked_accuracy"] = "of the file"  # it was Keras's once
    for dotted in NOT_IN_HASH:
        *parents, last = dotted.split(".")
        node = tree
        for parent in parents:
            node = node[parent]
        del node[last]
    text = json.dumps(tree, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _keep_old_hashes(tree: dict[str, Any], suite: Suite) -> None:
    """Leave out what is at its default and was not there in earlier versions."""
    later = {
        "data": ("tile", "inputs", "target"),
        "training": ("loss", "augment"),
    }
    for group, keys in later.items():
        for key in keys:
            if not tree[group][key]:
                del tree[group][key]
    if suite.training.watch == "val_accuracy":
        del tree["training"]["watch"]
    if suite.fidelity is None:
        del tree["fidelity"]
    if suite.repeats == 1:
        del tree["repeats"]


def _examples_hash(suite: Suite) -> str | None:
    """Return a hash of examples of one's own: others may have that name tomorrow."""
    name = suite.data.name
    if name in DATASETS:
        return None
    if name.endswith(SUFFIX):
        return file_facts(Path(name)).sha256 if is_file(Path(name)) else None
    if Path(name).is_dir():
        return folder_facts(Path(name)).sha256
    is_others = ":" in name or plugins.find("datasets", name) is not None
    return content_hash(load_dataset(suite.data, suite.seed)) if is_others else None
