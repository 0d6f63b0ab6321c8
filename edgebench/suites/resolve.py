"""The names in a suite, each looked up."""

from __future__ import annotations

from functools import partial

from edgebench import plugins
from edgebench.datasets import source_kind
from edgebench.devices import inventory
from edgebench.documents import Document
from edgebench.errors import InputError, UnknownNameError
from edgebench.objectives import OBJECTIVE_KINDS
from edgebench.records import (
    BUILT_IN,
    LOSS,
    METRICS,
    ON_DEVICES,
    Constraint,
    DataPlan,
    ExportTarget,
    FidelityPlan,
    Goal,
    LatencyPlan,
    Objective,
    OraclePlan,
    Precision,
    Suite,
    TrainingPlan,
)
from edgebench.suites.document import ObjectiveDocument, SuiteDocument
from edgebench.suites.places import known, told
from edgebench.templates import TEMPLATES, find_class, template_names

EXPORTED_NOW = tuple(
    str(ExportTarget(format=file_format, precision=precision))
    for file_format, precisions in BUILT_IN.items()
    for precision in precisions
)
DEFAULT_REFERENCES = {
    "val_accuracy": 0.0,
    "val_iou": 0.0,
    "val_pixel_accuracy": 0.0,
    "val_map": 0.0,
    LOSS: 10.0,
    "param_bytes": 50e6,
    "file_bytes": 50e6,
    "trainable_params": 12.5e6,
    "macs": 10e9,
    "latency_ms": 1000.0,
}
ORACLES = ("pareto", "random", "bayesian", "hyperband")
RUNTIMES = ("auto", "tflite", "litert", "ort")


def resolve(document: Document, raw: SuiteDocument) -> Suite:
    """Return the suite with each name looked up; the data itself is not."""
    known(document, ("objective",), "an objective", raw.objective, OBJECTIVE_KINDS)
    told(document, ("oracle", "name"), partial(_check_oracle, raw.oracle.name))
    told(document, ("data", "name"), partial(source_kind, raw.data.name))
    for key, name in (("template", raw.template), ("baseline", raw.baseline)):
        if name is not None and ":" not in name and name not in TEMPLATES:
            known(document, (key,), "a template", name, template_names())
    known(document, ("latency", "runtime"), "a runtime", raw.latency.runtime, RUNTIMES)
    devices = [
        told(document, ("devices", index), partial(inventory.find_device, name)).name
        for index, name in enumerate(raw.devices)
    ]
    metrics = [
        *(name for name in METRICS if not name.startswith(("float_", "test_"))),
        *(f"{name}@{device}" for name in ON_DEVICES for device in devices[1:]),
    ]
    for metric in dict.fromkeys((*raw.objectives, *raw.reference)):
        key = "objectives" if metric in raw.objectives else "reference"
        known(document, (key, metric), "a metric", metric, metrics, key=True)
    return Suite(
        name=raw.name,
        template=raw.template,
        template_options=raw.template_options,
        hyperparameters=raw.hyperparameters,
        data=DataPlan(**dict(raw.data)),
        objective=raw.objective,
        objectives=tuple(
            _objective(document, raw, metric, chosen) for metric, chosen in raw.objectives.items()
        ),
        constraints=tuple(
            told(document, ("constraints", i), partial(Constraint.parse, text))
            for i, text in enumerate(raw.constraints)
        ),
        baseline=raw.baseline,
        oracle=OraclePlan(
            name=raw.oracle.name, max_trials=max(1, round(raw.oracle.max_trials * raw.scale))
        ),
        training=TrainingPlan(
            max_epochs=max(1, round(raw.training.max_epochs * raw.scale)),
            batch_size=raw.training.batch_size,
            patience=raw.training.patience,
            schedule=raw.training.schedule,
            loss=raw.training.loss,
            augment=tuple(raw.training.augment),
        ),
        fidelity=_fidelity(document, raw),
        devices=tuple(dict.fromkeys(raw.devices)),
        latency=LatencyPlan(
            runtime=raw.latency.runtime,
            precision=told(
                document, ("latency", "precision"), partial(_precision, raw.latency.precision)
            ),
            threads=raw.latency.threads,
            blocks=raw.latency.blocks,
            winner_blocks=raw.latency.winner_blocks,
            block_s=raw.latency.block_s,
        ),
        export=tuple(
            told(document, ("export", i), partial(_export_target, text))
            for i, text in enumerate(raw.export)
        ),
        largest_drop=raw.largest_drop,
        seed=raw.seed,
        scale=raw.scale,
        repeats=raw.repeats,
    )


def _objective(
    document: Document, raw: SuiteDocument, metric: str, chosen: ObjectiveDocument
) -> Objective:
    reference = raw.reference.get(metric, DEFAULT_REFERENCES.get(metric.partition("@")[0]))
    if reference is None:
        raise document.error(
            ("objectives", metric),
            f"{metric} has no reference",
            why="the worst value worth having bounds the front and the hypervolume",
            remedy=f"add `{metric}: NUMBER` under reference",
            key=True,
        )
    return Objective(
        metric=metric, goal=Goal(chosen.goal), reference=reference, weight=chosen.weight
    )


def _fidelity(document: Document, raw: SuiteDocument) -> FidelityPlan | None:
    """Return the rungs below the last epoch; both are scaled alike."""
    if raw.fidelity is None:
        return None
    if raw.oracle.name == "hyperband":
        raise document.error(
            ("fidelity",),
            "fidelity does not go with the oracle hyperband",
            why="hyperband has rungs of its own",
            remedy="leave one of the two out",
            key=True,
        )
    written, last = raw.fidelity.rungs, raw.training.max_epochs
    if sorted(set(written)) != written or written[-1] > last:
        raise document.error(
            ("fidelity", "rungs"),
            f"rungs cannot be {', '.join(map(str, written))}",
            why=f"they are epochs in ascending order, up to max_epochs, which is {last}",
        )
    epochs = max(1, round(last * raw.scale))
    scaled = dict.fromkeys(max(1, round(rung * raw.scale)) for rung in written)
    rungs = tuple(rung for rung in scaled if rung < epochs)
    return FidelityPlan(rungs=rungs, factor=raw.fidelity.factor) if rungs else None


def _check_oracle(name: str) -> None:
    is_there = name in ORACLES or find_class(name, "oracles", "an oracle", "keras_tuner:Oracle")
    if not is_there:
        raise UnknownNameError("an oracle", name, (*ORACLES, *plugins.names("oracles")))


def _precision(text: str) -> Precision:
    precision = Precision.parse(text)
    if precision not in (Precision.FP32, Precision.INT8):
        raise UnknownNameError("a precision that a search measures", text, ("fp32", "int8"))
    return precision


def _export_target(text: str) -> ExportTarget:
    plugin = plugins.find("exporters", text) if text not in EXPORTED_NOW else None
    if plugin is not None:
        raise InputError(
            f"{text} of {plugin.source} is no file that a search makes",
            why="the files of plugins are made of its trials afterwards",
            remedy=f"leave it out, and then edgebench export RUN TRIAL --format {text}",
        )
    target = ExportTarget.parse(text)
    if str(target) not in EXPORTED_NOW:
        raise UnknownNameError("an export that is built in", text, EXPORTED_NOW)
    return target
