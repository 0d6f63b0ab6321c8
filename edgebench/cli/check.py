"""edgebench check: validate a suite and everything it names, without running it."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgebench.cli import completion, options
from edgebench.cli.screen import out, print_facts, print_json, print_warning
from edgebench.errors import EdgebenchError, InputError
from edgebench.records import FidelityPlan

if TYPE_CHECKING:
    from edgebench.datasets import Dataset
    from edgebench.suites import ModelPlan, ModelSuite


def check(
    suite: Annotated[
        str | None, typer.Argument(help="A suite's name or file.", autocompletion=completion.suites)
    ] = None,
    schema: Annotated[
        str | None,
        typer.Option(
            "--schema",
            metavar="suite|device|summary|measurement",
            help="Print the JSON Schema of such files, and check nothing.",
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Validate a suite and all it names, without running it."""
    if (suite is None) == (schema is None):
        raise InputError(
            "check takes a suite or --schema, one of the two",
            remedy="edgebench check my-suite.yaml, or edgebench check --schema suite",
        )
    if schema is not None:
        from edgebench.exchange.schemas import schema_text

        sys.stdout.write(schema_text(schema))
    if suite is not None:
        _check(suite, as_json=as_json)


def _check(suite: str, *, as_json: bool) -> None:
    from edgebench import datasets, suites

    if suites.is_of_models(suite):
        _check_models(suite, as_json=as_json)
        return
    loaded = suites.load(suite)
    dataset = datasets.load_dataset(loaded.data, loaded.seed)
    lacks = dataset.lacks()
    missing = datasets.missing_error(loaded.data.name, lacks) if lacks else None
    data = _spec_facts(dataset) if missing else datasets.facts(dataset)
    document = {
        "schema_version": 1,
        "suite": loaded.name,
        "path": str(suites.find(suite)),
        "suite_hash": suites.suite_hash(loaded),
        "valid": True,
        "warnings": [" | ".join(_sentences(missing))] if missing else [],
        "resolved": dataclasses.asdict(loaded),
        "data": data,
    }
    if missing:
        print_warning(missing)
    if as_json:
        print_json(document)
        return
    out().print(f"{document['path']} is valid", markup=False)
    print_facts(
        {
            "template": loaded.template,
            "data": data["name"] + (": missing" if missing else _counts(data)),
            "objectives": ", ".join(f"{o.metric} {o.goal}" for o in loaded.objectives),
            "limits": ", ".join(map(str, loaded.constraints)) or None,
            "oracle": f"{loaded.oracle.name}, {loaded.oracle.max_trials} trials",
            "training": f"at most {loaded.training.max_epochs} epochs, batch {loaded.training.batch_size}",
            "rungs": _rungs(loaded.fidelity),
            "devices": ", ".join(loaded.devices),
            "export": ", ".join(map(str, loaded.export)),
        }
    )


def _check_models(suite: str, *, as_json: bool) -> None:
    """Validate a suite of models; files and data that are missing are warnings."""
    from edgebench import suites

    loaded = suites.load_models(suite)
    missing = list(_missing(loaded))
    document = {
        "schema_version": 1,
        "suite": loaded.name,
        "path": str(suites.find(suite)),
        "valid": True,
        "warnings": [" | ".join(_sentences(one)) for one in missing],
        "resolved": {**dataclasses.asdict(loaded), "folder": str(loaded.folder)},
    }
    for one in missing:
        print_warning(one)
    if as_json:
        print_json(document)
        return
    out().print(f"{document['path']} is valid", markup=False)
    print_facts(
        {
            **{model.file: _scored_on(model) for model in loaded.models},
            "devices": ", ".join(loaded.devices),
            "latency": f"runtime {loaded.runtime}, threads {loaded.threads}, {loaded.blocks} blocks of {loaded.block_s:g} s",
        }
    )


def _missing(suite: ModelSuite) -> Iterator[EdgebenchError]:
    from edgebench import suites
    from edgebench.profiling.scoring import open_test

    for model in suite.models:
        try:
            suites.find_model(model.file, suite.folder)
        except InputError as error:
            yield error
    for plan in dict.fromkeys(model.data for model in suite.models if model.data):
        try:
            open_test(plan)
        except InputError as error:
            yield error


def _scored_on(model: ModelPlan) -> str:
    if model.data is None:
        return "not scored"
    low, high = model.input_range
    first = "" if model.examples is None else f"the first {model.examples} of "
    return f"scored on {first}the test part of {model.data.name}, inputs in {low:g} to {high:g}"


def _spec_facts(dataset: Dataset) -> dict[str, Any]:
    """Return what `facts` does of a data set whose files are missing, its counts None."""
    spec = dataclasses.asdict(dataset.spec)
    return {"train": None, "validation": None, "test": None, **spec}


def _sentences(missing: EdgebenchError) -> list[str]:
    return [missing.message, missing.why, missing.remedy]


def _counts(data: dict[str, Any]) -> str:
    return f": {data['train']} train, {data['validation']} validation, {data['test']} test"


def _rungs(plan: FidelityPlan | None) -> str | None:
    if plan is None:
        return None
    return f"{', '.join(map(str, plan.rungs))} epochs; one in {plan.factor} goes on"
