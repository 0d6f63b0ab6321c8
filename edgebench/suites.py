"""Suites: a YAML document to a resolved `Suite`. Every name in it is looked up; a wrong one is told with its line."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, PositiveFloat, PositiveInt

from edgebench.datasets import DATASETS, load_dataset
from edgebench.devices import inventory
from edgebench.documents import Document, Location, Record, read_document
from edgebench.errors import EdgebenchError, InputError, UnknownNameError
from edgebench.objectives import OBJECTIVE_KINDS
from edgebench.records import (
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
from edgebench.templates import (
    TEMPLATES,
    discover_space,
    import_class,
    import_keras,
    load_template,
)

DEFAULT_SUITE = "digits"
EXPORTED_NOW = ("tflite-fp32", "tflite-int8", "onnx-fp32")
DEFAULT_GOALS = {"val_accuracy": "max", "param_bytes": "min", "latency_ms": "min"}
DEFAULT_REFERENCES = {
    "val_accuracy": 0.0,
    "param_bytes": 50e6,
    "file_bytes": 50e6,
    "trainable_params": 12.5e6,
    "macs": 10e9,
    "latency_ms": 1000.0,
}
NOT_IN_HASH = ("oracle.max_trials", "devices", "export", "latency.winner_blocks")
ORACLES = ("pareto", "random", "bayesian", "hyperband")
RUNTIMES = ("auto", "tflite", "litert", "ort")
T = TypeVar("T")
Goals = Literal["max", "min"]


class ObjectiveDocument(Record):
    goal: Goals
    weight: PositiveFloat | None = None


class DataDocument(Record):
    name: str
    sample: Annotated[float, Field(gt=0, le=1)] = 1.0
    validation: Annotated[float, Field(gt=0, lt=1)] = 0.2
    size: tuple[PositiveInt, PositiveInt] | None = None


class OracleDocument(Record):
    name: str = "pareto"
    max_trials: PositiveInt = 16


class TrainingDocument(Record):
    max_epochs: PositiveInt = 8
    batch_size: PositiveInt = 32
    patience: PositiveInt = 5
    schedule: Literal["constant", "cosine"] = "constant"


class FidelityDocument(Record):
    rungs: Annotated[list[PositiveInt], Field(min_length=1)]
    factor: Annotated[int, Field(ge=2)] = 2


class LatencyDocument(Record):
    runtime: str = "auto"
    precision: str = "fp32"
    threads: PositiveInt = 1
    blocks: PositiveInt = 1
    winner_blocks: PositiveInt = 6
    block_s: Annotated[float, Field(gt=0, le=30)] = 2.0


class SuiteDocument(Record):
    """A suite file, key by key."""

    name: str
    template: str
    data: DataDocument
    template_options: dict[str, Any] = Field(default_factory=dict)
    hyperparameters: dict[str, Any] = Field(default_factory=dict)
    objective: str = "pareto"
    objectives: Annotated[dict[str, ObjectiveDocument], Field(min_length=1)]
    reference: dict[str, float] = Field(default_factory=dict)
    constraints: list[str] = Field(default_factory=list)
    baseline: str | None = None
    oracle: OracleDocument = OracleDocument()
    training: TrainingDocument = TrainingDocument()
    fidelity: FidelityDocument | None = None
    devices: Annotated[list[str], Field(min_length=1)] = Field(default_factory=lambda: ["local"])
    latency: LatencyDocument = LatencyDocument()
    export: list[str] = Field(default_factory=lambda: list(EXPORTED_NOW))
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    scale: Annotated[float, Field(gt=0, le=1)] = 1.0
    repeats: PositiveInt = 1

    @classmethod
    def in_full(cls, written: dict[str, Any]) -> dict[str, Any]:
        """Write out a goal that stands alone, and the objectives where there are none."""
        goals = written.get("objectives", DEFAULT_GOALS)
        if isinstance(goals, dict):
            goals = {k: {"goal": v} if isinstance(v, str) else v for k, v in goals.items()}
        return {**written, "objectives": goals}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A value that a command-line option lays over a suite."""

    location: Location
    value: Any
    option: str


def shipped_dir() -> Path:
    """Return the folder of the suites that come with edgebench."""
    package = Path(str(resources.files("edgebench")))
    beside = package.parent / "suites"
    return beside if beside.is_dir() else package / "_data" / "suites"


def find(source: str) -> Path:
    """Return the file of a suite given by path or by name; raises `InputError` where there is none."""
    path = Path(source)
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        if not _is_file(path):
            raise InputError(
                f"{source} does not exist", why="expected a suite file there", remedy=_names_hint()
            )
        return path
    folders = (Path("suites"), shipped_dir())
    for folder in folders:
        if _is_file(folder / f"{source}.yaml"):
            return folder / f"{source}.yaml"
    raise UnknownNameError("a suite", source, {p.stem for f in folders for p in f.glob("*.yaml")})


def load(source: str = DEFAULT_SUITE, changes: Iterable[Change] = ()) -> Suite:
    """Read a suite, lay the changes over it and resolve every name in it.

    Raises:
        InputError: one sentence with file, line and column (or the option) of the first mistake.
    """
    document = read_document(find(source))
    for change in changes:
        _check_weight(document, change)
        document.lay_over(change.location, change.value, change.option)
    raw = document.validate(SuiteDocument)
    suite = _resolve(document, raw)
    make = _template_maker(document, suite)
    if document.is_laid_over(("template",)):
        suite = _with_what_fits(document, suite, make)
    _check_hyperparameters(document, suite, make)
    return suite


def suite_hash(suite: Suite) -> str:
    """Return a hash of all that makes results comparable: not the number of trials, further devices or exports.

    The first device counts, unless it is this machine: ``latency_ms`` is its.
    """
    tree = dataclasses.asdict(suite)
    if suite.devices[0] != "local":
        tree["device"] = suite.devices[0]
    if suite.fidelity is None:
        del tree["fidelity"]  # suites of before there were rungs keep their hash
    if suite.repeats == 1:
        del tree["repeats"]  # and those of before there were repeats
    for dotted in NOT_IN_HASH:
        *parents, last = dotted.split(".")
        node = tree
        for parent in parents:
            node = node[parent]
        del node[last]
    text = json.dumps(tree, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _check_weight(document: Document, change: Change) -> None:
    """Refuse a weight for what is no objective: laid over, it would be one without a goal."""
    objectives = SuiteDocument.in_full(document.written())["objectives"]
    match (objectives, change.location):
        case (dict(), ("objectives", str(metric), "weight")) if metric not in objectives:
            raise UnknownNameError(
                "an objective of this suite", metric, objectives, where=change.option
            )


def _resolve(document: Document, raw: SuiteDocument) -> Suite:
    _known(document, ("objective",), "an objective", raw.objective, OBJECTIVE_KINDS)
    if ":" in raw.oracle.name:
        _told(document, ("oracle", "name"), partial(_import_oracle, raw.oracle.name))
    else:
        _known(document, ("oracle", "name"), "an oracle", raw.oracle.name, ORACLES)
    _known(document, ("data", "name"), "a data set", raw.data.name, DATASETS)
    for key, name in (("template", raw.template), ("baseline", raw.baseline)):
        if name is not None and ":" not in name:
            _known(document, (key,), "a template", name, TEMPLATES)
    _known(document, ("latency", "runtime"), "a runtime", raw.latency.runtime, RUNTIMES)
    devices = [
        _told(document, ("devices", index), partial(inventory.find_device, name)).name
        for index, name in enumerate(raw.devices)
    ]
    metrics = [*METRICS, *(f"{name}@{device}" for name in ON_DEVICES for device in devices[1:])]
    for metric in dict.fromkeys((*raw.objectives, *raw.reference)):
        key = "objectives" if metric in raw.objectives else "reference"
        _known(document, (key, metric), "a metric", metric, metrics, key=True)
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
            _told(document, ("constraints", i), partial(Constraint.parse, text))
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
        ),
        fidelity=_fidelity(document, raw),
        devices=tuple(dict.fromkeys(raw.devices)),
        latency=LatencyPlan(
            runtime=raw.latency.runtime,
            precision=_told(
                document, ("latency", "precision"), partial(_precision, raw.latency.precision)
            ),
            threads=raw.latency.threads,
            blocks=raw.latency.blocks,
            winner_blocks=raw.latency.winner_blocks,
            block_s=raw.latency.block_s,
        ),
        export=tuple(
            _told(document, ("export", i), partial(_export_target, text))
            for i, text in enumerate(raw.export)
        ),
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


def _import_oracle(name: str) -> type:
    import_keras()
    return import_class(name, "an oracle", "keras_tuner:Oracle")


def _precision(text: str) -> Precision:
    precision = Precision.parse(text)
    if precision not in (Precision.FP32, Precision.INT8):
        raise UnknownNameError("a precision that a search measures", text, ("fp32", "int8"))
    return precision


def _export_target(text: str) -> ExportTarget:
    target = ExportTarget.parse(text)
    if str(target) not in EXPORTED_NOW:
        raise UnknownNameError("an export that is built in", text, EXPORTED_NOW)
    return target


def _known(
    document: Document,
    location: Location,
    kind: str,
    name: str,
    known: Iterable[str],
    *,
    key: bool = False,
) -> None:
    if name not in set(known):
        error = UnknownNameError(kind, name, known)
        raise document.error(location, error.message, why=error.why, remedy=error.remedy, key=key)


def _told(document: Document, location: Location, look_up: Callable[[], T]) -> T:
    """Return ``look_up()``; an error in it is told again with its place in the document."""
    try:
        return look_up()
    except EdgebenchError as error:
        placed = document.error(location, error.message, why=error.why, remedy=error.remedy)
        placed.exit_code = error.exit_code
        raise placed from None


def _template_maker(document: Document, suite: Suite) -> Callable[..., Any]:
    """Return `load_template` for the suite's data, which is checked here."""
    resized = DataPlan(name=suite.data.name, size=suite.data.size)
    _told(document, ("data", "size"), partial(load_dataset, resized, suite.seed))
    spec = _told(document, ("data",), partial(load_dataset, suite.data, suite.seed)).spec
    return partial(load_template, input_shapes=spec.input_shapes, classes=spec.classes)


def _with_what_fits(document: Document, suite: Suite, make: Callable[..., Any]) -> Suite:
    """Leave out what the file says of its own template and the one chosen in its place does not know."""
    make = partial(make, suite.template)
    _told(document, ("template",), make)

    def known(key: str, chosen: Mapping[str, Any], look_up: Callable[[Any], Any]) -> dict[str, Any]:
        return {
            name: value
            for name, value in chosen.items()
            if document.is_laid_over((key, name)) or _is_known(partial(look_up, {name: value}))
        }

    options = known("template_options", suite.template_options, lambda one: make(options=one))
    hyperparameters = known(
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


def _check_hyperparameters(document: Document, suite: Suite, make: Callable[..., Any]) -> None:
    """Look the options and hyperparameters up in the template, one by one, so that each mistake has its place."""
    _told(document, ("template",), partial(make, suite.template))
    if suite.baseline is not None:
        _told(document, ("baseline",), partial(make, suite.baseline))
    for name, value in suite.template_options.items():
        one = partial(make, suite.template, options={name: value})
        _told(document, ("template_options", name), one)
    template = make(suite.template, options=suite.template_options)
    for name, value in suite.hyperparameters.items():
        _told(
            document,
            ("hyperparameters", name),
            partial(discover_space, template, {name: value}),
        )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _names_hint() -> str:
    return f"suites that come with edgebench: {', '.join(sorted(p.stem for p in shipped_dir().glob('*.yaml')))}"


__all__ = ["DEFAULT_SUITE", "Change", "find", "load", "shipped_dir", "suite_hash"]
