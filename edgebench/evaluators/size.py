"""Sizes of a network: exact, and known before anything is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgebench.evaluators.base import Blueprint, Candidate, Findings
from edgebench.evaluators.workbench import look_at
from edgebench.records import METRICS, Cost, Metric

if TYPE_CHECKING:
    from edgebench.executors import Executor

SIZES = ("trainable_params", "total_params", "param_bytes", "macs", "peak_activation_bytes")


class SizeEvaluator:
    """Builds the network in a worker and counts."""

    metrics = SIZES
    cost = Cost.FREE

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def evaluate(self, candidate: Candidate) -> Findings:
        future = self._executor.submit(measure_sizes, candidate.blueprint, near=candidate.trial_id)
        return future.result()


def measure_sizes(blueprint: Blueprint) -> Findings:
    """Count one network. Runs in a worker."""
    from edgebench.templates import read_graph

    facts = read_graph(look_at(blueprint))
    template = blueprint.template_object()
    return Findings(
        metrics=tuple(
            Metric(name=name, value=float(getattr(facts, name)), unit=METRICS[name].unit)
            for name in SIZES
        ),
        facts={
            "arch_id": facts.arch_id,
            "architecture": template.describe(blueprint.values),
            "blocks": tuple(template.blocks(blueprint.values)),
        },
    )
