"""What a suite says of its template."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from edgebench.documents import Document
from edgebench.errors import EdgebenchError, UnknownNameError
from edgebench.records import Suite
from edgebench.suites.places import told
from edgebench.templates import discover_space


def with_what_fits(document: Document, suite: Suite, make: Callable[..., Any]) -> Suite:
    """Leave out what the file says of its own template and the one chosen in its place does not know."""
    make = partial(make, suite.template)
    told(document, ("template",), make)

    def kept(key: str, chosen: Mapping[str, Any], look_up: Callable[[Any], Any]) -> dict[str, Any]:
        return {
            name: value
            for name, value in chosen.items()
            if document.is_laid_over((key, name)) or _is_known(partial(look_up, {name: value}))
        }

    options = kept("template_options", suite.template_options, lambda one: make(options=one))
    hyperparameters = kept(
        "hyperparameters",
        suite.hyperparameters,
        lambda one: discover_space(make(options=options), one),
    )
    return dataclasses.replace(suite, template_options=options, hyperparameters=hyperparameters)


def _is_known(look_up: Callable[[], Any]) -> bool:
    """Return whether every name is known; other mistakes are told later, each with its place."""
    try:
        look_up()
    except UnknownNameError:
        return False
    except EdgebenchError:
        return True
    return True


def check_hyperparameters(document: Document, suite: Suite, make: Callable[..., Any]) -> None:
    """Look the options and hyperparameters up in the template, one by one, so that each mistake has its place."""
    told(document, ("template",), partial(make, suite.template))
    if suite.baseline is not None:
        told(document, ("baseline",), partial(make, suite.baseline))
    for name, value in suite.template_options.items():
        one = partial(make, suite.template, options={name: value})
        told(document, ("template_options", name), one)
    template = make(suite.template, options=suite.template_options)
    for name, value in suite.hyperparameters.items():
        told(
            document,
            ("hyperparameters", name),
            partial(discover_space, template, {name: value}),
        )
