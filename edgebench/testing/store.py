"""What every result store must do. Inherit `ResultStoreContract` and give it an empty store to have it checked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgebench.errors import UnknownNameError
from edgebench.records import (
    Artifact,
    Block,
    Constraint,
    DataPlan,
    DeviceInfo,
    DrawnBlock,
    Environment,
    ExportTarget,
    FidelityPlan,
    Format,
    Goal,
    Measurement,
    Metric,
    Objective,
    Precision,
    Repeat,
    Run,
    Status,
    Suite,
    Trial,
)
from edgebench.store import CONFIRM, PROFILE, ResultStore


def example_run(run_id: str = "run-1") -> Run:
    """Return a run in which every field holds something."""
    suite = Suite(
        name="example",
        template="squeezenet-se-auto",
        template_options={"initializer": "he_normal"},
        hyperparameters={"optimizer": ["adam"], "dropout": {"min": 0.0, "max": 0.5}, "se_2": True},
        data=DataPlan(name="digits", sample=0.5, size=(16, 24)),
        objectives=(
            Objective(metric="val_accuracy", goal=Goal.MAX, reference=0.1, weight=1.5),
            Objective(metric="latency_ms", goal=Goal.MIN, reference=20.0),
        ),
        constraints=(Constraint(metric="param_bytes", relation="<=", bound=1.5e6),),
        baseline="squeezenet-1.1",
        fidelity=FidelityPlan(rungs=(2, 4), factor=3),
        devices=("local", "pi4"),
        export=(ExportTarget(format=Format.TFLITE, precision=Precision.INT8),),
        seed=7,
        scale=0.1,
        repeats=3,
    )
    return Run(
        run_id=run_id,
        suite=suite,
        suite_hash="0123456789abcdef",
        suite_path="suites/example.yaml",
        status="completed",
        wall_s=12.25,
        started_utc="2025-01-02T03:04:05+00:00",
        argv=("search", "example", "--seed", "7"),
        git_commit="a" * 40,
        git_dirty=False,
        versions={"edgebench": "0.1.0", "keras": "3.10.0"},
        host={"cores": 2, "model": None, "memory_bytes": 2**35},
        devices=(
            DeviceInfo(
                name="local", transport="local", machine="x86_64", system="Linux", cores=2,
                runtimes={"litert": "2.1.0"}, cpu_features=("avx2", "avx512_vnni"),
            ),
        ),
        data={"name": "digits", "train": 575, "input_shapes": [[16, 24, 3]]},
        notes=("größer als \"nötig\"\n",),
    )  # fmt: skip


def example_trial(number: int = 1, *, status: Status = Status.COMPLETED) -> Trial:
    """Return a trial in which every field holds something; each number has another."""
    return Trial(
        trial_id=f"t{number:03}",
        status=status,
        hyperparameters={"optimizer": "adam", "learning_rate": 0.1 + number / 3, "se_2": True},
        candidate_id=f"c{number}",
        arch_id=f"a{number}",
        architecture="fire2 3 SE8 | max | 4 5",
        blocks=(
            DrawnBlock(name="input", label="input 16x24x3", kind="input"),
            DrawnBlock(name="skip 2", label="skip", kind="join", inputs=("input",), level=number),
        ),
        metrics=(
            Metric(name="val_accuracy", value=1 / (number + 1), n=287),
            Metric(name="latency_ms", value=1.5, unit="ms", n=2, low=1.25, high=5 / 3),
        ),
        reason="param_bytes 2 breaks param_bytes<=1",
        epochs=3,
        history=(0.1, 0.2, 1 / 3),
        is_baseline=number == 0,
        note="trained again from the first epoch",
        oracle_state={"tuner/epochs": 3, "tuner/trial_id": "t000"},
        started_utc="2025-01-02T03:04:05+00:00",
        finished_utc="2025-01-02T03:04:15+00:00",
        seconds={"free": 0.25, "training": 9.75},
    )


def example_repeat(number: int = 1, *, seed: int = 1007) -> Repeat:
    """Return a further training of `example_trial` of that number."""
    return Repeat(
        trial_id=f"t{number:03}",
        seed=seed,
        accuracy=1 / 3,
        reason="none",
        epochs=2,
        history=(0.25, 1 / 3),
        finished_utc="2025-01-02T03:06:00+00:00",
    )


def example_artifact(number: int = 1, *, sha256: str = "") -> Artifact:
    """Return an exported file of `example_trial` of that number."""
    return Artifact(
        trial_id=f"t{number:03}",
        format=Format.TFLITE,
        precision=Precision.INT8,
        sha256=sha256 or f"{number:064x}",
        size_bytes=1000 + number,
        accuracy=0.95,
        max_abs_diff=1e-7,
        heldout_count=360,
    )


def example_measurement(number: int = 1, *, median_ms: float = 2.0) -> Measurement:
    """Return a measurement of `example_artifact` of that number."""
    artifact = example_artifact(number)
    samples_ns = tuple(median_ms * 1e6 + step for step in (-1.5, 0.0, 2.0))
    return Measurement(
        model_name=artifact.file_name,
        model_sha256=artifact.sha256,
        device="local",
        environment=Environment(
            runtime="litert", runtime_version="2.1.0", delegate=None, threads=1, affinity=(1,),
            governor="performance", frequency_khz=2_400_000, temperature_c=41.5, load_1m=0.25,
            agent_version="0.1.0", agent_sha256="f" * 64,
        ),
        blocks=(
            Block(samples_ns=samples_ns, init_ns=10, first_ns=20, warmup_invokes=12),
            Block(
                samples_ns=samples_ns, init_ns=11, first_ns=21, warmup_invokes=12,
                invokes_per_sample=3, reasons=("drift",),
            ),
        ),
        peak_rss_bytes=2**27,
        invalid_reasons=("throttled",),
        measured_utc="2025-01-02T03:05:00+00:00",
    )  # fmt: skip


class ResultStoreContract:
    """Tests of one `edgebench.store.ResultStore`. Override `store`."""

    @pytest.fixture
    def store(self) -> ResultStore:
        """Return a store that holds nothing."""
        raise NotImplementedError

    def test_run_comes_back_as_it_went(self, store: ResultStore) -> None:
        store.save_run(example_run())
        result = store.load("run-1")
        assert result.run == example_run()
        assert (result.trials, result.artifacts, result.measurements) == ((), (), {})

    def test_run_that_is_not_known_is_told(self, store: ResultStore) -> None:
        store.save_run(example_run())
        with pytest.raises(UnknownNameError) as caught:
            store.load("run-2")
        assert caught.value.message == "run-2 is not a run in this store"
        assert caught.value.remedy == "did you mean run-1?"

    def test_run_saved_again_keeps_its_trials(self, store: ResultStore) -> None:
        store.save_run(replace(example_run(), status="running"))
        store.record_trial("run-1", example_trial())
        store.save_run(example_run())
        result = store.load("run-1")
        assert result.run.status == "completed"
        assert result.trials == (example_trial(),)

    def test_trials_come_back_whole_and_in_order(self, store: ResultStore) -> None:
        store.save_run(example_run())
        trials = tuple(example_trial(number) for number in (5, 2, 9, 0))
        for trial in trials:
            store.record_trial("run-1", trial)
        assert store.load("run-1").trials == trials

    @pytest.mark.parametrize("status", list(Status))
    def test_trial_of_every_status_comes_back(self, store: ResultStore, status: Status) -> None:
        store.save_run(example_run())
        store.record_trial("run-1", example_trial(status=status))
        assert store.load("run-1").trials[0].status is status

    def test_trial_is_never_replaced(self, store: ResultStore) -> None:
        store.save_run(example_run())
        store.record_trial("run-1", example_trial())
        with pytest.raises(ValueError, match="t001"):
            store.record_trial("run-1", replace(example_trial(), reason="another"))
        assert store.load("run-1").trials == (example_trial(),)

    def test_paused_trial_is_replaced_until_it_ends(self, store: ResultStore) -> None:
        store.save_run(example_run())
        for number in (2, 1):
            store.record_pause("run-1", example_trial(number, status=Status.RUNNING))
        further = replace(example_trial(1, status=Status.RUNNING), epochs=7)
        store.record_pause("run-1", further)
        assert store.load("run-1").paused == (further, example_trial(2, status=Status.RUNNING))
        assert store.load("run-1").trials == ()
        store.record_trial("run-1", example_trial(1))
        assert [trial.trial_id for trial in store.load("run-1").paused] == ["t002"]
        assert store.load("run-1").trials == (example_trial(1),)

    def test_paused_trials_of_runs_are_apart(self, store: ResultStore) -> None:
        for run_id in ("run-1", "run-2"):
            store.save_run(example_run(run_id))
            store.record_pause(run_id, example_trial(status=Status.RUNNING))
        store.record_trial("run-1", example_trial())
        assert store.load("run-1").paused == ()
        assert len(store.load("run-2").paused) == 1

    def test_paused_trial_of_no_run_is_refused(self, store: ResultStore) -> None:
        with pytest.raises(ValueError, match="run-1"):
            store.record_pause("run-1", example_trial(status=Status.RUNNING))

    def test_repeats_stand_by_trial_and_seed_and_are_never_replaced(
        self, store: ResultStore
    ) -> None:
        store.save_run(example_run())
        for number, seed in ((2, 1007), (1, 2007), (1, 1007)):
            store.record_repeat("run-1", example_repeat(number, seed=seed))
        with pytest.raises(ValueError, match="t001"):
            store.record_repeat("run-1", replace(example_repeat(), accuracy=None))
        assert store.load("run-1").repeats == (
            example_repeat(1), example_repeat(1, seed=2007), example_repeat(2),
        )  # fmt: skip

    def test_repeat_of_no_run_is_refused(self, store: ResultStore) -> None:
        with pytest.raises(ValueError, match="run-1"):
            store.record_repeat("run-1", example_repeat())

    def test_trial_of_no_run_is_refused(self, store: ResultStore) -> None:
        with pytest.raises(ValueError, match="run-1"):
            store.record_trial("run-1", example_trial())

    def test_runs_are_apart(self, store: ResultStore) -> None:
        for run_id in ("run-1", "run-2"):
            store.save_run(example_run(run_id))
        store.record_trial("run-1", example_trial())
        store.record_artifact("run-1", example_artifact())
        store.record_measurement("run-1", "t001", example_measurement(), CONFIRM)
        store.record_repeat("run-1", example_repeat())
        store.record_trial("run-2", replace(example_trial(), reason="another"))
        other = store.load("run-2")
        assert other.trials == (replace(example_trial(), reason="another"),)
        assert (other.artifacts, other.measurements, other.confirmed) == ((), {}, {})
        assert other.repeats == ()

    def test_late_metric_stands_with_its_trial(self, store: ResultStore) -> None:
        store.save_run(example_run())
        store.record_trial("run-1", example_trial(1))
        store.record_trial("run-1", example_trial(2))
        for value in (0.5, 0.9):
            late = Metric(name="test_accuracy", value=value, n=360)
            store.record_metric("run-1", "t001", late)
        first, second = store.load("run-1").trials
        assert first == replace(example_trial(1), metrics=(*example_trial(1).metrics, late))
        assert second == example_trial(2)

    def test_artifact_of_one_kind_is_the_last(self, store: ResultStore) -> None:
        store.save_run(example_run())
        store.record_trial("run-1", example_trial())
        onnx = replace(example_artifact(), format=Format.ONNX)
        again = replace(example_artifact(), accuracy=None)
        for artifact in (example_artifact(), onnx, again):
            store.record_artifact("run-1", artifact)
        artifacts = store.load("run-1").artifacts
        assert {str(artifact.target): artifact for artifact in artifacts} == {
            "tflite-int8": again,
            "onnx-int8": onnx,
        }
        assert len(artifacts) == 2

    def test_measurements_stand_by_trial_and_file_in_order(self, store: ResultStore) -> None:
        store.save_run(example_run())
        first, second = example_measurement(), example_measurement(median_ms=3.0)
        other = example_measurement(2)
        for trial_id, measurement in (("t001", first), ("t002", other), ("t001", second)):
            store.record_measurement("run-1", trial_id, measurement, PROFILE)
        result = store.load("run-1")
        assert result.measurements == {
            ("t001", first.model_sha256): (first, second),
            ("t002", other.model_sha256): (other,),
        }
        assert result.confirmed == {}

    def test_latency_confirmed_last_counts(self, store: ResultStore) -> None:
        store.save_run(example_run())
        confirmed = [example_measurement(median_ms=ms) for ms in (3.0, 4.0)]
        for measurement in confirmed:
            store.record_measurement("run-1", "t001", measurement, CONFIRM)
        store.record_measurement("run-1", "t001", example_measurement(median_ms=9.0), PROFILE)
        assert store.load("run-1").confirmed == {"t001": (confirmed[-1].as_metric(),)}
