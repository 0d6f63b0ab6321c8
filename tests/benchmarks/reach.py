"""How soon a search is as good as plain keras-tuner's: wall time, on real data, each side in a process of its own.

    python tests/benchmarks/reach.py digits --seeds 3
    EDGEBENCH_DATA=FOLDER python tests/benchmarks/reach.py cifar10 --seeds 1
    python tests/benchmarks/reach.py digits-patience --seeds 1
    python tests/benchmarks/reach.py digits --seeds 1 --side keras-tuner

Both sides search squeezenet-se-auto on the same data, for as many epochs, from the same seeds. ``keras-tuner`` is its
RandomSearch as its guide shows it: one process, Keras `fit`, the validation accuracy alone. ``edgebench`` is
``edgebench search --objective pareto``. The clock starts before either framework is imported. Afterwards, off
the clock, the networks of both sides are built again, counted, exported and measured in turns, so that a hypervolume
compares the networks and not two measurements of one. Each run is written to ``results/reach.json`` when it is done and
not run again; let nothing else run beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

STARTED = time.perf_counter()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from journal import MACHINE, Journal  # noqa: E402

PATH = HERE / "results" / "reach.json"
TEMPLATE, OPTIONS = "squeezenet-se-auto", {"initializer": "he_normal"}
BATCH = 32
SIDES = ("keras-tuner", "edgebench", "judge")
SUITE = """
name: reach
template: {template}
template_options: {options}
data: {data}
objectives: {{val_accuracy: max, param_bytes: min, latency_ms: min}}
reference: {reference}
oracle: {{name: pareto, max_trials: {trials}}}
training: {{max_epochs: {epochs}, batch_size: {batch}, patience: {patience}}}
latency: {{blocks: 1, winner_blocks: 1, block_s: 0.3}}
export: [tflite-fp32]
"""


class Task(NamedTuple):
    """What both sides search, and the reference point of the hypervolume; training stops early after ``patience`` epochs
    that were no better."""

    data: dict[str, Any]
    trials: int
    epochs: int
    patience: int
    reference: dict[str, float]


TASKS = {
    "digits": Task(
        {"name": "digits", "validation": 0.2, "size": [32, 32]},
        trials=25,
        epochs=12,
        patience=12,
        reference={"val_accuracy": 0.8, "param_bytes": 2e6, "latency_ms": 1.0},
    ),
    "digits-patience": Task(
        {"name": "digits", "validation": 0.2, "size": [32, 32]},
        trials=12,
        epochs=100,
        patience=5,
        reference={"val_accuracy": 0.8, "param_bytes": 2e6, "latency_ms": 1.0},
    ),
    "cifar10": Task(
        {"name": "cifar10", "sample": 0.04, "validation": 0.2},
        trials=15,
        epochs=12,
        patience=12,
        reference={"val_accuracy": 0.2, "param_bytes": 4e6, "latency_ms": 2.0},
    ),
}


def plain(task: Task, seed: int) -> dict[str, Any]:
    """Search with keras-tuner alone; return its trials, each with the time at which it ended."""
    import keras
    import keras_tuner

    from edgebench.templates import discover_space

    template, dataset = _template(task), _dataset(task)
    spent, trials = {"steps": 0.0}, []

    class Compiled(keras_tuner.HyperModel):
        def build(self, hp: Any) -> Any:
            model = template.build(hp)
            rule = {
                "class_name": hp.values["optimizer"],
                "config": {"learning_rate": hp.values["learning_rate"]},
            }
            loss = "sparse_categorical_crossentropy"
            model.compile(keras.optimizers.get(rule), loss, metrics=["accuracy"])
            return model

    class Stopwatch(keras.callbacks.Callback):
        """Adds up train steps and validation, without the first of each: it is traced."""

        def on_train_begin(self, logs: Any = None) -> None:
            self.seen: set[str] = set()

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.started = time.perf_counter()

        on_test_batch_begin = on_train_batch_begin

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.add("train")

        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            self.add("test")

        def add(self, kind: str) -> None:
            if kind in self.seen:
                spent["steps"] += time.perf_counter() - self.started
            self.seen.add(kind)

        def __deepcopy__(self, memo: Any) -> Stopwatch:
            return Stopwatch()

    class Noted(keras_tuner.RandomSearch):
        def on_trial_end(self, trial: Any) -> None:
            super().on_trial_end(trial)
            trials.append(
                {
                    "wall_s": _clock(),
                    "val_accuracy": trial.score,
                    "values": dict(trial.hyperparameters.values),
                }
            )
            _say(len(trials), trials[-1]["wall_s"], trial.score)

    train, validation = dataset.train(), dataset.validation()
    keras.utils.set_random_seed(seed)
    with tempfile.TemporaryDirectory() as folder:
        tuner = Noted(
            Compiled(),
            "val_accuracy",
            max_trials=task.trials,
            seed=seed + 1,
            hyperparameters=discover_space(template),
            directory=folder,
            project_name="plain",
        )
        tuner.search(
            train.x,
            train.y,
            validation_data=(validation.x, validation.y),
            epochs=task.epochs,
            batch_size=BATCH,
            callbacks=[
                Stopwatch(),
                keras.callbacks.EarlyStopping("val_accuracy", mode="max", patience=task.patience),
            ],
            verbose=0,
        )
    return {"trials": trials, "wall_s": _clock(), "workers": 1, "work_s": spent["steps"]}


def ours(task: Task, seed: int) -> dict[str, Any]:
    """Search with edgebench; return the same."""
    from edgebench import api

    trials: list[dict[str, Any]] = []
    work_s: dict[str, float] = {}

    class Notes:
        """An observer; it inherits nothing, so that frameworks are imported when the search imports them."""

        def run_started(self, run: Any, **more: Any) -> None:
            _say("started after", _clock())

        def trial_paused(self, trial: Any, progress: Any) -> None:
            work_s[trial.trial_id] = _work_s(trial)

        def trial_ended(self, trial: Any, progress: Any) -> None:
            work_s[trial.trial_id] = _work_s(trial)
            trials.append(
                {
                    "wall_s": _clock(),
                    "val_accuracy": trial.values().get("val_accuracy"),
                    "status": trial.status.value,
                    "epochs": trial.epochs,
                    "values": dict(trial.hyperparameters),
                }
            )
            _say(len(trials), *list(trials[-1].values())[:4])

        def phase(self, name: str, done: int, total: int) -> None: ...

        def stopping(self, running: int) -> None: ...

    with tempfile.TemporaryDirectory() as folder:
        suite = Path(folder) / "reach.yaml"
        suite.write_text(
            SUITE.format(
                template=TEMPLATE,
                options=json.dumps(OPTIONS),
                data=json.dumps(task.data),
                reference=json.dumps(task.reference),
                trials=task.trials,
                epochs=task.epochs,
                patience=task.patience,
                batch=BATCH,
            )
        )
        api.search(
            suite, observer=Notes(), seed=seed, store=f"{folder}/store", reports=f"{folder}/reports"
        )
    return {
        "trials": trials,
        "wall_s": trials[-1]["wall_s"],
        "shipped_s": _clock(),
        "workers": os.cpu_count(),
        "work_s": sum(work_s.values()),
    }


def judge(task: Task, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Count, export and measure the networks of some runs; return, a run, [bytes, milliseconds] of each trial."""
    import numpy as np

    from edgebench.devices import open_device
    from edgebench.evaluators import Blueprint
    from edgebench.export import export_model
    from edgebench.profiling import MeasurePlan, Profiler
    from edgebench.records import ExportTarget, Format, Precision
    from edgebench.templates import read_graph

    spec = _dataset(task).spec
    target = ExportTarget(format=Format.TFLITE, precision=Precision.FP32)
    found: list[list[Any]] = [[None] * len(run["trials"]) for run in runs]
    measured: dict[str, float] = {}
    places = [(r, t) for r, run in enumerate(runs) for t in range(len(run["trials"]))]
    random.Random(0).shuffle(places)
    with tempfile.TemporaryDirectory() as folder, open_device("local") as device:
        profiler = Profiler(device)
        for done, (r, t) in enumerate(places, 1):
            model = Blueprint(
                template=TEMPLATE,
                options=OPTIONS,
                input_shapes=spec.input_shapes,
                classes=spec.classes,
                values=runs[r]["trials"][t]["values"],
            ).build()
            graph = read_graph(model)
            if graph.arch_id not in measured:
                file = export_model(model, target, Path(folder), None)
                plan = MeasurePlan(blocks=2, block_s=0.3)
                measured[graph.arch_id] = profiler.measure(Path(file.path), plan).p50_ms
            found[r][t] = [graph.param_bytes, round(measured[graph.arch_id], 5)]
            _say(done, "of", len(places), *found[r][t])
    return {"judged": found, "numpy": np.__version__}


def curve(run: dict[str, Any], judged: list[list[float]], task: Task) -> list[list[float]]:
    """Return [wall seconds, hypervolume, best accuracy] after each trial that ended with an accuracy."""
    import numpy as np

    from edgebench.objectives import hypervolume

    corner = list(task.reference.values())
    points, found, best = [], [], 0.0
    for trial, (size, latency_ms) in zip(run["trials"], judged, strict=True):
        if trial.get("status", "completed") == "completed":
            best = max(best, trial["val_accuracy"])
            loss = (1 - trial["val_accuracy"]) / (1 - corner[0])
            points.append([loss, size / corner[1], latency_ms / corner[2]])
        volume = hypervolume(np.array(points), [1.0] * 3) if points else 0.0
        found.append([trial["wall_s"], volume, best])
    return found


def table(runs: list[dict[str, Any]]) -> str:
    """Return the result as Markdown, a row a seed."""
    rows = [
        "| data | seed | keras-tuner: s | hypervolume | best accuracy | edgebench reaches it: s | share "
        "| edgebench at its end: s | hypervolume | best accuracy | outside work, keras-tuner | edgebench "
        "| with start and shipping |",
        "|" + "---|" * 13,
    ]
    found = {(run["data"], run["side"], run["seed"]): run for run in runs}
    for data, side, seed in sorted(found):
        if side != "judge" or (data, "edgebench", seed) not in found:
            continue
        theirs, mine, judged = (found[data, each, seed] for each in SIDES)
        task = Task(**judged["task"])
        *_, (wall_s, level, best) = curve(theirs, judged["judged"][0], task)
        points = curve(mine, judged["judged"][1], task)
        end_s, volume, most = points[-1]
        reached = next((at for at, value, _ in points if value >= level), None)
        shown = "never | -" if reached is None else f"{reached:.0f} | {reached / wall_s:.2f}"
        outside = [_outside(run, run["wall_s"]) for run in (theirs, mine)]
        rows.append(
            f"| {data} | {seed} | {wall_s:.0f} | {level:.4f} | {best:.4f} | {shown} | {end_s:.0f} | {volume:.4f} "
            f"| {most:.4f} | {outside[0]:.2f} | {outside[1]:.2f} | {_outside(mine, mine['shipped_s']):.2f} |"
        )
    return "\n".join(rows)


def _outside(run: dict[str, Any], wall_s: float) -> float:
    """Return the share of the workers' time that went into neither train steps, validation nor measuring."""
    return 1 - run["work_s"] / (run["workers"] * wall_s)


def _work_s(trial: Any) -> float:
    return sum(trial.seconds.get(name, 0.0) for name in ("steps", "measuring"))


def _template(task: Task) -> Any:
    from edgebench.templates import load_template

    spec = _dataset(task).spec
    return load_template(
        TEMPLATE, input_shapes=spec.input_shapes, classes=spec.classes, options=OPTIONS
    )


def _dataset(task: Task) -> Any:
    from edgebench.datasets import load_dataset
    from edgebench.records import DataPlan

    size = task.data.get("size")
    return load_dataset(DataPlan(**{**task.data, "size": tuple(size) if size else None}))


def _clock() -> float:
    return round(time.perf_counter() - STARTED, 2)


def _say(*words: Any) -> None:
    print(" ", *words, file=sys.stderr)  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", choices=list(TASKS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seed", type=int, help="this one only")
    parser.add_argument("--side", choices=SIDES, help="this one only, in this process")
    parser.add_argument("--table", action="store_true", help="print the table and run nothing")
    options = parser.parse_args()
    task = TASKS[options.data]
    settings = {"suite": SUITE, "machine": MACHINE}
    kind = {"data": options.data, "task": task._asdict()}

    def known(side: str, seed: int) -> dict[str, Any] | None:
        wanted = {**kind, "side": side, "seed": seed}
        runs = Journal(PATH, settings).runs
        return next((run for run in runs if {name: run[name] for name in wanted} == wanted), None)

    seeds = range(options.seeds) if options.seed is None else [options.seed]
    for seed in () if options.table else seeds:
        for side in (options.side,) if options.side else SIDES:
            if known(side, seed):
                continue
            print(options.data, side, seed, file=sys.stderr)  # noqa: T201
            if options.side is None:
                again = [sys.executable, __file__, options.data, "--side", side]
                subprocess.run([*again, "--seed", str(seed)], check=True)
                continue
            load = os.getloadavg()[0]
            if side == "judge":
                both = [known(each, seed) for each in SIDES[:2]]
                found = judge(task, [run for run in both if run])
            else:
                found = (plain if side == "keras-tuner" else ours)(task, seed)
            run = {**kind, "side": side, "seed": seed, "load_before": load, **found}
            Journal(PATH, settings).add(run)
    if options.side is None or options.table:
        print(table(Journal(PATH, settings).runs))  # noqa: T201


if __name__ == "__main__":
    main()
