"""A run as TensorBoard's event files: curves by epoch, and the HParams tab. TensorFlow is not imported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams import api_pb2, metadata, summary_v2
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo
from tensorboard.summary.writer.record_writer import RecordWriter

from edgebench import scratch
from edgebench.exchange.facts import Domain, domains, numbers, run_span, trial_span
from edgebench.records import METRICS, Status, Trial
from edgebench.report import RunView

EPOCHS = "epoch/"
VERSION = "brain.Event:2"  # the first record of every event file


def write_events(view: RunView, folder: Path) -> None:
    """Write a run into ``folder/RUN``: one event file for what was asked, and one in a folder of each trial.

    The same run again gives the same files: nothing is doubled. The scalars of a trial are its watched metric after each
    epoch, as ``epoch/NAME``, and every metric that is known of it.

    Args:
        view: The run.
        folder: What TensorBoard is given as ``--logdir``.
    """
    place, span = folder / view.run.run_id, run_span(view.run)
    begun_s = span.start.timestamp()
    _write(place, begun_s, [Event(wall_time=begun_s, summary=_experiment(view, begun_s))])
    for trial in view.ended:
        started_s = trial_span(trial, view.run).start.timestamp()
        _write(place / trial.trial_id, started_s, _events(view, trial))


def _experiment(view: RunView, begun_s: float) -> Any:
    known = {name for trial in view.ended for name in view.metrics(trial)}
    ordered = sorted(known, key=lambda name: (_rank(view, name), name))
    return summary_v2.hparams_config_pb(
        [_hparam(name, domain) for name, domain in domains(view.run, view.ended).items()],
        [summary_v2.Metric(name) for name in ordered],
        time_created_secs=begun_s,
    )


def _rank(view: RunView, metric: str) -> int:
    """Objectives come first, then the metrics in the order that all tables have."""
    objectives = [objective.metric for objective in view.run.suite.objectives]
    order = [*objectives, *METRICS]
    return order.index(metric) if metric in order else len(order)


def _hparam(name: str, domain: Domain) -> Any:
    if not domain.choices:
        return summary_v2.HParam(
            name, summary_v2.RealInterval(float(domain.low), float(domain.high))
        )
    kinds = {type(choice) for choice in domain.choices}
    return summary_v2.HParam(name, summary_v2.Discrete(domain.choices) if len(kinds) == 1 else None)


def _events(view: RunView, trial: Trial) -> Iterator[Any]:
    span = trial_span(trial, view.run)
    begun_s, ended_s = span.start.timestamp(), span.end.timestamp()
    asked = summary_v2.hparams_pb(
        dict(trial.hyperparameters),
        trial_id=f"{view.run.run_id}/{trial.trial_id}",
        start_time_secs=begun_s,
    )
    yield Event(wall_time=begun_s, summary=asked)
    watched = f"{EPOCHS}{view.run.suite.training.watch}"
    for epoch, value in enumerate(trial.history, start=1):
        yield _scalar(watched, value, epoch, ended_s)
    for name, value in numbers(view, trial).items():
        yield _scalar(name, value, trial.epochs, ended_s)
    yield Event(wall_time=ended_s, summary=_session_end(trial, ended_s))


def _scalar(tag: str, value: float, step: int, time_s: float) -> Any:
    return Event(
        wall_time=time_s,
        step=step,
        summary=Summary(value=[Summary.Value(tag=tag, simple_value=value)]),
    )


def _session_end(trial: Trial, ended_s: float) -> Any:
    failed = trial.status is Status.FAILED
    end = SessionEndInfo(
        status=api_pb2.STATUS_FAILURE if failed else api_pb2.STATUS_SUCCESS, end_time_secs=ended_s
    )
    value = Summary.Value(
        tag=metadata.SESSION_END_INFO_TAG,
        metadata=metadata.create_summary_metadata(HParamsPluginData(session_end_info=end)),
        tensor=metadata.NULL_TENSOR,
    )
    return Summary(value=[value])


def _write(folder: Path, begun_s: float, events: Iterable[Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"events.out.tfevents.{begun_s:.0f}.edgebench"
    with scratch.replacing(path) as partial, partial.open("wb") as file:
        writer = RecordWriter(file)
        for event in (Event(wall_time=begun_s, file_version=VERSION), *events):
            writer.write(event.SerializeToString())
