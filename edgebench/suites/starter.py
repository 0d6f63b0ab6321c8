"""A first suite for somebody's own images: what was found in a folder, settings that fit it, and the commented file."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from edgebench.datasets import DATASETS
from edgebench.datasets.image_folder import list_pictures
from edgebench.datasets.images import shown, size_of
from edgebench.datasets.mask_folder import is_mask_folder
from edgebench.datasets.pictures import Listing
from edgebench.errors import InputError

FEWEST_IMAGES = 10
LEAST_SIDE, MOST_SIDE, STEP = 32, 96, 16
LOOKED_AT = 200
MOST_TRAINED_ON = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found: ``images`` are those to train on or choose by, ``commonest_share`` the part of them in the largest class.

    ``data`` is the folder as a suite names it; ``side`` the median of the images' shorter sides, in pixels.
    """

    name: str
    data: str
    classes: int
    images: int
    test_images: int
    commonest_share: float
    side: int


def look_into(folder: str) -> Found:
    """Return what a folder of images per class holds; of some images the header is read, of none the pixels.

    Raises:
        InputError: it is no folder of classes, a class has too few images, or a file is no image.
    """
    path = Path(folder)
    if not shown(folder) == folder or ":" in folder:
        raise InputError(
            f"{shown(folder)} cannot be named in a suite",
            why="its name holds a colon, or what cannot be printed",
            remedy="rename the folder",
        )
    if path.is_dir() and is_mask_folder(path):
        raise InputError(
            f"{folder} is a folder of images and masks",
            why="init writes suites for images of classes",
            remedy="begin with suites/cwfid.yaml, and put the folder under data.name",
        )
    listing = list_pictures(folder)
    counts = _counts(listing, folder)
    return Found(
        name=re.sub(r"[^\w.-]+", "-", path.resolve().name).strip("-.") or "images",
        data=f"./{folder}" if folder in DATASETS else folder,
        classes=len(listing.labels),
        images=sum(counts),
        test_images=len(listing.test),
        commonest_share=max(counts) / sum(counts),
        side=_median_side(listing.pool.paths),
    )


def suite_text(found: Found) -> str:
    """Return a suite fitted to the images; every key says what it does and what may stand there instead."""
    side = min(MOST_SIDE, max(LEAST_SIDE, STEP * round(found.side / STEP)))
    sample = min(1.0, math.floor(100 * MOST_TRAINED_ON / found.images) / 100)
    trained_on = round(found.images * max(sample, 0.01))
    batch_size, epochs = _pace(trained_on)
    worst = math.floor(100 * found.commonest_share) / 100
    return TEXT.format(
        about=(
            f"{found.classes} classes, {found.images:,} images to train and choose by, "
            f"{found.test_images:,} to test"
        ),
        name=json.dumps(found.name, ensure_ascii=False),
        data=json.dumps(found.data, ensure_ascii=False),
        side=side,
        found_side=found.side,
        sample=max(sample, 0.01),
        worst=worst,
        batch_size=batch_size,
        epochs=epochs,
        patience=max(3, epochs // 3),
    )


def digits_text() -> str:
    """Return the same suite for the digits that come along."""
    found = Found(
        name="my-digits",
        data="digits",
        classes=10,
        images=1437,
        test_images=360,
        commonest_share=0.1,
        side=32,
    )
    return suite_text(found)


def _counts(listing: Listing, folder: str) -> list[int]:
    """Return how many images of each class there are outside of the test part; raises `InputError` where too few."""
    held_out = listing.held_out
    labels = [listing.pool.labels, held_out.labels] if held_out else [listing.pool.labels]
    counts = np.bincount(np.concatenate(labels), minlength=len(listing.labels)).tolist()
    number = int(np.argmin(counts))
    tested = int((listing.test.labels == number).sum())
    if counts[number] + tested < FEWEST_IMAGES:
        raise InputError(
            f"{shown(folder)} has {counts[number] + tested} images of {listing.labels[number]}",
            why=f"a class needs at least {FEWEST_IMAGES}: to train, to choose by and to test",
            remedy="add some, or take the class out",
        )
    return [int(count) for count in counts]


def _median_side(paths: Sequence[str]) -> int:
    step = max(1, len(paths) // LOOKED_AT)
    return int(median(min(size_of(path)) for path in paths[::step]))


def _pace(images: int) -> tuple[int, int]:
    """Return a batch size and most epochs: few images are gone over more often, in smaller steps."""
    for most, batch_size, epochs in ((500, 16, 30), (2_000, 32, 20), (8_000, 32, 12)):
        if images <= most:
            return batch_size, epochs
    return 64, 8


TEXT = """\
# {about}.
#   edgebench check FILE      says what is wrong with this file, and trains nothing
#   edgebench search FILE     searches; the same command again finishes the run

# What reports call it; any word.
name: {name}

# The family of networks to search; `edgebench template list` names others, module:Class is one of yours.
template: squeezenet-se-auto
# What every network begins with; or initializer: glorot_uniform, Keras's default, which is slower to learn here.
template_options: {{initializer: he_normal}}

hyperparameters:
  # A list is searched, its first entry is the default; one value, such as adam, fixes it; or add sgd.
  optimizer: [adam, rmsprop]
  # Likewise; any numbers above 0.
  learning_rate: [0.001, 0.002]
  # A range is searched; or one number of 0 to 1.
  dropout: {{min: 0.0, max: 0.4}}

data:
  # The folder, as seen from where you run edgebench; or a name of `edgebench data list`, an .npz file, module:function.
  name: {data}
  # Height and width that images become; theirs is {found_side} at the shorter side, by the median. Larger is slower.
  size: [{side}, {side}]
  # The share of the images that is used, the first of each class; 0.1 for a quick look, 1.0 for all.
  sample: {sample}
  # The share that networks are chosen by, and not trained on; a `val` folder of your own stands in its place.
  validation: 0.2

# What is better: max or min of each; or add macs or file_bytes, or drop one.
objectives: {{val_accuracy: max, param_bytes: min, latency_ms: min}}
# The worst values worth having: a network beyond one is on no front. Answering the commonest class everywhere gets {worst:g}.
reference: {{val_accuracy: {worst:g}, param_bytes: 4000000, latency_ms: 50}}
# Limits that a network must keep, such as ["latency_ms<=20", "param_bytes<=500000"].
constraints: []

# A known network that is trained and measured as well, to compare with; any template, or leave the line out.
baseline: squeezenet-1.1

# Who asks for the next network, and how many in all; or random, bayesian, hyperband.
oracle: {{name: pareto, max_trials: 16}}

training:
  # Each network goes over the images at most so often; more may learn more, and takes longer.
  max_epochs: {epochs}
  # Images a step; 16 to 128.
  batch_size: {batch_size}
  # A training ends when so many epochs brought nothing.
  patience: {patience}
  # How the learning rate falls: cosine, or constant.
  schedule: cosine
  # Random changes to training images: mirror, turn, or both; none where left or right means something.
  augment: []

# Where latency is measured: this machine; `edgebench device add` makes others known, and the first is ranked by.
devices: [local]
# What is measured: runtime auto, tflite, litert or ort; precision fp32 or int8; blocks are fresh processes of block_s seconds.
latency: {{runtime: auto, precision: fp32, threads: 1, blocks: 1, winner_blocks: 3, block_s: 1.0}}

# Files of each winner: tflite with -fp32, -fp16, -dynamic or -int8, onnx with -fp32, -fp16 or -int8, keras-fp32.
export: [tflite-fp32, tflite-int8, onnx-fp32]

# Draws the same networks and weights again; any whole number.
seed: 7
"""
