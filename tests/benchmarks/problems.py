"""Searches whose every answer is known at once, to hold oracles against each other.

`nasbench` is a table of 15,625 trained cells. `squeezenet` is the conditional space of squeezenet-se-auto: parameters and
multiply-accumulates are exact, the accuracy is made up, with noise, as `_squeezenet_accuracy` says.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras_tuner

Values = Mapping[str, Any]
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
EDGES = 6
NOISE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is searched.

    Args:
        space: Makes the hyperparameters.
        goals: ``max`` or ``min`` by metric; those in ``free`` are known before training.
        reference: The worst value worth having, by metric.
        measure: From values and a seed, which draws the noise, to all metrics.
        judge: From values to metrics without noise, by which fronts are held against each other.
        candidates: All of them, where they can be listed.
    """

    space: Callable[[], keras_tuner.HyperParameters]
    goals: Mapping[str, str]
    free: tuple[str, ...]
    reference: Mapping[str, float]
    measure: Callable[[Values, int], dict[str, float]]
    judge: Callable[[Values], dict[str, float]]
    candidates: tuple[dict[str, float], ...] = ()


def nasbench(folder: Path) -> Problem:
    """Return NAS-Bench-201 on CIFAR-10: validation accuracy, parameters, latency on a Raspberry Pi 4.

    Args:
        folder: Holds ``nasbench/nb201_raspi4.csv.gz``.
    """
    table = {}
    with gzip.open(folder / "nasbench" / "nb201_raspi4.csv.gz", "rt", newline="") as file:
        for row in csv.DictReader(file):
            nodes = [part for node in row["arch"].split("+") for part in node.strip("|").split("|")]
            table[tuple(part.split("~")[0] for part in nodes)] = {
                "val_accuracy": float(row["cifar10_valid_accuracy_percent"]) / 100,
                "params_m": float(row["params_m"]),
                "latency_ms": float(row["raspi4_latency_ms"]),
            }

    def space() -> keras_tuner.HyperParameters:
        hp = keras_tuner.HyperParameters()
        for edge in range(EDGES):
            hp.Choice(f"edge{edge}", list(OPERATIONS))
        return hp

    def judge(values: Values) -> dict[str, float]:
        return dict(table[tuple(values[f"edge{edge}"] for edge in range(EDGES))])

    return Problem(
        space=space,
        goals={"val_accuracy": "max", "params_m": "min", "latency_ms": "min"},
        free=("params_m", "latency_ms"),
        reference={"val_accuracy": 0.15, "params_m": 1.6, "latency_ms": 100.0},
        measure=lambda values, seed: judge(values),
        judge=judge,
        candidates=tuple(table.values()),
    )


def squeezenet() -> Problem:
    """Return squeezenet-se-auto at 32 x 32 x 3 and 10 classes, training hyperparameters included."""
    from edgebench.templates import discover_space, load_template

    template = load_template("squeezenet-se-auto", input_shapes=((32, 32, 3),), classes=10)

    def judge(values: Values) -> dict[str, float]:
        params, macs = squeezenet_sizes(values)
        return {
            "val_accuracy": _squeezenet_accuracy(values, params),
            "params": float(params),
            "macs": float(macs),
        }

    def measure(values: Values, seed: int) -> dict[str, float]:
        key = json.dumps([seed, sorted(values.items())], default=str)
        rng = random.Random(hashlib.sha256(key.encode()).hexdigest())
        exact = judge(values)
        return {**exact, "val_accuracy": exact["val_accuracy"] + rng.gauss(0.0, NOISE)}

    return Problem(
        space=lambda: discover_space(template),
        goals={"val_accuracy": "max", "params": "min", "macs": "min"},
        free=("params", "macs"),
        reference={"val_accuracy": 0.3, "params": 1.2e6, "macs": 3e7},
        measure=measure,
        judge=judge,
    )


def squeezenet_sizes(values: Values, side: int = 32, classes: int = 10) -> tuple[int, int]:
    """Return (parameters, multiply-accumulates) of squeezenet-se-auto for side x side x 3."""
    side = -(-side // 2)
    params, macs = 28 * 96, side * side * 27 * 96
    side = (side - 3) // 2 + 1
    channels = 96

    def convolution(kernel: int, inputs: int, outputs: int) -> None:
        nonlocal params, macs
        params += (kernel * kernel * inputs + 1) * outputs
        macs += side * side * kernel * kernel * inputs * outputs

    for number in range(2, 2 * (values["set1_pairs"] + values["set2_pairs"]) + 2):
        pair = number // 2
        squeeze, outputs = 16 * pair, 128 * pair
        convolution(1, channels, squeeze)
        convolution(1, squeeze, outputs // 2)
        convolution(3, squeeze, outputs // 2)
        if values[f"se_{number}"]:
            units = outputs // values[f"se_ratio_{pair}"]
            params += 2 * outputs * units + units + outputs
            macs += 2 * outputs * units
            if values[f"se_skip_{number}"] and channels != outputs:
                convolution(1, channels, outputs)
                params += 2 * outputs
        channels = outputs
        if number == 2 * pair + 1 and pair <= values["set1_pairs"]:
            side = (side - 3) // 2 + 1
    convolution(1, channels, classes)
    return params, macs


def _squeezenet_accuracy(values: Values, params: int) -> float:
    """Return an accuracy that grows with size and falls off around a learning rate and a dropout.

    The error falls with a doubling of the parameters above 20,000, until it no longer does; attention on early fires,
    skips there, bypasses and a late average pool help a little, together; RMSprop likes the higher rate, SGD trains worse
    and does not train at all at the lower one; dropout is best at 0.3.
    """
    rate, dropout = float(values["learning_rate"]), float(values["dropout"])
    if values["optimizer"] == "sgd" and rate < 1e-3:
        return 0.1
    exponent = min(0.9, 0.35 * math.log2(params / 20_000) / 2) + 0.8
    attended = [n for n in range(2, 10) if values.get(f"se_{n}")]
    exponent += 0.12 * sum(1.0 / n for n in attended)
    exponent += 0.05 * sum(bool(values.get(f"se_skip_{n}")) for n in attended if n % 2)
    exponent += 0.06 * sum(bool(values.get(f"bypass_{n}")) for n in (3, 5, 7, 9))
    exponent += 0.08 * (values.get("pool_2") == "avg") - 0.04 * (values.get("pool_1") == "avg")
    exponent += 0.02 * sum(values.get(f"se_ratio_{p}") == 8 for p in range(1, 5))
    exponent -= 0.25 * abs(math.log10(rate / 1e-3)) + 0.3 * (values["optimizer"] == "sgd")
    exponent -= 0.8 * (dropout - 0.3) ** 2
    return 1.0 - 0.85 * math.exp(-max(exponent, 0.0) * 1.3)
