from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import keras_tuner
import pytest

from edgebench.errors import InputError, UnknownNameError
from edgebench.templates import (
    TRAINING_HYPERPARAMETERS,
    discover_space,
    load_template,
    parse_sets,
    read_graph,
    resolve_values,
)
from edgebench.templates.base import Template
from edgebench.templates.hyperparameters import NarrowedHyperParameters


def load(name: str, **options: Any) -> Template:
    return load_template(name, input_shapes=((32, 32, 3),), classes=4, options=options)


def count_architectures(space: keras_tuner.HyperParameters) -> int:
    """Count assignments of active values, carrying only the values that later conditions still read."""
    names = [
        n for n in dict.fromkeys(e.name for e in space.space) if n not in TRAINING_HYPERPARAMETERS
    ]
    entries = defaultdict(list)
    last_reader: dict[str, int] = {}
    for entry in space.space:
        if entry.name in names:
            entries[entry.name].append(entry)
            for condition in entry.conditions:
                position = names.index(entry.name)
                last_reader[condition.name] = max(position, last_reader.get(condition.name, 0))
    states: dict[tuple[tuple[str, Any], ...], int] = {(): 1}
    for position, name in enumerate(names):
        following: dict[tuple[tuple[str, Any], ...], int] = defaultdict(int)
        for state, count in states.items():
            values = dict(state)
            active = any(all(c.is_active(values) for c in e.conditions) for e in entries[name])
            for value in entries[name][0].values if active else [None]:
                extended = {**values, name: value} if active else values
                kept = [i for i in extended.items() if last_reader.get(i[0], -1) > position]
                following[tuple(kept)] += count
        states = following
    return sum(states.values())


def expected_names(values: Mapping[str, Any], *, has_attention: bool) -> set[str]:
    """The paper's rules, written out: which hyperparameters such a candidate has."""
    names = {*TRAINING_HYPERPARAMETERS, "set1_pairs", "set2_pairs"}
    names |= {f"pool_{pair}" for pair in range(1, values["set1_pairs"] + 1)}
    for pair in range(1, values["set1_pairs"] + values["set2_pairs"] + 1):
        fires = (2 * pair, 2 * pair + 1)
        names.add(f"bypass_{fires[1]}")
        if has_attention:
            names |= {f"se_{fire}" for fire in fires}
            names |= {f"se_skip_{fire}" for fire in fires if values[f"se_{fire}"]}
            if any(values[f"se_{fire}"] for fire in fires):
                names.add(f"se_ratio_{pair}")
    return names


@pytest.mark.parametrize(
    ("name", "count"), [("squeezenet-auto", 140), ("squeezenet-se-auto", 25_765_100)]
)
def test_space_has_the_published_number_of_architectures(name: str, count: int) -> None:
    assert count_architectures(discover_space(load(name))) == count


def test_candidates_are_distinct_graphs_and_distinct_drawings() -> None:
    template = load("squeezenet-auto")
    space = discover_space(template)
    drawings, graphs, small = set(), set(), 0
    for chosen in auto_choices():
        space.settle(chosen)
        drawings.add(template.describe(space.values))
        if chosen["set1_pairs"] + chosen["set2_pairs"] <= 2:
            small += 1
            graphs.add(read_graph(template.assemble(space.values)).arch_id)
    assert len(drawings) == 140
    assert len(graphs) == small == 28


def auto_choices() -> list[dict[str, Any]]:
    return [
        {"set1_pairs": s1, "set2_pairs": s2, **pools, **bypasses}
        for s1 in (1, 2)
        for s2 in (0, 1, 2)
        for pools in _products([f"pool_{p}" for p in range(1, s1 + 1)], ["max", "avg"])
        for bypasses in _products(
            [f"bypass_{2 * p + 1}" for p in range(1, s1 + s2 + 1)], [False, True]
        )
    ]


def _products(names: list[str], values: list[Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [{}]
    for name in names:
        rows = [{**row, name: value} for row in rows for value in values]
    return rows


@pytest.mark.parametrize("name", ["squeezenet-auto", "squeezenet-se-auto"])
def test_random_oracle_draws_active_names_only(name: str) -> None:
    template = load(name)
    oracle = keras_tuner.oracles.RandomSearchOracle(
        objective=keras_tuner.Objective("val_accuracy", "max"),
        max_trials=100,
        seed=1,
        hyperparameters=discover_space(template),
    )
    shapes = set()
    for number in range(100):
        drawn = oracle.populate_space(str(number))["values"]
        assert set(drawn) == expected_names(drawn, has_attention="se" in name)
        shapes.add((drawn["set1_pairs"], drawn["set2_pairs"]))
        recorded = oracle.get_space()
        recorded.values = dict(drawn)
        recorded.ensure_active_values()
        assert recorded.values == drawn
    assert len(shapes) == 6


def test_ensure_active_values_draws_what_is_missing_and_drops_what_is_inactive() -> None:
    space = discover_space(load("squeezenet-se-auto"))
    space.values |= {
        "set1_pairs": 2,
        "set2_pairs": 0,
        "se_3": False,
        "se_ratio_1": 8,
        "bypass_7": True,
    }
    space.ensure_active_values()
    assert set(space.values) == expected_names(space.values, has_attention=True)


@pytest.mark.filterwarnings("ignore:(currentThread|getName):DeprecationWarning")
def test_keras_tuners_own_search_runs_on_the_space(tmp_path: Any) -> None:
    template = load("squeezenet-se-auto")
    builds = []
    build = template.build

    def counted(hp: keras_tuner.HyperParameters) -> Any:
        builds.append(dict(hp.values))
        return build(hp)

    template.build = counted  # type: ignore[method-assign]
    tuner = keras_tuner.RandomSearch(
        template,
        objective=keras_tuner.Objective("val_accuracy", "max"),
        max_trials=5,
        seed=3,
        hyperparameters=discover_space(template),
        directory=tmp_path,
    )
    assert len(builds) == 1
    for _ in range(5):
        trial = tuner.oracle.create_trial("tuner")
        values = dict(trial.hyperparameters.values)
        template.build(trial.hyperparameters)
        assert trial.hyperparameters.values == values
        tuner.oracle.update_trial(trial.trial_id, {"val_accuracy": 0.5})
        trial.status = "COMPLETED"
        tuner.oracle.end_trial(trial)
        assert trial.hyperparameters.values == values


def test_values_that_keras_tuner_lost_are_named() -> None:
    template = load("squeezenet-auto")
    hp = keras_tuner.HyperParameters()
    template.build(hp)
    hp.ensure_active_values()
    with pytest.raises(InputError, match="no value for") as caught:
        template.build(hp)
    assert "discover_space" in caught.value.remedy


def test_plain_hyperparameters_with_values_build_that_candidate() -> None:
    template = load("squeezenet-se-auto")
    values = resolve_values(template, {}, {"set2_pairs": 1, "se_4": True}).values
    hp = keras_tuner.HyperParameters()
    hp.values = dict(values)
    built = read_graph(template.build(hp)).arch_id
    assert built == read_graph(template.assemble(values)).arch_id
    assert hp.values == values


def test_defaults_are_the_published_ones() -> None:
    assert resolve_values(load("squeezenet-se-auto")).values == {
        "optimizer": "rmsprop", "learning_rate": 0.001, "dropout": 0.4, "set1_pairs": 1,
        "set2_pairs": 0, "pool_1": "max", "bypass_3": False, "se_2": False, "se_3": False,
    }  # fmt: skip


def test_text_becomes_typed_values_and_inactive_ones_are_ignored() -> None:
    sets = {
        "set2_pairs": "1", "se_2": "true", "se_ratio_1": "16", "dropout": "0.2",
        "learning_rate": "1e-4", "pool_1": "avg", "se_skip_9": "true",
    }  # fmt: skip
    values = resolve_values(load("squeezenet-se-auto"), {}, sets).values
    assert {name: values[name] for name in sets if name != "se_skip_9"} == {
        "set2_pairs": 1, "se_2": True, "se_ratio_1": 16, "dropout": 0.2,
        "learning_rate": 0.0001, "pool_1": "avg",
    }  # fmt: skip
    assert "se_skip_9" not in values


def test_parsed_sets_keep_inactive_ones_and_fix_a_search() -> None:
    template = load("squeezenet-se-auto")
    parsed = parse_sets(template, {}, {"se_skip_9": "true", "dropout": "0"})
    assert parsed == {"se_skip_9": True, "dropout": 0.0}
    space = discover_space(template, parsed)
    assert list(space.entry("se_skip_9").values) == [True]


@pytest.mark.parametrize(
    ("sets", "message", "why"),
    [
        ({"pool_1": "min"}, "pool_1 cannot be min", "choices: max, avg"),
        ({"dropout": "0.9"}, "dropout cannot be 0.9", "choices: 0 to 0.8"),
        ({"set1_pairs": "3"}, "set1_pairs cannot be 3", "choices: 1 to 2"),
        ({"set1_pairs": "1.5"}, "set1_pairs cannot be 1.5", "a whole number: 1 to 2"),
        ({"se_2": "yes"}, "se_2 cannot be yes", "true or false"),
        ({"learning_rate": "fast"}, "learning_rate cannot be fast", "a number: 0.001, 0.0001"),
        ({"dropout": "nan"}, "dropout cannot be nan", "a number"),
        ({"optimizer": True}, "optimizer cannot be True", "rmsprop, sgd"),
    ],
)
def test_values_outside_the_choices_are_refused(
    sets: Mapping[str, Any], message: str, why: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        resolve_values(load("squeezenet-se-auto"), {}, sets)
    assert why in caught.value.why


def test_unknown_names_are_refused_with_the_nearest() -> None:
    template = load("squeezenet-se-auto")
    with pytest.raises(UnknownNameError, match="a hyperparameter of squeezenet-se-auto") as caught:
        resolve_values(template, {}, {"se_ration_1": "8"})
    assert caught.value.remedy == "did you mean se_ratio_1?"
    with pytest.raises(UnknownNameError, match="optimiser is not a hyperparameter"):
        discover_space(template, {"optimiser": ["adam"]})


def test_overrides_widen_narrow_and_fix() -> None:
    template = load("squeezenet-se-auto")
    overrides = {
        "optimizer": ["adam", "rmsprop"], "learning_rate": [0.002, 1], "set1_pairs": 2,
        "dropout": {"min": 0, "max": 0.3, "step": 0.1}, "se_ratio_1": [4, 8], "bypass_3": [True],
    }  # fmt: skip
    space = discover_space(template, overrides)
    assert space.values["optimizer"] == "adam"
    assert space.values["learning_rate"] == 0.002
    assert list(space.entry("learning_rate").values) == [0.002, 1.0]
    assert list(space.entry("se_ratio_1").values) == [4, 8]
    assert space.entry("se_ratio_1").default == 4
    assert space.values["dropout"] == 0.3
    assert math.isclose(list(space.entry("dropout").values)[1], 0.1)
    assert space.values["bypass_3"] is True
    assert space.values["set1_pairs"] == 2
    assert count_architectures(discover_space(load("squeezenet-auto"), {"set1_pairs": 2})) == 112


def test_a_name_that_an_override_made_unreachable_is_still_known() -> None:
    template = load("squeezenet-auto")
    values = resolve_values(
        template, {"set1_pairs": 1, "bypass_9": True}, {"bypass_9": "true"}
    ).values
    assert "bypass_9" not in values


@pytest.mark.parametrize(
    "override",
    [
        {"optimizer": {"min": 0, "max": 1}},
        {"dropout": {"min": 0.5, "max": 0.1}},
        {"dropout": {"min": 0}},
        {"dropout": {"min": 0, "max": 1, "stride": 1}},
        {"dropout": []},
        {"set1_pairs": [1, "two"]},
        {"learning_rate": {"min": 0, "max": 1, "sampling": "log"}},
        {"bypass_3": 1},
    ],
)
def test_overrides_of_the_wrong_kind_are_refused(override: Mapping[str, Any]) -> None:
    (name,) = override
    with pytest.raises(InputError, match=name):
        discover_space(load("squeezenet-auto"), override)


def test_a_copy_keeps_the_overrides() -> None:
    space = NarrowedHyperParameters({"width": [4, 8]}).copy()
    assert space.Int("width", 16, 32) == 4
