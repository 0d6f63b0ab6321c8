from dataclasses import replace
from types import SimpleNamespace

from edgebench.records import LatencyPlan, Precision, RunResult, Status
from edgebench.report.view import RunView


def test_the_front_the_pick_and_the_baseline(result: RunResult) -> None:
    view = RunView.of(result)

    assert [member.trial.trial_id for member in view.front] == ["t008", "t004", "t002"]
    assert view.pick is not None
    assert view.is_pick("t008")
    assert view.baseline is not None
    assert [trial.trial_id for trial in view.winners] == ["t008", "t004", "t002", "base"]
    assert view.count(Status.COMPLETED) == 5


def test_a_weighted_run_picks_by_its_score(result: RunResult, build: SimpleNamespace) -> None:
    objectives = tuple(replace(o, weight=0.5) for o in result.run.suite.objectives)
    suite = build.suite(objective="weighted", objectives=objectives)

    view = RunView.of(replace(result, run=replace(result.run, suite=suite)))

    assert view.is_pick("t002")


def test_running_trials_are_left_out(result: RunResult) -> None:
    running = replace(result.trials[0], trial_id="t099", status=Status.RUNNING)

    view = RunView.of(replace(result, trials=(*result.trials, running)))

    assert len(view.searched) == len(view.hypervolume) == len(result.trials) - 1


def test_the_last_valid_measurement_of_a_place_counts(
    result: RunResult, build: SimpleNamespace
) -> None:
    key = next(iter(result.measurements))
    name = f"{key[0]}-fp32.tflite"
    first, second, spoilt = (
        build.measurement(key[1], name, 1.0),
        build.measurement(key[1], name, 2.0),
        build.measurement(key[1], name, 3.0, invalid_reasons=("throttled",)),
    )
    changed = replace(result, measurements=result.measurements | {key: (first, second, spoilt)})

    (file, *_) = [f for f in RunView.of(changed).files(key[0]) if f.artifact.sha256 == key[1]]

    assert file.measurements == (second,)


def test_the_main_file_is_of_the_precision_that_was_searched(
    result: RunResult, build: SimpleNamespace
) -> None:
    suite = build.suite(latency=LatencyPlan(runtime="ort", precision=Precision.INT8))

    file = RunView.of(replace(result, run=replace(result.run, suite=suite))).main_file("t004")

    assert file is not None
    assert file.artifact.file_name == "t004-int8.tflite"
    assert file.accuracy_change is not None
    assert file.accuracy_change < 0


def test_files_are_listed_device_by_device_in_the_order_of_the_suite(
    build: SimpleNamespace,
) -> None:
    view = RunView.of(build.result(devices=("pi5", "local")))

    (file, *_) = view.files("t004")

    assert [measurement.device for measurement in file.measurements] == ["pi5", "local"]
    assert view.main_measurement(file) is file.measurements[0]
