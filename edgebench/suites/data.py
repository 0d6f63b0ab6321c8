"""What a suite says of its data."""

from __future__ import annotations

import dataclasses
from functools import partial

from edgebench.datasets import DatasetSpec, load_dataset, source_kind
from edgebench.documents import Document
from edgebench.errors import InputError
from edgebench.records import DataPlan, Suite
from edgebench.suites.places import told

HOW_MADE = ("size", "tile", "inputs", "target")


def spec_of(document: Document, suite: Suite) -> DatasetSpec:
    """Return what a network for the suite's data must look like; the data is checked here."""
    whole = dataclasses.replace(suite.data, sample=1.0)
    told(document, ("data", "size"), partial(source_kind(whole.name), whole))
    return told(document, ("data",), partial(load_dataset, suite.data, suite.seed)).spec


def data_that_fits(plan: DataPlan) -> DataPlan:
    """Leave out what the file says of its own data and the data chosen in its place cannot heed."""

    def suits(key: str) -> bool:
        one = dataclasses.replace(DataPlan(name=plan.name), **{key: getattr(plan, key)})
        try:
            source_kind(plan.name)(one)
        except InputError:
            return False
        return True

    chosen = {key: value for key, value in plan.as_document().items() if key in HOW_MADE}
    dropped = {key: getattr(DataPlan(name=""), key) for key in chosen if not suits(key)}
    return dataclasses.replace(plan, **dropped)
