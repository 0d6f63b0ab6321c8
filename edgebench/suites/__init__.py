"""Suites: a YAML document to a resolved record. Every name in it is looked up; a wrong one is told with its line."""

from edgebench.suites.changes import Change
from edgebench.suites.document import DEFAULT_EXPORTS, ModelSuiteDocument, SuiteDocument
from edgebench.suites.files import find, find_model, shipped_dir
from edgebench.suites.hash import suite_hash
from edgebench.suites.models import ModelPlan, ModelSuite, is_of_models, load_models
from edgebench.suites.resolve import EXPORTED_NOW, ORACLES
from edgebench.suites.search import DEFAULT_SUITE, load
from edgebench.suites.task import trained_metrics

__all__ = [
    "DEFAULT_EXPORTS",
    "DEFAULT_SUITE",
    "EXPORTED_NOW",
    "ORACLES",
    "Change",
    "ModelPlan",
    "ModelSuite",
    "ModelSuiteDocument",
    "SuiteDocument",
    "find",
    "find_model",
    "is_of_models",
    "load",
    "load_models",
    "shipped_dir",
    "suite_hash",
    "trained_metrics",
]
