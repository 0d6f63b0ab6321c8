"""Names of runs and trials."""

from __future__ import annotations

import re

from edgebench.tuning.names import WORDS, candidate_id, new_run_id, next_trial_id


def test_run_ids_are_short_and_never_repeat():
    taken: set[str] = set()
    for _ in range(len(WORDS) + 5):
        run_id = new_run_id(taken)
        assert re.fullmatch(r"\d{4}-[a-z0-9]+", run_id)
        assert run_id not in taken
        taken.add(run_id)


def test_trial_ids_follow_the_highest():
    assert next_trial_id([]) == "t001"
    assert next_trial_id(["base", "t007", "t003"]) == "t008"
    assert next_trial_id(["t999"]) == "t1000"


def test_candidate_id_heeds_names_and_values_not_order():
    assert candidate_id("a", {"x": 1, "y": 2}) == candidate_id("a", {"y": 2, "x": 1})
    assert candidate_id("a", {"x": 1}) != candidate_id("b", {"x": 1})
    assert candidate_id("a", {"x": 1}) != candidate_id("a", {"x": 2})
