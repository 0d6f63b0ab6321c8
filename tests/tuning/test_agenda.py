"""What a search does next: trials pause at rungs, the best go on, and a killed search loses none."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from edgebench.datasets import DatasetSpec
from edgebench.evaluators import Findings, FixedEvaluator
from edgebench.records import Cost, FidelityPlan, Metric, OraclePlan, Status
from edgebench.testing.oracles import OracleContract, example_space
from edgebench.tuning import Judge
from edgebench.tuning.agenda import Agenda
from edgebench.tuning.pipeline import Pipeline

SPEC = DatasetSpec(
    name="none", task="classification", input_shapes=((8, 8, 1),), classes=2, labels=("a", "b"),
    normalisation="", source="",
)  # fmt: skip


class Training(FixedEvaluator):
    """Learns at a rate of its own, decided by the candidate; counts the epochs of every trial."""

    def __init__(self, last, fails=()):
        super().__init__(Cost.TRAINING, Findings(metrics=()))
        self.last, self.fails = last, fails
        self.trained = Counter()

    def evaluate(self, candidate):
        part, values = candidate.part, candidate.blueprint.values
        until = part.until_epoch if part else self.last
        start = part.from_epoch if part else 0
        if (candidate.trial_id, until) in self.fails:
            raise ZeroDivisionError("a bug")
        self.trained[candidate.trial_id] += until - start
        rate = 0.9 - values["dropout"] / 2 - 0.02 * values["depth"]
        history = tuple(rate * epoch / self.last for epoch in range(1, until + 1))
        return Findings(
            metrics=(Metric(name="val_accuracy", value=max(history)),),
            facts={
                "epochs": until - start, "history": history, "is_over": until == self.last,
                "steps_s": 1.0,
            },
        )  # fmt: skip


class Sizes(FixedEvaluator):
    def evaluate(self, candidate):
        super().evaluate(candidate)
        depth = candidate.blueprint.values["depth"]
        sizes = (
            Metric(name="param_bytes", value=1e5 * depth),
            Metric(name="latency_ms", value=float(depth)),
        )
        return Findings(metrics=sizes, facts={"arch_id": f"a{depth}"})


class Bench:
    """A search without processes: workers that finish in the order given."""

    def __init__(self, oracle="random", trials=9, rungs=(1, 3), last=8, fails=(), **changes):
        contract = OracleContract()
        contract.name, contract.max_epochs = oracle, last
        self.suite = contract.suite(
            oracle=OraclePlan(name=oracle, max_trials=trials),
            fidelity=FidelityPlan(rungs=rungs),
            constraints=(),
            **changes,
        )
        self.sizes = Sizes(Cost.FREE, Findings(metrics=()))
        self.training = Training(last, fails)
        self.ended, self.paused = [], {}

    def start(self):
        judge = Judge(self.suite, example_space())
        agenda = Agenda(self.suite, SPEC, judge, self.ended, tuple(self.paused.values()))
        pipeline = Pipeline([self.sizes, self.training], self.suite.constraints)
        return judge, agenda, pipeline

    def run(self, workers=2, kill_after=None):
        """Search to the end, or until so many parts were recorded; all else is then lost."""
        _, agenda, pipeline = self.start()
        running = []
        while True:
            while len(running) < workers and (work := agenda.next(may_ask=True)) is not None:
                running.append(work)
            if not running:
                break
            work = running.pop(0)
            result = pipeline.run(work.candidate, is_baseline=work.is_baseline, paused=work.paused)
            self.record(agenda.take(work, result), agenda)
            if kill_after is not None and (kill_after := kill_after - 1) == 0:
                return
        for trial in agenda.give_up():
            self.record(trial, agenda)
        assert agenda.paused == ()

    def record(self, trial, agenda):
        self.paused.pop(trial.trial_id, None)
        if trial.status is Status.RUNNING:
            self.paused[trial.trial_id] = trial
        else:
            assert trial.trial_id not in {ended.trial_id for ended in self.ended}
            self.ended.append(trial)
        agenda.tell(trial)


@pytest.mark.parametrize("oracle", ["random", "pareto", "bayesian"])
@pytest.mark.parametrize("objective", ["pareto", "accuracy"])
def test_few_are_trained_to_the_end_and_all_others_are_pruned(oracle, objective):
    bench = Bench(oracle=oracle, objective=objective)
    bench.run()
    counts = Counter(trial.status for trial in bench.ended)
    assert set(counts) == {Status.COMPLETED, Status.PRUNED}
    assert sum(counts.values()) == 9
    assert 1 <= counts[Status.COMPLETED] < 9
    for trial in bench.ended:
        assert trial.epochs == len(trial.history) == bench.training.trained[trial.trial_id]
        assert trial.epochs == 8 if trial.status is Status.COMPLETED else trial.epochs in (1, 3)
        assert trial.finished_utc
        assert trial.seconds["steps"] == {1: 1.0, 3: 2.0, 8: 3.0}[trial.epochs]
    assert len(bench.sizes.asked) == 9


def test_the_best_at_a_rung_go_on_and_the_reason_says_how_many_were_better():
    bench = Bench(objective="accuracy", trials=8, rungs=(2,))
    bench.run(workers=1)
    by_rank = sorted(bench.ended, key=lambda t: -t.history[1])
    for place, trial in enumerate(by_rank):
        if trial.status is Status.PRUNED:
            assert place >= 4
            assert trial.reason == f"stopped at 2 of 8 epochs: {place} of 8 there were better"
    assert all(trial.status is Status.COMPLETED for trial in by_rank[:4])


def test_a_single_trial_is_trained_to_the_end_all_the_same():
    bench = Bench(trials=1)
    bench.run()
    (trial,) = bench.ended
    assert (trial.status, trial.epochs) == (Status.COMPLETED, 8)


@pytest.mark.parametrize("oracle", ["random", "pareto"])
@pytest.mark.parametrize("kill_after", [1, 2, 3, 5, 8, 11])
def test_a_killed_search_trains_nothing_again_and_ends_each_trial_once(oracle, kill_after):
    bench = Bench(oracle=oracle)
    bench.run(kill_after=kill_after)
    recorded = {t.trial_id: t.epochs for t in (*bench.ended, *bench.paused.values())}
    ended = list(bench.ended)
    bench.training.trained = Counter(recorded)  # what ran unrecorded is lost
    bench.run()
    assert bench.ended[: len(ended)] == ended
    assert len(bench.ended) == 9
    for trial in bench.ended:
        assert bench.training.trained[trial.trial_id] == trial.epochs == len(trial.history)
    values = [str(sorted(trial.hyperparameters.items())) for trial in bench.ended]
    assert len(set(values)) == 9


def test_a_trial_that_fails_at_a_later_rung_keeps_what_it_reached():
    fails = {(f"t{number:03}", 8) for number in range(1, 10)}
    bench = Bench(fails=fails)
    bench.run()
    failed = [trial for trial in bench.ended if trial.status is Status.FAILED]
    assert failed
    assert len(bench.ended) == 9
    for trial in failed:
        assert (len(trial.history), trial.epochs) == (3, 3)
        assert trial.reason == "ZeroDivisionError: a bug"


def test_an_accuracy_that_is_asked_for_is_asked_of_the_end_alone():
    from edgebench.records import Constraint

    bench = Bench()
    limits = (Constraint(metric="val_accuracy", relation=">=", bound=0.5),)
    bench.suite = replace(bench.suite, constraints=limits)
    bench.run()
    counts = Counter(trial.status for trial in bench.ended)
    assert counts[Status.COMPLETED] >= 1
    for trial in bench.ended:
        if trial.status is Status.INFEASIBLE:
            assert trial.epochs == 8


def test_the_oracle_knows_the_pruned_by_what_they_reached_and_when():
    bench = Bench(objective="accuracy")
    judge, agenda, pipeline = bench.start()
    work = agenda.next(may_ask=True)
    paused = agenda.take(work, pipeline.run(work.candidate))
    bench.record(paused, agenda)
    (asked,) = judge._oracle.trials.values()
    (seen,) = asked.metrics.get_history("score")
    assert (seen.step, seen.value) == (1, [paused.history[0]])
    assert asked.status == "RUNNING"
    bench.record(replace(paused, status=Status.PRUNED), agenda)
    assert (asked.status, asked.score) == ("COMPLETED", paused.history[0])


def test_without_a_new_candidate_those_begun_go_on():
    bench = Bench(trials=2, rungs=(1,))
    _, agenda, pipeline = bench.start()
    for _ in range(2):
        work = agenda.next(may_ask=True)
        bench.record(agenda.take(work, pipeline.run(work.candidate)), agenda)
    work = agenda.next(may_ask=False)
    assert work.paused is not None
    assert (work.candidate.part.from_epoch, work.candidate.part.until_epoch) == (1, 8)
    assert work.candidate.part.source == work.candidate.trial_id
    assert agenda.next(may_ask=False) is None
