"""What a report shows below its first tables: devices side by side, classes, layers, operations, every measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgebench.records import Format, LayerError, Measurement, Precision, Trial
from edgebench.report import figures
from edgebench.report.view import RunView, ScoredFile

PROBE = "the search's probe"
WIDTH = 400
MOST_TICKS = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRow:
    """How the pick's files do on one class: scores by precision, as shares."""

    name: str
    scores: Mapping[str, float]

    @property
    def change(self) -> float | None:
        """What int8 gains or loses against fp32; None where either is not known."""
        exact, small = (self.scores.get(p.value) for p in (Precision.FP32, Precision.INT8))
        return None if exact is None or small is None else small - exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One measurement, what was measured, and what held then, as far as the device told."""

    trial_id: str
    measurement: Measurement
    of: str

    @property
    def conditions(self) -> str:
        environment = self.measurement.environment
        cores = " ".join(map(str, environment.affinity or ()))
        told = (
            ("cores", cores or None, "{}"),
            ("load", environment.load_1m, "{:.2f}"),
            ("degrees C", environment.temperature_c, "{:.0f}"),
            (
                "MHz",
                None if environment.frequency_khz is None else environment.frequency_khz / 1000,
                "{:.0f}",
            ),
            ("governor", environment.governor, "{}"),
        )
        return ", ".join(
            f"{name} {form.format(value)}"
            for name, value, form in told
            if isinstance(value, str) or figures.is_number(value)
        )


def device_matrix(view: RunView) -> list[tuple[Trial, list[tuple[str, Measurement | None]]]]:
    """Return by winner what its main file takes on each device; nothing with a single device."""
    devices = view.run.device_names
    if len(devices) < 2:
        return []
    rows = []
    for trial in view.winners:
        file = view.main_file(trial.trial_id)
        if file is not None:
            cells = [(device, view.measurement_on(file, device)) for device in devices]
            rows.append((trial, cells))
    return rows


def class_rows(view: RunView) -> list[ClassRow]:
    """Return the score of each class by the pick's TFLite files, worst loss in int8 first; empty without classes."""
    if view.pick is None:
        return []
    by_class: dict[str, dict[str, float]] = {}
    for file in view.files(view.pick.trial.trial_id):
        artifact = file.artifact
        if artifact.parity is None or artifact.format is not Format.TFLITE:
            continue
        for name, score in artifact.parity.scores.items():
            by_class.setdefault(name, {})[artifact.precision.value] = score
    rows = [ClassRow(name=name, scores=scores) for name, scores in by_class.items()]
    return sorted(rows, key=lambda row: row.change if row.change is not None else 0.0)


def class_precisions(rows: Sequence[ClassRow]) -> list[str]:
    """Return the precisions that any class has a score of."""
    return list(dict.fromkeys(precision for row in rows for precision in row.scores))


def worst_layers(view: RunView) -> list[tuple[ScoredFile, tuple[LayerError, ...]]]:
    """Return of each of the pick's quantised files the layers that quantisation moves most."""
    if view.pick is None:
        return []
    files = view.files(view.pick.trial.trial_id)
    return [
        (f, f.artifact.parity.layers)
        for f in files
        if f.artifact.parity and f.artifact.parity.layers
    ]


def operations(view: RunView) -> list[tuple[ScoredFile, Measurement | None, Mapping[str, int]]]:
    """Return of each of the pick's files what stands in it, and the measurement that says what the delegate took."""
    if view.pick is None:
        return []
    files = view.files(view.pick.trial.trial_id)
    return [
        (file, view.main_measurement(file), file.artifact.facts.ops)
        for file in files
        if file.artifact.facts and file.artifact.facts.ops
    ]


def ledger(view: RunView) -> list[Taken]:
    """Return every measurement of the run, those of files first, each with what held while it was taken."""
    files = {
        (a.trial_id, a.sha256): f"{a.format.value} {a.precision.value}"
        for a in view.result.artifacts
    }
    taken = [
        Taken(trial_id=key[0], measurement=measurement, of=files.get(key, PROBE))
        for key, measurements in view.result.measurements.items()
        for measurement in measurements
    ]
    return sorted(taken, key=lambda each: (each.of == PROBE, each.trial_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Raw samples as ticks on a line of ``WIDTH`` units: where each stands, p50, and the ends in milliseconds."""

    ticks: tuple[float, ...]
    p50: float
    low_ms: float
    high_ms: float


def sample_strip(measurement: Measurement) -> Strip:
    """Return at most 150 of the samples, evenly chosen by size, the slowest hundredth left out of sight."""
    samples = sorted(ns / 1e6 for ns in measurement.pooled_ns())
    samples = samples[: max(1, round(0.99 * len(samples)))]
    low, high = samples[0], max(samples[-1], measurement.p50_ms)
    span = (high - low) or 1.0
    step = max(1, len(samples) // MOST_TICKS)
    return Strip(
        ticks=tuple(round(WIDTH * (each - low) / span, 1) for each in samples[::step]),
        p50=round(WIDTH * (measurement.p50_ms - low) / span, 1),
        low_ms=low,
        high_ms=high,
    )
