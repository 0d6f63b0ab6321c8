"""What a suite file holds, key by key."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    GetJsonSchemaHandler,
    PositiveFloat,
    PositiveInt,
    TypeAdapter,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from edgebench.documents import Document, Record

DEFAULT_EXPORTS = ("tflite-fp32", "tflite-int8", "onnx-fp32")
Goals = Literal["max", "min"]
DEFAULT_GOALS: dict[str, Goals] = {"val_accuracy": "max", "param_bytes": "min", "latency_ms": "min"}
NO_DATA: Literal["none"] = "none"
FileName = Annotated[str, Field(min_length=1)]


class ObjectiveDocument(Record):
    """A goal. In a file it may stand alone: ``max``."""

    goal: Goals
    weight: PositiveFloat | None = None

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [TypeAdapter(Goals).json_schema(), handler(core_schema)]}


def default_objectives() -> dict[str, ObjectiveDocument]:
    """Return what a suite is searched for that does not say."""
    return {metric: ObjectiveDocument(goal=goal) for metric, goal in DEFAULT_GOALS.items()}


class DataDocument(Record):
    name: str
    sample: Annotated[float, Field(gt=0, le=1)] = 1.0
    validation: Annotated[float, Field(gt=0, lt=1)] | Literal["test"] = 0.2
    size: tuple[PositiveInt, PositiveInt] | None = None
    tile: tuple[PositiveInt, PositiveInt] | None = None
    inputs: tuple[str, ...] = ()
    target: str = ""


class OracleDocument(Record):
    name: str = "pareto"
    max_trials: PositiveInt = 16


class TrainingDocument(Record):
    max_epochs: PositiveInt = 8
    batch_size: PositiveInt = 32
    patience: PositiveInt = 5
    schedule: Literal["constant", "cosine"] = "constant"
    loss: str = ""
    augment: list[str] = Field(default_factory=list)


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
    objectives: Annotated[dict[str, ObjectiveDocument], Field(min_length=1)] = Field(
        default_factory=default_objectives
    )
    reference: dict[str, float] = Field(default_factory=dict)
    constraints: list[str] = Field(default_factory=list)
    baseline: str | None = None
    oracle: OracleDocument = OracleDocument()
    training: TrainingDocument = TrainingDocument()
    fidelity: FidelityDocument | None = None
    devices: Annotated[list[str], Field(min_length=1)] = Field(default_factory=lambda: ["local"])
    latency: LatencyDocument = LatencyDocument()
    export: list[str] = Field(default_factory=lambda: list(DEFAULT_EXPORTS))
    largest_drop: Annotated[float, Field(ge=0, le=1)] = 0.02
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    scale: Annotated[float, Field(gt=0, le=1)] = 1.0
    repeats: PositiveInt = 1

    @classmethod
    def in_full(cls, written: dict[str, Any]) -> dict[str, Any]:
        """Write out a goal that stands alone, and the objectives where there are none."""
        goals: Any = written.get("objectives", DEFAULT_GOALS)
        if isinstance(goals, dict):
            goals = {k: {"goal": v} if isinstance(v, str) else v for k, v in goals.items()}
        return {**written, "objectives": goals}


def _ascending(ends: tuple[float, float]) -> tuple[float, float]:
    if not ends[0] < ends[1]:
        raise ValueError("should be two numbers, the lower first")
    return ends


class ModelDocument(Record):
    """A model file. In a suite it may stand alone, as its path or name."""

    file: FileName
    data: DataDocument | Literal["none"] = NO_DATA
    input_range: Annotated[tuple[float, float], AfterValidator(_ascending)] = (0.0, 1.0)
    examples: PositiveInt | None = None

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [TypeAdapter(FileName).json_schema(), handler(core_schema)]}


class TimingDocument(Record):
    runtime: str = "auto"
    delegate: str | None = None
    threads: PositiveInt = 1
    winner_blocks: PositiveInt = 6
    block_s: Annotated[float, Field(ge=0.05, le=30)] = 2.0


class ModelSuiteDocument(Record):
    """A file of a suite of models, key by key."""

    name: str
    models: Annotated[list[ModelDocument], Field(min_length=1)]
    data: DataDocument | Literal["none"]
    devices: Annotated[list[str], Field(min_length=1)] = Field(default_factory=lambda: ["local"])
    latency: TimingDocument = TimingDocument()

    @classmethod
    def in_full(cls, written: dict[str, Any]) -> dict[str, Any]:
        """Write out a file that stands alone."""
        models = written.get("models")
        if isinstance(models, list):
            models = [{"file": one} if isinstance(one, str) else one for one in models]
        return {**written, "models": models}


def says_models(document: Document) -> bool:
    """Return whether a suite is one of models, not of a template; raises `InputError` where it is both or neither."""
    has_models = document.is_written(("models",))
    has_template = document.is_written(("template",))
    if has_models and has_template:
        raise document.error(
            ("models",),
            "a suite has a template or models, not both",
            why="a template is searched, and models are profiled",
            remedy="leave one of the two out",
            key=True,
        )
    if not (has_models or has_template or document.is_laid_over(("template",))):
        raise document.error(
            (),
            "template is missing, or models",
            why="a suite names a template to search, or models to profile",
            remedy="add a line `template: ...` or `models: [...]`",
        )
    return has_models
