"""ParetoOracle: ask and tell by hand, inside a plain keras_tuner.Tuner, and after a restart."""

from __future__ import annotations

import numpy as np
import pytest

OBJECTIVES = {"val_accuracy": "max", "param_bytes": "min", "latency_ms": "min"}
REFERENCE = {"val_accuracy": 0.15, "param_bytes": 4e6, "latency_ms": 50.0}


def space():
    import keras_tuner

    hp = keras_tuner.HyperParameters()
    hp.Int("depth", 1, 5)
    hp.Choice("ratio", [8, 16, 32], default=32)
    hp.Choice("optimizer", ["adam", "sgd"])
    with hp.conditional_scope("depth", [2, 3]):
        hp.Boolean("bypass")
    hp.Float("dropout", 0.0, 0.8, default=0.4)
    hp.Float("rate", 1e-4, 1e-1, sampling="log", default=1e-3)
    hp.Fixed("seed", 3)
    return hp


def oracle(**changes):
    from edgebench import ParetoOracle

    given = {"max_trials": 100, "hyperparameters": space(), "seed": 0, "reference": REFERENCE}
    return ParetoOracle(objectives=OBJECTIVES, **(given | changes))


def metrics(values):
    return {
        "val_accuracy": 0.9 - 0.3 * values["dropout"] + 0.02 * values["depth"] - values["rate"],
        "param_bytes": 1e5 * values["depth"] * 32 / values["ratio"],
        "latency_ms": float(values["depth"]),
    }


def run(searcher, count):
    for _ in range(count):
        trial = searcher.create_trial(f"worker-{len(searcher.trials)}")
        if trial.status != "RUNNING":
            return
        tell(searcher, trial)


def tell(searcher, trial, step=0, **changes):
    told = metrics(trial.hyperparameters.values) | changes
    searcher.update_trial(trial.trial_id, told, step=step)
    trial.status = "COMPLETED"
    searcher.end_trial(trial)


def test_ask_and_tell_prints_nothing_and_writes_nothing(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    searcher = oracle()
    run(searcher, 25)
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []
    assert len(searcher.front()) >= 2


def test_starts_at_the_default_then_in_the_middle():
    searcher = oracle()
    run(searcher, 2)
    first, second = (t.hyperparameters.values for t in searcher.trials.values())
    assert first == {
        "depth": 1, "ratio": 32, "optimizer": "adam", "dropout": 0.4, "rate": 1e-3, "seed": 3,
    }  # fmt: skip
    assert second["depth"] == 3
    assert second["bypass"] is False


def test_values_hold_exactly_the_active_names():
    searcher = oracle()
    run(searcher, 20)
    for trial in searcher.trials.values():
        values = trial.hyperparameters.values
        assert ("bypass" in values) == (values["depth"] in (2, 3))
        assert 0.0 <= values["dropout"] <= 0.8
        assert 1e-4 <= values["rate"] <= 1e-1


def test_the_front_is_not_dominated_and_sorted():
    searcher = oracle()
    run(searcher, 20)
    points = [metrics(t.hyperparameters.values) for t in searcher.trials.values()]
    for member in searcher.front():
        own = metrics(member.hyperparameters.values)
        assert not any(
            p["val_accuracy"] >= own["val_accuracy"]
            and p["param_bytes"] <= own["param_bytes"]
            and p["latency_ms"] <= own["latency_ms"]
            and p != own
            for p in points
        )
    accuracies = [metrics(t.hyperparameters.values)["val_accuracy"] for t in searcher.front()]
    assert accuracies == sorted(accuracies, reverse=True)


def test_hypervolume_of_one_trial_is_its_box():
    searcher = oracle()
    run(searcher, 1)
    own = metrics(next(iter(searcher.trials.values())).hyperparameters.values)
    box = (
        (own["val_accuracy"] - 0.15) / 0.85
        * (1 - own["param_bytes"] / 4e6)
        * (1 - own["latency_ms"] / 50.0)
    )  # fmt: skip
    assert searcher.hypervolume() == pytest.approx(box)


def test_one_seed_gives_one_sequence():
    first, second, third = oracle(seed=5), oracle(seed=5), oracle(seed=6)
    for searcher in (first, second, third):
        run(searcher, 12)
    sequences = [
        [t.hyperparameters.values for t in s.trials.values()] for s in (first, second, third)
    ]
    assert sequences[0] == sequences[1]
    assert sequences[0] != sequences[2]


def test_no_values_are_tried_twice_and_a_small_space_is_exhausted():
    import keras_tuner

    hp = keras_tuner.HyperParameters()
    hp.Int("depth", 1, 3)
    hp.Boolean("bypass")
    searcher = oracle(hyperparameters=hp)
    tried = []
    while (trial := searcher.create_trial(f"w{len(tried)}")).status == "RUNNING":
        tried.append(tuple(sorted(trial.hyperparameters.values.items())))
        assert len(tried) <= 6
    assert len(set(tried)) == 6


def test_several_workers_at_once_get_different_trials():
    searcher = oracle()
    run(searcher, 12)
    asked = [searcher.create_trial(f"parallel-{i}") for i in range(4)]
    assert len({str(sorted(t.hyperparameters.values.items())) for t in asked}) == 4
    assert searcher.create_trial("parallel-0").trial_id == asked[0].trial_id


def test_an_infeasible_trial_is_completed_and_on_no_front():
    searcher = oracle()
    run(searcher, 3)
    trial = searcher.create_trial("w")
    searcher.update_trial(trial.trial_id, {"param_bytes": 1.0, "constraint_violation": 0.5})
    trial.status = "COMPLETED"
    searcher.end_trial(trial)
    assert searcher.trials[trial.trial_id].status == "COMPLETED"
    assert trial.trial_id not in {t.trial_id for t in searcher.front()}
    run(searcher, 15)


def test_a_missing_objective_is_an_error_without_a_violation():
    searcher = oracle()
    trial = searcher.create_trial("w")
    with pytest.raises(ValueError, match="missing"):
        searcher.update_trial(trial.trial_id, {"val_accuracy": 0.5})


def test_cheap_objectives_need_not_be_told():
    def cheap(values):
        known = metrics(values)
        return {"param_bytes": known["param_bytes"], "latency_ms": known["latency_ms"]}

    searcher = oracle(cheap=cheap)
    for i in range(5):
        trial = searcher.create_trial(f"w{i}")
        told = {"val_accuracy": metrics(trial.hyperparameters.values)["val_accuracy"]}
        searcher.update_trial(trial.trial_id, told)
        trial.status = "COMPLETED"
        searcher.end_trial(trial)
    by_hand = oracle()
    run(by_hand, 5)
    assert searcher.hypervolume() == by_hand.hypervolume()


def test_cheap_is_asked_once_a_candidate_for_choosing_and_for_telling():
    asked = []

    def cheap(values):
        asked.append(str(sorted(values.items())))
        return {"param_bytes": metrics(values)["param_bytes"]}

    run(oracle(cheap=cheap), 11)
    assert len(asked) >= 11
    assert len(set(asked)) == len(asked)


def test_failed_and_not_a_number_trials_do_not_stop_a_search():
    searcher = oracle(max_consecutive_failed_trials=100)
    for i in range(6):
        trial = searcher.create_trial(f"w{i}")
        if i % 2:
            trial.status = "FAILED"
        else:
            searcher.update_trial(
                trial.trial_id, {"val_accuracy": np.nan, "param_bytes": 1.0, "latency_ms": 1.0}
            )
            trial.status = "COMPLETED"
        searcher.end_trial(trial)
    run(searcher, 12)
    assert len(searcher.front()) >= 1


def test_adopted_trials_give_the_same_front_and_new_candidates():
    searcher = oracle()
    run(searcher, 14)
    resumed = oracle()
    for trial in searcher.trials.values():
        adopted = resumed.adopt(trial.trial_id, trial.hyperparameters.values)
        tell(resumed, adopted)
    assert resumed.hypervolume() == searcher.hypervolume()
    assert len(resumed.front()) == len(searcher.front())
    run(resumed, 6)
    tried = [str(sorted(t.hyperparameters.values.items())) for t in resumed.trials.values()]
    assert len(set(tried)) == 20


def test_finds_a_better_front_than_random():
    """The hypervolume after 24 trials is above that of random values, in the median of three seeds."""

    def volume(seed, random_only):
        searcher = oracle(seed=seed)
        if random_only:
            searcher._next_values = lambda: None
        run(searcher, 24)
        return searcher.hypervolume()

    guided = np.median([volume(seed, False) for seed in range(3)])
    drawn = np.median([volume(seed, True) for seed in range(3)])
    assert guided > drawn


def test_a_training_that_was_cut_short_is_on_no_front():
    searcher = oracle(full_step=8)
    for i in range(12):
        trial = searcher.create_trial(f"w{i}")
        tell(searcher, trial, step=2 if i % 2 else 8, **({"val_accuracy": 0.99} if i % 2 else {}))
    assert searcher.front()
    assert all(t.score < 0.99 for t in searcher.front())
    whole = [t for i, t in enumerate(searcher.trials.values()) if i % 2 == 0]
    assert {t.trial_id for t in searcher.front()} <= {t.trial_id for t in whole}


def test_works_in_a_plain_tuner(tmp_path, capsys):
    import keras_tuner

    class Trainer(keras_tuner.Tuner):
        def run_trial(self, trial, *args, **kwargs):
            hp = trial.hyperparameters
            depth = hp.Int("depth", 1, 4)
            rate = hp.Float("rate", 1e-4, 1e-1, sampling="log")
            return {"val_accuracy": 0.5 + 0.1 * depth - rate, "param_bytes": 1000.0 * depth}

    from edgebench import ParetoOracle

    searcher = ParetoOracle({"val_accuracy": "max", "param_bytes": "min"}, max_trials=12, seed=1)
    tuner = Trainer(oracle=searcher, directory=tmp_path, project_name="plain")
    tuner.search(verbose=0)
    assert len(searcher.trials) == 12
    assert len({t.hyperparameters.values["depth"] for t in searcher.front()}) >= 2
    best = tuner.oracle.get_best_trials(3)
    assert {t.trial_id for t in best} <= {t.trial_id for t in searcher.front()}
    assert (tmp_path / "plain" / "oracle.json").is_file()
    capsys.readouterr()
