"""How a trial's network is built: the same for its training and, later, for its files."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from edgebench.datasets import DatasetSpec
from edgebench.evaluators import Blueprint
from edgebench.records import Suite
from edgebench.templates import discover_space, portable_name, resolve_values


def blueprint_of(
    suite: Suite, spec: DatasetSpec, values: Mapping[str, Any], *, is_baseline: bool
) -> Blueprint:
    """Return the blueprint of a candidate, or of the suite's baseline.

    The suite's template options are those of its own template; another template as baseline has its defaults.
    """
    template = str(suite.baseline) if is_baseline else suite.template
    return Blueprint(
        template=portable_name(template),
        options=suite.template_options if template == suite.template else {},
        input_shapes=spec.input_shapes,
        classes=spec.classes,
        values=values,
        seed=suite.seed,
    )


def baseline_of(suite: Suite, spec: DatasetSpec) -> Blueprint:
    """Return the suite's baseline at its defaults, narrowed as the suite narrows the search."""
    blueprint = blueprint_of(suite, spec, {}, is_baseline=True)
    template = blueprint.template_object()
    known = set(discover_space(template).names)
    overrides = {k: v for k, v in suite.hyperparameters.items() if k in known}
    values = dict(resolve_values(template, overrides).values)
    return dataclasses.replace(blueprint, values=values)
