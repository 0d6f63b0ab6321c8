"""The model card: what one network is, how it came to be, what its files reach, and how to run them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from edgebench.profiling import why_int8_is_slower
from edgebench.records import (
    Artifact,
    DeviceInfo,
    Format,
    Measurement,
    Precision,
    Trial,
)
from edgebench.report import figures, wording
from edgebench.report.cautions import about_the_run
from edgebench.report.markdown import bullets, fenced, table, text, titled
from edgebench.report.snippet import snippet
from edgebench.report.view import RunView, ScoredFile

MOST_LABELS = 20
FILES = (
    "file", "KiB", "accuracy", "of", "vs Keras pt", "agreement", "McNemar p", "largest difference", "arena KiB",
)  # fmt: skip
DEVICES = (
    "file", "device", "runtime", "delegate", "state", "threads", "blocks", "figure", "latency ms", "interval",
)  # fmt: skip
LAYERS = ("file", "layer", "relative error %", "examples")


def render_card(view: RunView, trial: Trial) -> str:
    """Return the card of one winner as Markdown; what was not recorded is left out or ``n/a``."""
    files = view.files(trial.trial_id)
    sections = {
        "What it is": bullets(_network(view, trial)),
        "Data": bullets(_data(view.run.data)),
        "How it was trained and chosen": "\n\n".join(
            part for part in (bullets(_origin(view, trial)), _command(view.run.argv)) if part
        ),
        "Files": _files(view, trial, files),
        "On devices": _devices(view, files),
        "Why int8 is slower": bullets(_slower(view, files)),
        "Layers that quantisation moves most": _layers(files),
        "Be careful of": bullets(_cautions(view, trial, files)),
        "Run it": _programs(view, files),
        "See its graph": _graph(view, trial),
    }
    parts = [f"# {text(f'{view.run.suite.name} {trial.trial_id}')}", text(_standing(view, trial))]
    for title, body in sections.items():
        parts += [f"## {title}", body] if body else []
    return "\n\n".join(parts) + "\n"


def _standing(view: RunView, trial: Trial) -> str:
    among = f"{len(view.front)} on the front of {len(view.searched)} models"
    if trial.is_baseline:
        return f"The baseline of run {view.run.run_id}."
    if view.is_pick(trial.trial_id):
        return f"The pick of run {view.run.run_id}: one of {among}."
    certain = any(m.certain for m in view.front if m.trial.trial_id == trial.trial_id)
    return f"{'One' if certain else 'Possibly one'} of {among} in run {view.run.run_id}."


def _network(view: RunView, trial: Trial) -> Iterator[str]:
    suite, data = view.run.suite, view.run.data
    template = suite.baseline if trial.is_baseline else suite.template
    yield f"Template: {template or 'not recorded'}"
    if trial.architecture:
        yield f"Architecture: {trial.architecture}"
    for name, title in (
        ("total_params", "Parameters"),
        ("trainable_params", "of these trained"),
        ("macs", "Multiply-accumulates"),
    ):
        if (value := view.value(trial, name)) is not None:
            yield f"{title}: {figures.count(value)}"
    if shapes := data.get("input_shapes"):
        yield f"Inputs: {', '.join('x'.join(map(str, shape)) for shape in shapes)}"
    if data.get("normalisation"):
        yield f"Normalisation: {data['normalisation']}"
    if labels := _labels(data):
        more = f" and {len(labels) - MOST_LABELS} more" if len(labels) > MOST_LABELS else ""
        yield f"Labels: {', '.join(labels[:MOST_LABELS])}{more}"


def _labels(data: Mapping[str, Any]) -> list[str]:
    return [str(label) for label in data.get("labels") or ()]


def _data(data: Mapping[str, Any]) -> Iterator[str]:
    counts = {"train": "to train", "validation": "to validate", "test": "held out"}
    told = [f"{figures.count(data[k])} {title}" for k, title in counts.items() if k in data]
    if data.get("name"):
        yield f"{data['name']}: {', '.join(told) or 'no counts recorded'}"
    for key in ("source", "terms"):
        if data.get(key):
            yield f"{key.capitalize()}: {data[key]}"


def _origin(view: RunView, trial: Trial) -> Iterator[str]:
    run, suite = view.run, view.run.suite
    path = f", {run.suite_path}" if run.suite_path else ""
    yield f"Run {run.run_id}, suite {suite.name}{path}, hash {run.suite_hash}, seed {suite.seed}"
    objectives = ", ".join(f"{o.metric} {o.goal.value}" for o in suite.objectives)
    limits = ", ".join(map(str, suite.constraints)) or "none"
    yield f"Searched for: {suite.objective} of {objectives}; limits: {limits}"
    yield f"Epochs: {trial.epochs} of at most {suite.training.max_epochs}, batch {suite.training.batch_size}"
    if trial.hyperparameters:
        chosen = (f"{name}={value}" for name, value in trial.hyperparameters.items())
        yield f"Hyperparameters: {', '.join(chosen)}"
    if metric := view.metrics(trial).get(view.score):
        ends = figures.accuracy_interval(metric)
        several = f", mean of {metric.n} trainings {ends}; the files are of the median one"
        yield f"{figures.capitalised(view.score_title)}: {figures.accuracy(metric.value)}{several if ends else ''}"
    if run.git_commit:
        yield f"Commit: {run.git_commit}"
    if run.versions:
        yield ", ".join(f"{name} {version}" for name, version in run.versions.items())


def _command(argv: Sequence[str]) -> str:
    return fenced(shlex.join(["edgebench", *argv])) if argv else ""


def _files(view: RunView, trial: Trial, files: Sequence[ScoredFile]) -> str:
    if not files:
        return "None was exported."
    keras = view.value(trial, view.tested)
    rows = [_file_row(file.artifact, keras) for file in files]
    said = "" if keras is None else f"Keras itself reaches {figures.accuracy(keras)}."
    return "\n\n".join(part for part in (table(titled(FILES, view), rows, left=1), said) if part)


def _file_row(artifact: Artifact, keras: float | None) -> list[str]:
    parity, facts = artifact.parity, artifact.facts
    return [
        artifact.file_name,
        figures.kibibytes(artifact.size_bytes),
        figures.accuracy(artifact.accuracy),
        figures.count(artifact.heldout_count),
        figures.percentage_points(_change(artifact, keras)),
        figures.accuracy(parity.agreement if parity else None),
        figures.small(parity.mcnemar_p if parity else None, ".2g"),
        figures.small(artifact.max_abs_diff),
        figures.kibibytes(facts.arena_bytes if facts else None),
    ]


def _change(artifact: Artifact, keras: float | None) -> float | None:
    return None if artifact.accuracy is None or keras is None else artifact.accuracy - keras


def _devices(view: RunView, files: Sequence[ScoredFile]) -> str:
    measured = [(file.artifact, m) for file in files for m in file.measurements]
    if not measured:
        return "No file was measured." if files else ""
    decimals = figures.decimals_for(m.as_metric().value for _, m in measured)
    rows = (_device_row(artifact, m, decimals) for artifact, m in measured)
    names = {m.device for _, m in measured}
    facts = bullets(_device(device) for device in view.run.devices if device.name in names)
    return "\n\n".join(part for part in (table(DEVICES, rows, left=5), facts) if part)


def _device(device: DeviceInfo) -> str:
    facts = filter(None, (device.model, device.machine, device.system))
    if device.cpu_features is None:
        return f"{device.name}: {', '.join(facts)}"
    return f"{device.name}: {', '.join(facts)}, with {' '.join(device.cpu_features) or 'plain instructions'}"


def _device_row(artifact: Artifact, measurement: Measurement, decimals: int) -> list[str]:
    ran, latency = measurement.environment, measurement.as_metric()
    return [
        artifact.file_name,
        measurement.device,
        f"{ran.runtime} {ran.runtime_version}",
        wording.delegated(ran),
        wording.state(measurement),
        str(ran.threads),
        str(len(measurement.blocks)),
        measurement.rank_by,
        figures.milliseconds(latency.value, decimals),
        figures.interval(latency.low, latency.high, decimals),
    ]


def _slower(view: RunView, files: Sequence[ScoredFile]) -> Iterator[str]:
    """Yield a sentence for each reason, of each quantised file on each device and runtime that measured fp32 too."""
    devices = {device.name: device for device in view.run.devices}
    full = {
        (file.artifact.format, m.device, m.environment.runtime): m
        for file in files
        for m in file.measurements
        if file.artifact.precision is Precision.FP32
    }
    for file in files:
        for m in file.measurements if file.artifact.precision.needs_calibration else ():
            fp32 = full.get((file.artifact.format, m.device, m.environment.runtime))
            if fp32 is not None and m.device in devices:
                for reason in why_int8_is_slower(fp32, m, devices[m.device], file.artifact):
                    yield f"{file.artifact.file_name} on {m.device}: {reason}"


def _layers(files: Sequence[ScoredFile]) -> str:
    rows = (
        [file.artifact.file_name, error.layer, f"{100 * error.relative:.2f}", str(error.examples)]
        for file in files
        if file.artifact.parity
        for error in file.artifact.parity.layers
    )
    return table(LAYERS, rows, left=2)


def _cautions(view: RunView, trial: Trial, files: Sequence[ScoredFile]) -> Iterator[str]:
    yield from (caution.sentence for caution in about_the_run(view))
    if trial.note:
        yield f"{trial.note.rstrip('.')}."
    for file in files:
        yield from wording.about_accuracy(file, view.file_title)
        yield from wording.about_latencies(file)


def _programs(view: RunView, files: Sequence[ScoredFile]) -> str:
    parts = []
    for file_format in (Format.TFLITE, Format.ONNX):
        artifacts = [f.artifact for f in files if f.artifact.format is file_format]
        wanted = view.run.suite.latency.precision
        artifact = min(artifacts, key=lambda a: a.precision is not wanted, default=None)
        if artifact is not None:
            parts += [
                f"```python\n{snippet(artifact, view.run.data)}\n```",
                _others(artifact, artifacts),
            ]
    if not parts:
        return ""
    before = "In the folder of these files, with heldout.npz beside them; NumPy and the runtime are all they need."
    return "\n\n".join([before, *filter(None, parts)])


def _graph(view: RunView, trial: Trial) -> str:
    file = view.main_file(trial.trial_id)
    return fenced(shlex.join(["netron", file.artifact.file_name])) if file else ""


def _others(shown: Artifact, artifacts: Sequence[Artifact]) -> str:
    """Return which other files the same lines run: those with the same kind of door."""
    is_int8 = shown.precision is Precision.INT8_IO
    names = [
        a.file_name
        for a in artifacts
        if a is not shown and (a.precision is Precision.INT8_IO) == is_int8
    ]
    return f"The same lines run {text(', '.join(names))}." if names else ""
