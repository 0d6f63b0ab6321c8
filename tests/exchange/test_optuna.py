"""A run as an Optuna study, read again by Optuna and by its dashboard's own serialiser."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages.journal import JournalFileBackend, JournalStorage
from optuna.trial import TrialState

from edgebench.errors import InputError
from edgebench.exchange.optuna import write_journal
from edgebench.records import RunResult
from edgebench.report import RunView


def load(path: Path, name: str = "1121-cedar") -> optuna.Study:
    return optuna.load_study(study_name=name, storage=JournalStorage(JournalFileBackend(str(path))))


@pytest.fixture
def study(tmp_path: Path, result: RunResult) -> optuna.Study:
    write_journal(RunView.of(result), tmp_path / "optuna.journal")
    return load(tmp_path / "optuna.journal")


def test_a_study_has_the_objectives_and_what_was_asked(study: optuna.Study) -> None:
    assert [direction.name for direction in study.directions] == [
        "MAXIMIZE",
        "MINIMIZE",
        "MINIMIZE",
    ]
    assert study.metric_names == ["val_accuracy", "param_bytes", "latency_ms"]
    assert study.user_attrs["constraints"] == ["param_bytes<=1500000"]
    assert study.user_attrs["baseline"]["val_accuracy"] == 0.85


def test_trials_keep_their_states_values_and_dates(study: optuna.Study) -> None:
    states = [trial.state for trial in study.trials]
    assert states == [
        TrialState.COMPLETE, TrialState.COMPLETE, TrialState.PRUNED, TrialState.PRUNED, TrialState.FAIL,
    ]  # fmt: skip
    first = study.trials[0]
    assert first.values == [0.9, 400_000.0, 1.5]
    assert first.datetime_start is not None
    assert first.datetime_complete is not None
    assert first.datetime_start.astimezone(UTC) == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert first.datetime_complete.astimezone(UTC) == datetime(2025, 1, 2, 3, 4, 16, tzinfo=UTC)
    assert first.intermediate_values == {1: 0.1, 2: 0.2, 3: 1 / 3}
    assert study.trials[4].user_attrs["reason"] == "out of memory"


def test_parameters_have_the_suites_ranges_else_those_of_the_trials(study: optuna.Study) -> None:
    first = study.trials[0]
    assert first.params == {
        "optimizer": "adam", "learning_rate": 0.001, "dropout": 0.25, "se_2": True, "se_ratio_2": 16,
    }  # fmt: skip
    assert first.distributions == {
        "optimizer": CategoricalDistribution(("adam", "sgd")),
        "dropout": FloatDistribution(0.0, 0.5),
        "learning_rate": FloatDistribution(0.001, 0.002),
        "se_2": CategoricalDistribution((False, True)),
        "se_ratio_2": IntDistribution(4, 16),
    }


def test_a_trial_tells_its_interval_its_architecture_and_how_far_it_is_beyond_the_limits(
    study: optuna.Study,
) -> None:
    told = study.trials[0].user_attrs
    assert (told["latency_ms_low"], told["latency_ms_high"]) == (1.25, 2.0)
    assert told["architecture"] == "fire2 3 SE8 | max | 4 5"
    beyond = study.trials[3].constraints
    assert list(beyond.values()) == [1.0]
    assert all(value <= 0 for value in study.trials[0].constraints.values())
    assert {trial.user_attrs["trial"] for trial in study.best_trials} == {"t001", "t002"}


def test_the_dashboard_has_them_all(study: optuna.Study) -> None:
    from optuna_dashboard._serializer import serialize_frozen_trial

    shown = serialize_frozen_trial(study._study_id, study.trials[3], {})
    assert shown["state"] == "Pruned"
    assert shown["constraints"] == [1.0]
    assert {"key": "trial", "value": "t004"} in shown["user_attrs"]


def test_writing_again_doubles_nothing_and_leaves_other_studies(
    tmp_path: Path, result: RunResult
) -> None:
    journal = tmp_path / "optuna.journal"
    other = replace(result, run=replace(result.run, run_id="1122-oak"))
    for told in (result, other, result):
        write_journal(RunView.of(told), journal)
    names = optuna.get_all_study_names(JournalStorage(JournalFileBackend(str(journal))))
    assert sorted(names) == ["1121-cedar", "1122-oak"]
    assert len(load(journal).trials) == len(load(journal, "1122-oak").trials) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["optuna.journal"]


@pytest.mark.parametrize("content", ["notes of mine\n", "[1]\n", '{"a": 1}\n'])
def test_another_file_is_left_alone(tmp_path: Path, result: RunResult, content: str) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text(content)
    with pytest.raises(InputError, match="is no Optuna journal"):
        write_journal(RunView.of(result), mine)
    assert mine.read_text() == content
