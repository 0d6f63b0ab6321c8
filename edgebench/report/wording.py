"""The sentences of a report: what was found, why nothing was, and what to be careful of."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from edgebench.objectives import CONFIDENCE, is_feasible, total_violation, violated
from edgebench.records import Environment, Measurement, Status, Trial, metric_kind
from edgebench.report import figures
from edgebench.report.view import RunView, ScoredFile

TWO_SIDED_95 = 1.96


def headline(view: RunView) -> str:
    """Return the one sentence that a reader takes away."""
    if view.pick is None:
        return why_no_front(view)
    trial = view.pick.trial
    file = view.main_file(trial.trial_id)
    if file is None:
        return f"{trial.trial_id} is the pick: {_search_numbers(view, trial)}; it was not exported."
    artifact = file.artifact
    score = figures.accuracy(artifact.accuracy) if artifact.accuracy is not None else "not taken"
    size = figures.kibibytes(artifact.size_bytes)
    measurement = view.main_measurement(file)
    speed = (
        f"{latency(measurement)} on {measurement.device}"
        if measurement
        else "its latency was not measured"
    )
    return f"{trial.trial_id} is the pick: {view.file_title} {score} as {what_the_file_is(file)}, {size} KiB, {speed}."


def _search_numbers(view: RunView, trial: Trial) -> str:
    score = figures.accuracy(view.value(trial, view.score))
    size = figures.kibibytes(view.value(trial, "param_bytes"))
    speed = figures.milliseconds(view.value(trial, "latency_ms"))
    return f"in the search {view.score_title} {score}, {size} KiB of parameters, {speed} ms"


def latency(measurement: Measurement) -> str:
    """Return ``0.84 ms [0.82, 0.87]``."""
    decimals = figures.decimals_for([measurement.p50_low_ms])
    middle = figures.milliseconds(measurement.p50_ms, decimals)
    ends = figures.interval(measurement.p50_low_ms, measurement.p50_high_ms, decimals)
    return f"{middle} ms {ends}"


def against_baseline(view: RunView) -> str:
    """Return how the pick stands to the baseline, or an empty string without one of the two."""
    if view.pick is None or view.baseline is None:
        return ""
    ours = view.main_file(view.pick.trial.trial_id)
    theirs = view.main_file(view.baseline.trial_id)
    name = view.run.suite.baseline or view.baseline.trial_id
    if ours is None or theirs is None:
        return f"There is no pair of files to compare with the baseline, {name}."
    parts = [
        _accuracy_change(ours, theirs, view.file_title),
        _size_change(ours, theirs),
        _speed_change(view, ours, theirs),
    ]
    return f"Against {name}: {', '.join(part for part in parts if part)}."


def what_the_file_is(file: ScoredFile) -> str:
    """Return ``tflite int8``."""
    return f"{file.artifact.format.value} {file.artifact.precision.value}"


def _accuracy_change(ours: ScoredFile, theirs: ScoredFile, title: str) -> str:
    a, b = ours.artifact, theirs.artifact
    if not (figures.is_number(a.accuracy) and figures.is_number(b.accuracy)):
        return ""
    change = a.accuracy - b.accuracy
    text = f"{title} {figures.percentage_points(change)} pt"
    if title != "accuracy" or not a.heldout_count or not b.heldout_count:
        return text
    variance = (
        a.accuracy * (1 - a.accuracy) / a.heldout_count
        + b.accuracy * (1 - b.accuracy) / b.heldout_count
    )
    return f"{text} (within noise)" if abs(change) <= TWO_SIDED_95 * math.sqrt(variance) else text


def _size_change(ours: ScoredFile, theirs: ScoredFile) -> str:
    return _ratio(ours.artifact.size_bytes, theirs.artifact.size_bytes, "smaller", "larger")


def _speed_change(view: RunView, ours: ScoredFile, theirs: ScoredFile) -> str:
    a, b = view.main_measurement(ours), view.main_measurement(theirs)
    if a is None or b is None:
        return ""
    text = _ratio(a.p50_ms, b.p50_ms, "faster", "slower")
    overlap = a.p50_low_ms <= b.p50_high_ms and b.p50_low_ms <= a.p50_high_ms
    return f"{text} (within noise)" if overlap else text


def _ratio(ours: float, theirs: float, less: str, more: str) -> str:
    if min(ours, theirs) <= 0:
        return ""
    return f"{theirs / ours:.1f}x {less}" if ours <= theirs else f"{ours / theirs:.1f}x {more}"


def why_no_front(view: RunView) -> str:
    """Return why no model is on the front, with the nearest where limits are the cause."""
    if not view.searched:
        return "No trial has ended yet, so there is no front."
    completed = [trial for trial in view.searched if trial.status is Status.COMPLETED]
    limits = view.run.suite.constraints
    beyond = [trial for trial in view.searched if _is_beyond(view, trial)]
    if beyond and all(_is_beyond(view, trial) for trial in completed):
        nearest = min(beyond, key=lambda trial: total_violation(limits, _values(view, trial)))
        return (
            f"No model keeps within the limits ({', '.join(map(str, limits))}). "
            f"The nearest is {nearest.trial_id}: {', '.join(violated(limits, _values(view, nearest)))}."
        )
    if not completed:
        counts = Counter(trial.status.value for trial in view.searched)
        return f"No trial completed, so there is no front: {_counted(counts)}."
    missing = {
        objective.metric
        for objective in view.run.suite.objectives
        if not any(objective.metric in _values(view, trial) for trial in completed)
    }
    if missing:
        names = ", ".join(metric_kind(name).title for name in sorted(missing))
        return f"There is no front yet: {names} was not taken of any model."
    return "No completed model beats the reference in every objective, so the front is empty."


def certainty(view: RunView) -> str:
    """Return what ``certain`` and ``possible`` heed in this run."""
    if not view.front:
        return ""
    if not view.is_repeated:
        return (
            f"Certain heeds the intervals of latency alone: each {view.score_title} is of one training, "
            "and another may differ."
        )
    share = f"{100 * CONFIDENCE:.0f}"
    return (
        f"A {view.score_title} with an interval is the mean of several trainings, with its {share} % interval by "
        "Student's t, by its own spread or that of all repeated ones, whichever is wider. Certain heeds these intervals and "
        "those of latency. The files are of the training with the median one."
    )


def readable(reason: str) -> str:
    """Return a reason code such as ``interval_wide`` as words."""
    return reason.replace("_", " ")


def about_accuracy(file: ScoredFile, title: str) -> Iterator[str]:
    """Yield a sentence where a file loses more of its score than its suite allows."""
    artifact = file.artifact
    if not file.is_flagged or artifact.accuracy is None or file.keras_accuracy is None:
        return
    lost = figures.percentage_points(artifact.accuracy - file.keras_accuracy)
    test = artifact.parity.mcnemar_p if artifact.parity is not None else None
    sure = "" if test is None else f", McNemar p {test:.2g}"
    yield (
        f"{named(file)}: {lost} pt {title} against Keras, more than the "
        f"{100 * file.largest_drop:g} that the suite allows{sure}."
    )


def state(measurement: Measurement) -> str:
    """Return ``valid``, ``noisy: drift`` or ``invalid: throttled``."""
    if measurement.valid and not measurement.reasons:
        return "valid"
    why = ", ".join(map(readable, measurement.reasons))
    return f"{'noisy' if measurement.valid else 'invalid'}: {why}"


def ran_by(measurement: Measurement) -> str:
    """Return what ran it: ``litert 2.3.0 xnnpack``, or without a delegate ``ort 1.31.1``."""
    ran = measurement.environment
    return " ".join(filter(None, (ran.runtime, ran.runtime_version, ran.delegate)))


def how_it_ended(trial: Trial, *, contends: bool) -> str:
    """Return the status of a trial, and what else sets it apart."""
    words = (
        trial.status.value,
        "baseline" if trial.is_baseline else "",
        "possibly on the front" if contends else "",
    )
    return ", ".join(word for word in words if word)


def about_latencies(file: ScoredFile) -> Iterator[str]:
    """Yield a sentence for each latency of a file that is noisy or invalid."""
    for measurement in file.measurements:
        if measurement.reasons:
            kind = "noisy" if measurement.valid else "invalid"
            why = ", ".join(map(readable, measurement.reasons))
            yield f"{named(file)} on {measurement.device}: the latency is {kind} ({why})."


def delegated(environment: Environment) -> str:
    """Return what ran the operations, and how many of all: ``xnnpack 24 of 26``."""
    name, taken, left = environment.delegate, environment.delegated_ops, environment.other_ops
    if name is None:
        return figures.UNKNOWN
    return name if taken is None or left is None else f"{name} {taken} of {taken + left}"


def named(file: ScoredFile) -> str:
    """Return ``t023 tflite int8``."""
    return f"{file.artifact.trial_id} {what_the_file_is(file)}"


def _is_beyond(view: RunView, trial: Trial) -> bool:
    return not is_feasible(view.run.suite.constraints, _values(view, trial))


def _values(view: RunView, trial: Trial) -> dict[str, float]:
    return {name: metric.value for name, metric in view.metrics(trial).items()}


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {status}" for status, number in counts.most_common())
