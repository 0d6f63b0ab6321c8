"""The published schemas: drawn from the types, committed, and true of real documents."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from ruamel.yaml import YAML

from edgebench.cli.app import run
from edgebench.exchange import profile_document
from edgebench.exchange.schemas import SCHEMAS, schema, schema_text
from edgebench.profiling import Profiled
from edgebench.records import Agreement, Parity, RunResult, Score, Window
from edgebench.report import as_json, summarise
from edgebench.runtimes import Op
from edgebench.testing.store import example_measurement

REPOSITORY = Path(__file__).resolve().parents[2]
FILES = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for folder in ("suites", "devices")
    for path in (REPOSITORY / folder).rglob("*.yaml")
)
SUMMARIES = sorted((REPOSITORY / "reports").glob("*/summary.json"))


def closed(node: Any) -> Any:
    """Return a schema that allows no key beyond those it names, to see whether it names them all."""
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    shut = {key: closed(value) for key, value in node.items()}
    if "properties" in shut and isinstance(shut.get("type"), str):
        shut.setdefault("additionalProperties", False)
    return shut


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(closed(schema(name)))


def written(path: str) -> Any:
    return YAML(typ="safe", pure=True).load((REPOSITORY / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_committed_file_is_what_the_types_say(name: str) -> None:
    committed = (REPOSITORY / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")
    assert committed == schema_text(name), f"edgebench check --schema {name} > schemas/..."
    assert json.loads(committed)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(json.loads(committed))


@pytest.mark.parametrize("path", FILES)
def test_every_file_of_ours_is_valid(path: str) -> None:
    validator(path.partition("/")[0].removesuffix("s")).validate(written(path))


@pytest.mark.parametrize(
    ("path", "keys", "value"),
    [
        ("suites/digits.yaml", ("objectives", "latency_ms"), "down"),
        ("suites/digits.yaml", ("trainning",), {}),
        ("suites/digits.yaml", ("training", "batch_size"), 0),
        ("suites/digits.yaml", ("models",), ["a.tflite"]),
        ("suites/mlperf-tiny.yaml", ("models",), []),
        ("devices/local.yaml", ("transport", "kind"), 3),
        ("devices/local.yaml", ("python",), "python; reboot"),
    ],
)
def test_what_edgebench_refuses_the_schema_refuses(
    path: str, keys: tuple[str, ...], value: object
) -> None:
    document = copy.deepcopy(written(path))
    node = document
    for key in keys[:-1]:
        node = node[key]
    node[keys[-1]] = value
    with pytest.raises(ValidationError):
        validator(path.partition("/")[0].removesuffix("s")).validate(document)


@pytest.mark.parametrize("path", SUMMARIES, ids=lambda path: path.parent.name)
def test_a_kept_summary_is_as_its_schema_says(path: Path) -> None:
    validator("summary").validate(json.loads(path.read_text(encoding="utf-8")))


def test_a_summary_is_as_its_schema_says(result: RunResult) -> None:
    bare = replace(result, trials=(), artifacts=(), measurements={})
    for told in (result, bare):
        summary = summarise(told, report_dir=Path("reports/r"))
        validator("summary").validate(json.loads(as_json(summary)))


def test_a_summary_without_a_key_is_refused(result: RunResult) -> None:
    summary = json.loads(as_json(summarise(result, report_dir=Path("reports/r"))))
    for gone in summary:
        with pytest.raises(ValidationError):
            validator("summary").validate({k: v for k, v in summary.items() if k != gone})


def profiled() -> Iterator[Profiled]:
    yield Profiled(size_bytes=9, measurement=example_measurement())
    full = replace(
        example_measurement(),
        agreement=Agreement(against="litert", examples=4, max_abs_diff=0.5, tolerance=0.1),
        sustained=(Window(at_s=1.0, median_ns=2e6, invokes=9),),
    )
    yield Profiled(
        size_bytes=9,
        measurement=full,
        score=Score(
            model_name="a.tflite", device="local", data="digits", examples=3, metric="accuracy", value=0.5,
            parity=Parity(examples=3, max_abs_diff=0.0, mean_abs_diff=0.0),
        ),
        ops=(Op("CONV_2D_0", "CONV_2D", invokes=1, ns=None, delegated=True),),
    )  # fmt: skip


def test_measurements_are_as_their_schema_says() -> None:
    document = json.loads(json.dumps(profile_document(list(profiled()))))
    validator("measurement").validate(document)
    document["measurements"][0]["p50_ms"] = "fast"
    with pytest.raises(ValidationError):
        validator("measurement").validate(document)


def test_kept_measurements_are_as_their_schema_says() -> None:
    kept = (REPOSITORY / "reports/mlperf-tiny/profile.json").read_text(encoding="utf-8")
    validator("measurement").validate(json.loads(kept))


def test_a_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--schema", "device"]) == 0
    assert capsys.readouterr().out == schema_text("device")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["check"], "a suite or --schema"),
        (["check", "digits", "--schema", "suite"], "a suite or --schema"),
        (["check", "--schema", "sute"], "did you mean suite?"),
    ],
)
def test_what_cannot_be_printed_is_one_sentence(
    argv: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(argv) == 2
    assert said in capsys.readouterr().err
