"""edgebench check: validate a suite and everything it names, without running it."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from edgebench.cli import options
from edgebench.cli.screen import out, print_facts, print_json
from edgebench.records import FidelityPlan


def check(
    suite: Annotated[str, typer.Argument(help="A suite's name or file.")],
    as_json: options.Json = False,
) -> None:
    """Validate a suite and all it names, without running it."""
    from edgebench import datasets, suites

    loaded = suites.load(suite)
    data = datasets.facts(datasets.load_dataset(loaded.data, loaded.seed))
    document = {
        "schema_version": 1,
        "suite": loaded.name,
        "path": str(suites.find(suite)),
        "suite_hash": suites.suite_hash(loaded),
        "valid": True,
        "warnings": [],
        "resolved": dataclasses.asdict(loaded),
        "data": data,
    }
    if as_json:
        print_json(document)
        return
    out().print(f"{document['path']} is valid", markup=False)
    print_facts(
        {
            "template": loaded.template,
            "data": f"{data['name']}: {data['train']} train, {data['validation']} validation, {data['test']} test",
            "objectives": ", ".join(f"{o.metric} {o.goal}" for o in loaded.objectives),
            "limits": ", ".join(map(str, loaded.constraints)) or None,
            "oracle": f"{loaded.oracle.name}, {loaded.oracle.max_trials} trials",
            "training": f"at most {loaded.training.max_epochs} epochs, batch {loaded.training.batch_size}",
            "rungs": _rungs(loaded.fidelity),
            "devices": ", ".join(loaded.devices),
            "export": ", ".join(map(str, loaded.export)),
        }
    )


def _rungs(plan: FidelityPlan | None) -> str | None:
    if plan is None:
        return None
    return f"{', '.join(map(str, plan.rungs))} epochs; one in {plan.factor} goes on"
