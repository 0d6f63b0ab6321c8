"""The made-up problem has the real sizes, and every side can play it."""

from __future__ import annotations

import importlib.util
import itertools
import random
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def fronts():
    spec = importlib.util.spec_from_file_location("fronts", HERE / "fronts.py")
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


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
    shown = fronts.table({"best": 1.0, "runs": runs})
    assert "| optuna-tpe | 1 | 0.50 | 0.50 | 0.50 | 0.50 |" in shown
