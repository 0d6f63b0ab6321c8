"""Every oracle keeps the contract; Hyperband's brackets outlive a killed process; a user's own oracle is taken."""

from __future__ import annotations

import sys
import textwrap
from dataclasses import replace

import pytest

from edgebench.errors import InputError, UnknownNameError, WorkError
from edgebench.records import FidelityPlan, Metric, OraclePlan, Status, TrainingPlan, Trial
from edgebench.testing.oracles import OracleContract, example_space
from edgebench.tuning import Judge


class TestPareto(OracleContract):
    name = "pareto"


class TestRandom(OracleContract):
    name = "random"


class TestBayesian(OracleContract):
    name = "bayesian"
    asks = 6


class TestHyperband(OracleContract):
    name = "hyperband"


OWN = """
import keras_tuner
from edgebench import ParetoOracle

class Own(keras_tuner.Oracle):
    def populate_space(self, trial_id):
        values = self._random_values()
        if values is None:
            return {"status": "STOPPED"}
        return {"status": "RUNNING", "values": values}

class Hearing(Own):
    told = None

    def __init__(self, objectives, reference=None, **options):
        super().__init__(**options)
        self.objectives, self.reference = objectives, reference

    def update_trial(self, trial_id, metrics, step=0):
        Hearing.told = metrics, step
        return super().update_trial(trial_id, metrics, step=step)

class Broken(Own):
    def populate_space(self, trial_id):
        raise ZeroDivisionError("a bug")

class Front(ParetoOracle):
    pass

class Greedy(Own):
    def __init__(self, appetite, **options):
        super().__init__(**options)

def function():
    pass
"""


@pytest.fixture(autouse=True)
def own_oracles(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("modules")
    (folder / "own_oracles.py").write_text(textwrap.dedent(OWN))
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "own_oracles", raising=False)


class TestOwn(OracleContract):
    name = "own_oracles:Own"


class TestOwnFront(OracleContract):
    name = "own_oracles:Front"


class Band(OracleContract):
    name = "hyperband"
    max_epochs = 4


def own(name, **changes):
    contract = OracleContract()
    contract.name = f"own_oracles:{name}"
    return contract, Judge(contract.suite(**changes), example_space())


def test_an_oracle_that_takes_objectives_hears_them_and_the_score():
    from keras_tuner import Objective

    contract, judge = own("Hearing")
    list(contract.run(judge, 1, {}))
    told, step = sys.modules["own_oracles"].Hearing.told
    assert set(told) == {"score", "val_accuracy", "param_bytes", "latency_ms"}
    assert step == contract.max_epochs
    oracle = judge._oracle
    assert oracle.objectives == {"val_accuracy": "max", "param_bytes": "min", "latency_ms": "min"}
    assert oracle.reference == {"val_accuracy": 0.1, "param_bytes": 4e6, "latency_ms": 50.0}
    assert oracle.objective == Objective("score", "max")
    assert (oracle.max_trials, oracle.seed) == (100, 1)


def test_what_a_device_did_not_give_is_told_as_the_median_of_what_it_gave():
    contract, judge = own("Hearing")
    taken = {}
    known = sorted(t.values()["latency_ms"] for t in contract.run(judge, 3, taken))
    trial = contract.trial("t004", judge.ask("t004"))
    metrics = tuple(metric for metric in trial.metrics if metric.name != "latency_ms")
    judge.tell(replace(trial, metrics=metrics, missing={"latency_ms": "it went away"}))
    told, _ = sys.modules["own_oracles"].Hearing.told
    assert told["latency_ms"] == known[1]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("own_oracles:Greedy", "oracle own_oracles:Greedy cannot be constructed"),
        ("own_oracles:function", "own_oracles:function is not an oracle"),
        ("own_oracles:Absent", "Absent is not a class of own_oracles"),
        ("absent_module:Oracle", "oracle absent_module:Oracle cannot be imported"),
    ],
)
def test_what_is_no_oracle_is_one_sentence(name, sentence):
    contract = OracleContract()
    contract.name = name
    with pytest.raises(InputError, match=sentence) as caught:
        Judge(contract.suite(), example_space())
    assert caught.value.exit_code == 2


def test_an_oracle_that_raises_is_one_sentence():
    _, judge = own("Broken")
    with pytest.raises(WorkError, match="the oracle own_oracles:Broken failed") as caught:
        judge.ask("t001")
    assert caught.value.why == "ZeroDivisionError: a bug"


def test_an_unknown_name_is_told():
    contract = OracleContract()
    contract.name = "hyperbrand"
    with pytest.raises(UnknownNameError) as caught:
        Judge(contract.suite(), example_space())
    assert caught.value.remedy == "did you mean hyperband?"


@pytest.mark.parametrize("name", ["random", "bayesian", "hyperband"])
@pytest.mark.parametrize("objective", ["pareto", "weighted", "accuracy", "latency", "size"])
def test_one_number_puts_the_infeasible_last(name, objective):
    contract = Band()
    contract.name = name
    judge = Judge(contract.suite(objective=objective), example_space())
    statuses = (Status.COMPLETED, Status.INFEASIBLE)
    trials = list(contract.run(judge, 4, {}, statuses))
    scores = {t.trial_id: judge._oracle.trials[judge._ids[t.trial_id]].score for t in trials}
    feasible = [scores[t.trial_id] for t in trials if t.status is Status.COMPLETED]
    assert min(feasible) >= 0 > max(s for i, s in scores.items() if s not in feasible)


def test_the_papers_settings():
    contract = OracleContract()
    contract.name = "bayesian"
    bayesian = Judge(contract.suite(), example_space())._oracle
    assert (bayesian.alpha, bayesian.beta, bayesian.num_initial_points) == (1e-3, 2.6, 2)
    contract.name = "hyperband"
    plan = TrainingPlan(max_epochs=100)
    hyperband = Judge(contract.suite(training=plan), example_space())._oracle
    assert (hyperband.max_epochs, hyperband.factor) == (100, 3)


def test_hyperband_goes_on_from_the_trials_it_names():
    judge, taken = Judge(Band().suite(), example_space()), {}
    trials = list(Band().run(judge, 100, taken))
    later = [t for t in trials if "tuner/trial_id" in t.oracle_state]
    assert later
    for trial in later:
        source = taken[trial.oracle_state["tuner/trial_id"]]
        assert trial.hyperparameters == source.hyperparameters
        assert trial.oracle_state["tuner/initial_epoch"] == source.oracle_state["tuner/epochs"]
        assert not any(name.startswith("tuner/") for name in trial.hyperparameters)
    assert len(trials) == 10
    assert judge.continuable() == set()


def test_hyperband_waits_for_running_trials_rather_than_end():
    contract = Band()
    judge, taken, running = Judge(contract.suite(), example_space()), {}, []
    while (asked := judge.ask(trial_id := f"t{len(running) + 1:03}")) is not None:
        running.append((trial_id, asked))
    assert 0 < len(running) < 10
    for trial_id, asked in running:
        taken[trial_id] = contract.trial(trial_id, asked)
        judge.tell(taken[trial_id])
    assert len(taken) + len(list(contract.run(judge, 100, taken))) == 10


@pytest.mark.parametrize("kept", range(1, 10))
def test_hyperband_killed_anywhere_ends_with_the_same_brackets(kept):
    contract = Band()
    whole: dict[str, Trial] = {}
    list(contract.run(Judge(contract.suite(), example_space()), 100, whole))
    taken = dict(list(whole.items())[:kept])
    judge = Judge(contract.suite(), example_space())
    for trial in taken.values():
        judge.replay(trial)
    waiting = judge.continuable()
    rest = list(contract.run(judge, 100, taken))

    def shape(trials):
        state = [t.oracle_state for t in trials]
        return sorted((s["tuner/bracket"], s["tuner/round"], s["tuner/epochs"]) for s in state)

    assert shape(taken.values()) == shape(whole.values())
    sources = {t.oracle_state.get("tuner/trial_id") for t in rest} & set(list(whole)[:kept])
    assert sources <= waiting


def test_a_checkpoint_is_kept_while_its_heir_runs():
    contract = Band()
    judge, taken = Judge(contract.suite(), example_space()), {}
    while True:
        trial_id = f"t{len(taken) + 1:03}"
        asked = judge.ask(trial_id)
        if asked.source:
            break
        taken[trial_id] = contract.trial(trial_id, asked)
        judge.tell(taken[trial_id])
    assert asked.source in judge.continuable()
    judge.tell(contract.trial(trial_id, asked))
    assert asked.source not in judge.continuable()


def test_an_infeasible_trial_without_a_known_violation_is_told():
    contract = OracleContract()
    contract.name = "pareto"
    judge = Judge(contract.suite(), example_space())
    asked = judge.ask("t001")
    judge.tell(
        Trial(
            trial_id="t001",
            status=Status.INFEASIBLE,
            hyperparameters=asked.values,
            metrics=(Metric(name="param_bytes", value=1.0),),
        )
    )
    assert OraclePlan().name == contract.name
    assert judge.ask("t002") is not None


def test_a_resumed_judge_knows_what_trials_were_at_their_rungs():
    contract = OracleContract()
    contract.name = "pareto"
    suite = replace(contract.suite(), fidelity=FidelityPlan(rungs=(1, 2)))
    suite = replace(suite, training=replace(suite.training, max_epochs=4))
    lived, resumed = Judge(suite, example_space()), Judge(suite, example_space())
    for number in range(1, 12):
        asked = lived.ask(f"t{number:03}")
        trial = contract.trial(f"t{number:03}", asked)
        best = trial.metric("val_accuracy").value
        history = (0.5 * best, 0.8 * best, best, best)[: 4 if number % 3 == 0 else 2]
        for rung in (1, 2):
            if rung < len(history):
                lived.tell(as_of(trial, history[:rung], Status.RUNNING))
        status = Status.COMPLETED if len(history) == 4 else Status.PRUNED
        ended = as_of(trial, history, status)
        lived.tell(ended)
        resumed.replay(ended)
    assert lived.ask("t012") == resumed.ask("t012")


def as_of(trial: Trial, history: tuple[float, ...], status: Status) -> Trial:
    metrics = [
        replace(metric, value=max(history)) if metric.name == "val_accuracy" else metric
        for metric in trial.metrics
    ]
    return replace(trial, history=history, metrics=tuple(metrics), status=status)
