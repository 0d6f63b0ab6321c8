"""The made-up problem has the real sizes, and every side can play it."""

from __future__ import annotations

import importlib.util
import itertools
import random
import sys
from pathlib import Path

import pytest

from edgebench.records import Goal, Metric, Objective, Status, Trial

HERE = Path(__file__).parent


def load(name):
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


@pytest.fixture(scope="module")
def fronts():
    return load("fronts")


def test_squeezenet_sizes_are_those_of_the_graph(fronts):
    from edgebench.templates import load_template, read_graph
    from edgebench.tuning.walk import Walk

    template = load_template("squeezenet-se-auto", input_shapes=((32, 32, 3),), classes=10)
    walk, rng = Walk(fronts.problems.squeezenet().space()), random.Random(4)
    for _ in range(12):
        values = walk.sample(rng)
        facts = read_graph(template.assemble(values))
        assert fronts.problems.squeezenet_sizes(values) == (facts.trainable_params, facts.macs)


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize(
    "side", ["random", "optuna-nsga2", "optuna-tpe", "edgebench, size known before"]
)
def test_every_side_asks_different_candidates(fronts, side):
    problem = fronts.problems.squeezenet()
    asked = list(itertools.islice(fronts.SIDES[side](problem, 0), 12))
    assert len({str(sorted(v.items())) for v in asked}) == 12
    found = [problem.judge(values) for values in asked]
    assert 0.0 < fronts.volume(problem, found) < 1.0


def test_the_table_states_gaps_as_shares_of_randoms(fronts):
    runs = [
        {"side": side, "seed": 0, "cpu_s": 50.0, "volumes": [value] * 100}
        for side, value in (("random", 0.5), ("optuna-tpe", 0.75))
    ]
    shown = fronts.table(runs, 1.0)
    assert "| optuna-tpe | 1 | 0.50 | 0.50 | 0.50 | 0.50 |" in shown


def test_the_rungs_table_states_when_the_same_volume_was_reached():
    kind = {"schedule": "constant", "oracle": "pareto", "seed": 4}
    shown = load("fidelity").table(
        [
            {**kind, "side": "to the end", "curve": [[20, 0.3, 0.8], [40, 0.5, 0.9]]},
            {
                **kind,
                "side": "rungs",
                "curve": [[10, 0.4, 0.85], [16, 0.5, 0.88], [30, 0.6, 0.95]],
            },
            {**kind, "seed": 5, "side": "rungs", "curve": [[10, 0.4, 0.85]]},
        ]
    )
    row = "| constant | pareto | 4 | 40 | 0.5000 | 0.5000 | 16 epochs, 0.40 | 0.9000 | 0.8800 |"
    assert shown.splitlines()[2:] == [row]


def test_a_certain_member_is_counted_where_it_is_on_the_front():
    certain = load("certain")
    trials = [trial("t001", 100.0), trial("t002", 200.0)]
    accuracies = {"t001": [0.8] * 20, "t002": [0.9] * 15 + [0.7] * 5}
    found = certain.stays(OBJECTIVES, trials, ["t001", "t002"], accuracies, 1)
    assert found == {"t001": 20, "t002": 15}


OBJECTIVES = (
    Objective(metric="val_accuracy", goal=Goal.MAX, reference=0.1),
    Objective(metric="param_bytes", goal=Goal.MIN, reference=1e6),
)


def trial(trial_id: str, size: float) -> Trial:
    metrics = (Metric(name="param_bytes", value=size, unit="bytes"),)
    return Trial(trial_id=trial_id, status=Status.COMPLETED, hyperparameters={}, metrics=metrics)


def test_a_journal_goes_on_and_forgets_what_was_run_with_other_settings(tmp_path):
    journal = load("journal").Journal
    path = tmp_path / "results" / "journal.json"
    journal(path, {"suite": "a"}).add({"seed": 0})
    journal(path, {"suite": "a"}).add({"seed": 1})
    assert [run["seed"] for run in journal(path, {"suite": "a"}).runs] == [0, 1]
    assert journal(path, {"suite": "b"}).runs == []
