"""The suite of a search, read and resolved."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from functools import partial

from edgebench.documents import Document, read_document
from edgebench.errors import InputError, UnknownNameError
from edgebench.records import Suite
from edgebench.suites.changes import Change
from edgebench.suites.data import data_that_fits, spec_of
from edgebench.suites.document import SuiteDocument, says_models
from edgebench.suites.files import find
from edgebench.suites.resolve import resolve
from edgebench.suites.task import check_templates, with_task
from edgebench.suites.template import check_hyperparameters, with_what_fits
from edgebench.templates import load_template

DEFAULT_SUITE = "digits"


def load(source: str = DEFAULT_SUITE, changes: Iterable[Change] = ()) -> Suite:
    """Read a suite, lay the changes over it and resolve every name in it.

    Raises:
        InputError: one sentence with file, line and column (or the option) of the first mistake.
    """
    document = read_document(find(source))
    for change in changes:
        _check_weight(document, change)
        document.lay_over(change.location, change.value, change.option)
    if says_models(document):
        raise InputError(
            f"{source} is a suite of models, and a search needs one of a template",
            remedy=f"edgebench profile {source}",
        )
    raw = document.validate(SuiteDocument)
    suite = resolve(document, raw)
    if document.is_laid_over(("data", "name")):
        suite = dataclasses.replace(suite, data=data_that_fits(suite.data))
    spec = spec_of(document, suite)
    check_templates(document, suite, spec)
    suite = with_task(document, suite, spec)
    make = partial(load_template, input_shapes=spec.input_shapes, classes=spec.classes)
    if document.is_laid_over(("template",)):
        suite = with_what_fits(document, suite, make)
    check_hyperparameters(document, suite, make)
    return suite


def _check_weight(document: Document, change: Change) -> None:
    """Refuse a weight for what is no objective: laid over, it would be one without a goal."""
    objectives = SuiteDocument.in_full(document.written())["objectives"]
    match (objectives, change.location):
        case (dict(), ("objectives", str(metric), "weight")) if metric not in objectives:
            raise UnknownNameError(
                "an objective of this suite", metric, objectives, where=change.option
            )
