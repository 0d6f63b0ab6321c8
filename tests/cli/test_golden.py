"""Whole screens as they were looked at and kept, at three widths. To keep new ones: EDGEBENCH_KEEP_SCREENS=1."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import pytest

from edgebench.cli import ending, live, screen
from edgebench.errors import StoppedError, UnavailableError, UnknownNameError
from edgebench.records import (
    Artifact,
    Block,
    Constraint,
    DataPlan,
    DeviceInfo,
    Environment,
    Format,
    Goal,
    LatencyPlan,
    Measurement,
    Metric,
    Objective,
    OraclePlan,
    Precision,
    Run,
    RunResult,
    Status,
    Suite,
    Trial,
)

GOLDEN = Path(__file__).parent / "golden"
END = "\0"
WIDTHS = (80, 100, 120)
ROWS = (
    # trial, status, architecture, accuracy, int8's, parameters, ms, reason
    ("t001", Status.COMPLETED, "fire2 SE16 3 | avg | 4 5", 0.844, 0.841, 17_700, 0.52, ""),
    ("t002", Status.PRUNED, "fire2 3 | avg", 0.402, None, 10_300, 0.42, "dominated at rung 1"),
    ("t003", Status.INFEASIBLE, "fire2 3 | max | 4-9", None, None, 742_666, 3.92, "latency_ms 3.92 breaks latency_ms<=1"),
    ("t004", Status.FAILED, "fire2 SE8 3 SE8 | avg | 4 5", None, None, 143_044, 0.93, "out of memory"),
    ("t005", Status.COMPLETED, "fire2 SE4 3 SE4 | max | 4 5 SE8+ | 6 7 | avg | 8 SE16", 0.870, 0.864, 30_500, 0.84, ""),
    ("base", Status.COMPLETED, "conv64 | max | fire2 3 | max | 4 5", 0.858, 0.839, 156_000, 1.92, ""),
)  # fmt: skip


def trial(row: tuple) -> Trial:
    trial_id, status, architecture, accuracy, _, parameters, latency, reason = row
    metrics = [
        Metric(name="trainable_params", value=float(parameters)),
        Metric(name="param_bytes", value=4.0 * parameters, unit="bytes"),
        Metric(name="latency_ms", value=latency, unit="ms", n=2, low=0.98 * latency, high=1.02 * latency),
    ]  # fmt: skip
    if accuracy is not None:
        metrics.insert(0, Metric(name="val_accuracy", value=accuracy, n=287))
    if status is Status.COMPLETED:
        metrics.append(Metric(name="test_accuracy", value=accuracy - 0.005, n=360))
    return Trial(
        trial_id=trial_id,
        status=status,
        architecture=architecture,
        metrics=tuple(metrics),
        reason=reason,
        epochs=8,
        is_baseline=trial_id == "base",
        hyperparameters={},
        arch_id=trial_id,
    )


def full(artifact: Artifact) -> Artifact:
    """Return the fp32 file of the same network."""
    return replace(
        artifact,
        precision=Precision.FP32,
        sha256=artifact.sha256[::-1],
        size_bytes=4 * artifact.size_bytes,
        accuracy=artifact.accuracy + 0.004,
    )


def shipped(row: tuple) -> tuple[Artifact, Measurement]:
    trial_id, _, _, _, accuracy, parameters, latency, _ = row
    artifact = Artifact(
        trial_id=trial_id,
        format=Format.TFLITE,
        precision=Precision.INT8,
        sha256=trial_id.encode().hex().ljust(64, "0"),
        size_bytes=4 * parameters,
        accuracy=accuracy,
        max_abs_diff=0.03,
        heldout_count=360,
    )
    environment = Environment(
        runtime="litert", runtime_version="2.3.0", delegate="XNNPACK", threads=1, affinity=(2,), governor="performance",
        frequency_khz=2_400_000, temperature_c=41.0, load_1m=0.2, agent_version="0.1.0", agent_sha256="ab" * 32,
    )  # fmt: skip
    blocks = tuple(
        Block(
            samples_ns=tuple((latency + shift) * 1e6 for _ in range(80)),
            init_ns=1, first_ns=1, warmup_invokes=8,
        )
        for shift in (-0.01, 0.0, 0.02)
    )  # fmt: skip
    measurement = Measurement(
        model_name=artifact.file_name, model_sha256=artifact.sha256, device="pi5", environment=environment, blocks=blocks,
        peak_rss_bytes=31_000_000, measured_utc="2031-11-21T09:31:07Z",
    )  # fmt: skip
    return artifact, measurement


@pytest.fixture(scope="module")
def result() -> RunResult:
    suite = Suite(
        name="digits",
        template="squeezenet-se-auto",
        data=DataPlan(name="digits", size=(32, 32)),
        objectives=(
            Objective(metric="val_accuracy", goal=Goal.MAX, reference=0.5),
            Objective(metric="param_bytes", goal=Goal.MIN, reference=4e6),
            Objective(metric="latency_ms", goal=Goal.MIN, reference=20.0),
        ),
        constraints=(Constraint.parse("latency_ms<=1.0"),),
        baseline="squeezenet-1.1",
        oracle=OraclePlan(name="pareto", max_trials=60),
        devices=("pi5",),
        latency=LatencyPlan(runtime="litert", precision=Precision.INT8, blocks=2),
        export=(),
        seed=7,
    )
    run = Run(
        run_id="1121-cedar",
        suite=suite,
        suite_hash="5f1c0a9be2d4",
        suite_path="suites/digits.yaml",
        status="completed",
        wall_s=1661.0,
        started_utc="2031-11-21T09:02:44Z",
        versions={"edgebench": "1.0.0"},
        devices=(
            DeviceInfo(
                name="pi5", transport="ssh", machine="aarch64", system="Linux 6.6", model="Raspberry Pi 5 Model B Rev 1.0", cores=4,
                runtimes={"litert": "2.3.0", "tflite": "2.14.0", "ort": "1.31.1"},
            ),
        ),
        data={"name": "digits", "train": 1150, "validation": 287, "test": 360, "input_shapes": [[32, 32, 3]]},
        notes=("8 of 60 trials: the time budget ended, and no candidate was asked for after that; resume the run for the others",),
    )  # fmt: skip
    files = [shipped(row) for row in ROWS if row[4] is not None]
    return RunResult(
        run=run,
        trials=tuple(map(trial, ROWS)),
        artifacts=tuple(made for file, _ in files for made in (file, full(file))),
        measurements={
            (artifact.trial_id, artifact.sha256): (measurement,) for artifact, measurement in files
        },
        confirmed={artifact.trial_id: (measured.as_metric(),) for artifact, measured in files},
    )


@pytest.fixture(params=WIDTHS)
def width(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture
def screen_of(width: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], str]:
    """Return what a real terminal of that width shows of a function: one that knows no colours and no cursor."""
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("LINES", "50")
    monkeypatch.delenv("CI", raising=False)

    def run(show: Callable[[], None]) -> str:
        reader, writer = os.openpty()
        with os.fdopen(writer, "w", encoding="utf-8") as terminal, fresh_consoles():
            with redirect_stdout(terminal), redirect_stderr(terminal):
                show()
            terminal.write(END)
            terminal.flush()
            shown = b""
            while not shown.endswith(END.encode()):
                shown += os.read(reader, 65536)
        os.close(reader)
        return shown.decode().removesuffix(END).replace("\r\n", "\n")

    return run


@contextmanager
def fresh_consoles() -> Iterator[None]:
    """Let consoles be made of what standard output and error are now, and again afterwards."""
    for cached in (screen.out, screen.err):
        cached.cache_clear()
    yield
    for cached in (screen.out, screen.err):
        cached.cache_clear()


def check(name: str, width: int, shown: str) -> None:
    shown = "".join(f"{line.rstrip()}\n" for line in shown.splitlines())
    kept = GOLDEN / f"{name}-{width}.txt"
    if os.environ.get("EDGEBENCH_KEEP_SCREENS"):
        kept.write_text(shown, encoding="utf-8")
    assert shown == kept.read_text(encoding="utf-8")
    assert "\x1b" not in shown
    words_to_copy = ("edgebench ", "reports/")
    wide = [line for line in shown.splitlines() if len(line) > min(width, 100)]
    assert [line for line in wide if not any(word in line for word in words_to_copy)] == []


def test_the_last_screen(
    result: RunResult,
    width: int,
    screen_of: Callable[[Callable[[], None]], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    page = Path("reports/1121-cedar/index.html")
    page.parent.mkdir(parents=True)
    page.write_bytes(b" " * 900_000)
    from edgebench.api import SearchResult

    drawn = SearchResult(
        run_id="1121-cedar", summary={}, report_path=page, result=result, store=tmp_path
    )
    check("last", width, screen_of(lambda: ending.print_ending(drawn)))


def test_the_header_and_the_trials(
    result: RunResult, width: int, screen_of: Callable[[Callable[[], None]], str], keras: object
) -> None:
    from edgebench.tuning import Progress

    searched = [trial for trial in result.trials if not trial.is_baseline]

    def progress(done: int) -> Progress:
        counts = Counter(trial.status.value for trial in searched[:done])
        return Progress(
            done=done, total=60, counts=counts, front_size=1, hypervolume=0.1234, best=result.trials[0],
            elapsed_s=100.0 * done, left_s=1050.0 - 30 * done if done else None,
        )  # fmt: skip

    def show() -> None:
        watch = live.observer_for(as_json=False)
        assert type(watch) is live.PlainWatch
        watch.run_started(result.run, is_new=True, progress=progress(0))
        for number, ended in enumerate(searched, 1):
            watch.trial_ended(ended, progress(number))
        paused = replace(searched[0], trial_id="t006", status=Status.RUNNING, history=(0.1, 0.2))
        watch.trial_paused(paused, progress(5))
        watch.phase("export and measure", 0, 3)
        watch.stopping(2)
        watch.stopping(2)
        stopped = StoppedError(
            "stopped at 5/60, all 5 saved in run 1121-cedar", why="55 left, about 17 min"
        )
        stopped.run_id = "1121-cedar"
        ending.print_stopped(stopped, store=Path(".edgebench"))

    check("live", width, screen_of(show))


def test_errors(width: int, screen_of: Callable[[Callable[[], None]], str]) -> None:
    metrics = "val_accuracy test_accuracy param_bytes file_bytes macs latency_ms latency_p90_ms peak_rss_bytes"

    def show() -> None:
        screen.print_error(
            UnknownNameError(
                "a metric", "latancy_ms", metrics.split(), where="suites/mine.yaml:7:12"
            )
        )
        screen.print_error(
            UnavailableError(
                "device pi5 did not answer (ssh pi@pi5.local, 5 s)",
                why="the name does not resolve",
                remedy="edgebench doctor --device pi5      or measure later: edgebench search --measure-later",
            )
        )

    check("error", width, screen_of(show))
