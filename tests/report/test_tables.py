import csv
import io

from edgebench.records import RunResult
from edgebench.report import front_frame, trials_frame


def test_one_row_a_trial_with_what_is_known_of_it(result: RunResult) -> None:
    frame = trials_frame(result)

    assert list(frame.columns[:6]) == [
        "trial_id", "status", "reason", "arch_id", "architecture", "is_baseline",
    ]  # fmt: skip
    assert {"val_accuracy", "param_bytes", "latency_ms_low", "epochs", "seconds"} <= set(frame)
    assert {"hp.optimizer", "hp.learning_rate", "hp.set1_pairs"} <= set(frame)
    assert len(frame) == len(result.trials)
    row = frame.set_index("trial_id").loc["t006"]
    assert (row["status"], row["reason"], row["epochs"]) == ("failed", "out of memory", 1)


def test_as_csv_counts_are_whole_numbers_and_the_unknown_is_empty(result: RunResult) -> None:
    rows = {
        row["trial_id"]: row
        for row in csv.DictReader(io.StringIO(trials_frame(result).to_csv(index=False)))
    }

    assert rows["t004"]["param_bytes"] == "499960"
    assert rows["t005"]["val_accuracy"] == ""
    assert rows["base"]["hp.set1_pairs"] == ""
    assert float(rows["t004"]["seconds"]) == 5.1 + 2.4 * 8


def test_the_front_has_its_pick_and_its_confirmed_latency(result: RunResult) -> None:
    frame = front_frame(result).set_index("trial_id")

    assert list(frame.index) == ["t008", "t004", "t002"]
    assert list(frame["pick"]) == [True, False, False]
    assert frame.loc["t004", "latency_ms"] == result.confirmed["t004"][0].value


def test_a_run_that_lacks_something_has_tables(poor_result: RunResult) -> None:
    assert "trial_id" in trials_frame(poor_result).to_csv(index=False).splitlines()[0]
    assert "pick" in front_frame(poor_result).columns
