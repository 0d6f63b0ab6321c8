"""Whether our training step learns what Keras `fit` learns, and how long each takes.

    python tests/benchmarks/steps.py --seeds 5

The same networks, digits, epochs and seeds, in turns in one process, on one thread. Only the order of the examples differs:
Keras draws its own. Each run is written to ``results/steps.json`` when it is done and not run again.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ[variable] = "1"
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from journal import MACHINE, Journal  # noqa: E402

from edgebench.datasets import load_dataset  # noqa: E402
from edgebench.evaluators import Blueprint  # noqa: E402
from edgebench.records import DataPlan, TrainingPlan  # noqa: E402

PATH = HERE / "results" / "steps.json"
EPOCHS, BATCH, RATE = 8, 32, 1e-3
DATA = DataPlan(name="digits", validation=0.2, size=(32, 32))
NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "squeezenet-se-auto, adam": ("squeezenet-se-auto", {"optimizer": "adam"}),
    "squeezenet-se-auto, rmsprop, se": (
        "squeezenet-se-auto",
        {"optimizer": "rmsprop", "se_2": True},
    ),
    "mlp-auto, adam": ("mlp-auto", {"optimizer": "adam"}),
}
SIDES = ("keras", "edgebench")


def blueprint(name: str, seed: int) -> Blueprint:
    from edgebench.templates import load_template, resolve_values

    template, values = NETWORKS[name]
    shapes = load_dataset(DATA).spec.input_shapes
    options = {"initializer": "he_normal"}
    loaded = load_template(template, input_shapes=shapes, classes=10, options=options)
    found = resolve_values(loaded, {**values, "learning_rate": RATE, "dropout": 0.1}).values
    return Blueprint(
        template=template,
        options=options,
        input_shapes=shapes,
        classes=10,
        values=dict(found),
        seed=seed,
    )


def run_one(name: str, side: str, seed: int) -> dict[str, Any]:
    """Train one network; return its best validation accuracy and the seconds from the built network to the end."""
    import keras
    import tensorflow as tf

    from edgebench.training import fit, prepare

    dataset, network = load_dataset(DATA), blueprint(name, seed)
    train, validation = dataset.train(), dataset.validation()
    model = network.build()
    rule = str(network.values["optimizer"])
    started = time.perf_counter()
    if side == "keras":
        # Our step turns it off for the process; Keras shall have it as it comes.
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
        config = {"class_name": rule, "config": {"learning_rate": RATE}}
        loss = "sparse_categorical_crossentropy"
        model.compile(keras.optimizers.get(config), loss, metrics=["accuracy"])
        found = model.fit(
            train.x,
            train.y,
            validation_data=(validation.x, validation.y),
            epochs=EPOCHS,
            batch_size=BATCH,
            verbose=0,
        ).history["val_accuracy"]
    else:
        trainee = prepare(model, optimizer=rule, learning_rate=RATE, seed=seed)
        plan = TrainingPlan(max_epochs=EPOCHS, batch_size=BATCH, patience=EPOCHS)
        found = fit(trainee, train, validation, plan).history
    taken_s = time.perf_counter() - started
    kind = {"network": name, "side": side, "seed": seed}
    return {**kind, "accuracy": round(float(max(found)), 5), "seconds": round(taken_s, 3)}


def table(runs: list[dict[str, Any]]) -> str:
    """Return the result as Markdown, a row a network and one for all; intervals are Student's, 95 %, of the pairs."""
    from scipy.stats import t

    found = {(run["network"], run["side"], run["seed"]): run for run in runs}
    pairs: dict[str, list[tuple[float, float]]] = {"all": []}
    for name, side, seed in sorted(found):
        keras_run = found.get((name, "keras", seed))
        if side != "edgebench" or keras_run is None:
            continue
        ours = found[name, side, seed]
        pair = (
            ours["accuracy"] - keras_run["accuracy"],
            ours["seconds"] / keras_run["seconds"],
        )
        pairs.setdefault(name, []).append(pair)
        pairs["all"].append(pair)
    rows = [
        "| network | seeds | accuracy: edgebench - keras | 95 % interval of the mean | seconds, share of keras |",
        "|---|---|---|---|---|",
    ]
    for name, of in [*((n, p) for n, p in pairs.items() if n != "all"), ("all", pairs["all"])]:
        differences = [difference for difference, _ in of]
        mean = statistics.mean(differences)
        half = (
            t.ppf(0.975, len(of) - 1) * statistics.stdev(differences) / len(of) ** 0.5
            if len(of) > 1
            else float("nan")
        )
        ratio = statistics.median(ratio for _, ratio in of)
        rows.append(
            f"| {name} | {len(of)} | {mean:+.4f} | {mean - half:+.4f} to {mean + half:+.4f} | {ratio:.2f} |"
        )
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--side", choices=SIDES, help="this one only")
    parser.add_argument("--table", action="store_true", help="print the table and run nothing")
    options = parser.parse_args()
    settings = {"networks": list(NETWORKS), "epochs": EPOCHS, "batch": BATCH, "machine": MACHINE}
    journal = Journal(PATH, settings)
    done = {(run["network"], run["side"], run["seed"]) for run in journal.runs}
    for seed in range(0 if options.table else options.seeds):
        for name in NETWORKS:
            for side in (options.side,) if options.side else SIDES:
                if (name, side, seed) not in done:
                    journal.add(run_one(name, side, seed))
                    print(journal.runs[-1], file=sys.stderr)  # noqa: T201
    print(table(journal.runs))  # noqa: T201


if __name__ == "__main__":
    main()
