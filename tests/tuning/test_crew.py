"""The executors of a search: files are made where TensorFlow is, and all of them keep still together."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgebench.errors import InputError, UnknownNameError
from edgebench.executors import InlineExecutor, Workers
from edgebench.testing.executors import answer, ticks
from edgebench.tuning.crew import Crew, devices_for, hire


def variable(name: str) -> str | None:
    return os.environ.get(name)


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    crew = hire(Workers(count=1), "jax", root=tmp_path, log_path=tmp_path / "log")
    yield crew
    crew.shutdown(wait=False)


def test_files_are_made_by_tensorflow_and_off_the_gpus(crew: Crew) -> None:
    assert crew.trainers.submit(variable, "KERAS_BACKEND").result() == "jax"
    assert crew.exporters.submit(variable, "KERAS_BACKEND").result() == "tensorflow"
    assert crew.exporters.submit(variable, "CUDA_VISIBLE_DEVICES").result() == "-1"
    assert crew.trainers.submit(variable, "XLA_PYTHON_CLIENT_PREALLOCATE").result() == "false"


def test_with_tensorflow_one_executor_does_both(tmp_path: Path) -> None:
    crew = hire(Workers(count=2), "tensorflow", root=tmp_path, log_path=tmp_path / "log")
    crew.shutdown()
    assert crew.exporters is crew.trainers
    assert crew.trainers.workers == 2


def test_all_workers_stand_still_while_this_machine_is_measured(crew: Crew) -> None:
    executors = (crew.trainers, crew.exporters)
    for executor in executors:
        executor.submit(answer, 0).result()
    jobs = [executor.submit(ticks, 3.0) for executor in executors]
    time.sleep(1.0)
    with crew.measuring("local", is_local=True):
        time.sleep(1.0)
    assert all(job.result() >= 0.9 for job in jobs)


def test_a_strategy_trains_one_trial_at_a_time_here(tmp_path: Path) -> None:
    crew = hire(
        Workers(strategy="mirrored"), "tensorflow", root=tmp_path, log_path=tmp_path / "log"
    )
    crew.shutdown()
    assert crew.trainers.workers == 1
    with pytest.raises(InputError, match="one trial at a time"):
        Workers(strategy="mirrored", count=2)
    with pytest.raises(InputError, match="one trial at a time"):
        Workers(strategy="mirrored", executor="ray")
    with pytest.raises(UnknownNameError, match="not a strategy"):
        Workers(strategy="mirored")


@pytest.mark.parametrize("count", [0, 1])
def test_a_strategy_needs_several_gpus(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    gpus = tuple(f"GPU:{index}" for index in range(count))
    monkeypatch.setattr("edgebench.training.mirrored_step.visible_gpus", lambda job: gpus)
    with pytest.raises(InputError, match=f"needs several GPUs; found {count}"):
        devices_for(Workers(strategy="mirrored"), InlineExecutor())


def test_each_batch_is_split_over_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus = ("GPU:0", "GPU:1")
    monkeypatch.setattr("edgebench.training.mirrored_step.visible_gpus", lambda job: gpus)
    assert devices_for(Workers(strategy="mirrored"), InlineExecutor()) == gpus
    assert devices_for(Workers(), InlineExecutor()) == ()
