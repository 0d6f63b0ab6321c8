"""Model files on one device: measured, scored, their operations listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from edgebench.devices import open_device
from edgebench.errors import EdgebenchError
from edgebench.profiling.agreement import check_agreement
from edgebench.profiling.plan import MeasurePlan
from edgebench.profiling.profiler import Profiler
from edgebench.profiling.scoring import Examination, open_test
from edgebench.records import DataPlan, Measurement, Score
from edgebench.runtimes import Op


def profile_all(
    models: Sequence[str | Path],
    *,
    device: str = "local",
    runtime: str = "auto",
    delegate: str | None = None,
    threads: int = 1,
    blocks: int = 6,
    block_s: float = 2.0,
    sustained_s: float | None = None,
    told: Callable[[str], None] = lambda sentence: None,
) -> Iterator[Measurement]:
    """Measure model files on one device, and yield each as it is done.

    Elsewhere than here, their outputs are compared with those here. Where that or the sustained run fails, the
    measurement is yielded all the same, before the error.

    Args:
        models: .tflite, .onnx or .keras files, or what a plugin's runtime opens.
        device: A device's name or file.
        runtime: ``auto``, ``litert``, ``tflite``, ``ort``, ``keras``, or a plugin's.
        delegate: What must run the graph, never replaced by another: ``xnnpack`` or ``none``, one of ort's
            providers (``cuda`` or its full name), a device of Keras's backend (``cpu``, ``gpu``). None for the
            runtime's default.
        threads: At least 1.
        blocks: Fresh processes, at least 1; 6 give a 96.9 % interval.
        block_s: Seconds timed in each.
        sustained_s: Run each model without a pause for so long besides.
        told: Gets a sentence of what is being done.
    """
    plan = MeasurePlan(
        runtime=runtime,
        delegate=delegate,
        threads=threads,
        blocks=blocks,
        block_s=block_s,
        remeasure=True,
        memory=True,
    )
    with open_device(device) as opened, open_device("local") as local:
        profiler, here = Profiler(opened, told), Profiler(local)
        for number, path in enumerate(map(Path, models), 1):
            told(
                f"measuring {path.name} on {device}, {blocks} blocks of {block_s:g} s, "
                f"file {number} of {len(models)}"
            )
            measured = profiler.measure(path, plan)
            try:
                if opened.document.transport.kind != "local":
                    told(f"comparing the outputs of {path.name} with those here")
                    agreement = check_agreement(path, profiler, here, plan, measured)
                    measured = replace(measured, agreement=agreement)
                if sustained_s is not None:
                    told(f"running {path.name} on {device} for {sustained_s:g} s")
                    windows = profiler.sustained(path, plan, for_s=sustained_s)
                    measured = replace(measured, sustained=windows)
            except EdgebenchError:
                yield measured
                raise
            yield measured


def score_all(
    models: Sequence[str | Path],
    data: DataPlan,
    *,
    device: str = "local",
    examples: int | None = None,
    input_range: tuple[float, float] = (0.0, 1.0),
    runtime: str = "auto",
    delegate: str | None = None,
    threads: int = 1,
    told: Callable[[str], None] = lambda sentence: None,
) -> Iterator[Score]:
    """Run model files over a data set's test part on one device, and yield how each does.

    Each but the first is compared with the first; elsewhere than here, its answers with those here.

    Args:
        models: .tflite, .onnx or .keras files of one network, or of several for the same data.
        data: The data set.
        device: A device's name or file.
        examples: The first so many of the test part; None for all.
        input_range: What the models expect where the data set's inputs are in [0, 1].
        runtime: As for `profile_all`.
        delegate: As for `profile_all`.
        threads: As for `profile_all`.
        told: Gets a sentence of what is being done.
    """
    plan = MeasurePlan(runtime=runtime, delegate=delegate, threads=threads)
    dataset = open_test(data)
    with open_device(device) as opened, open_device("local") as local:
        is_here = opened.document.transport.kind == "local"
        examination = Examination(
            dataset,
            Profiler(opened, told),
            None if is_here else Profiler(local),
            plan,
            examples=examples,
            input_range=input_range,
        )
        for number, path in enumerate(map(Path, models), 1):
            told(
                f"running {path.name} on {device} over {len(examination)} examples of "
                f"{dataset.spec.name}, file {number} of {len(models)}"
            )
            yield examination.score(path)


def per_op(
    model: str | Path,
    *,
    device: str = "local",
    runtime: str = "auto",
    delegate: str | None = None,
    threads: int = 1,
) -> tuple[Op, ...]:
    """Return the operations of one model file from a run of its own, which is not measured.

    Only ``ort`` tells how long each took. Arguments as for `profile_all`.
    """
    plan = MeasurePlan(runtime=runtime, delegate=delegate, threads=threads)
    with open_device(device) as opened:
        return Profiler(opened).per_op(Path(model), plan)
