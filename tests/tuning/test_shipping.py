"""Networks of every task as every kind of file: each is judged beside Keras, whatever it answers with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgebench.datasets import load_dataset
from edgebench.records import DataPlan, ExportTarget, Format, Precision
from edgebench.runtimes import choose_runtime, run_examples
from edgebench.suites import EXPORTED_NOW
from edgebench.templates import load_template, resolve_values
from edgebench.testing.weights import spread_weights
from edgebench.tuning.shipping import (
    FilesJob,
    ScoredNetwork,
    ShippedNetwork,
    metadata_of,
    score_files,
    write_files,
)

RNG = np.random.default_rng(0)
COUNT = 8
BOXES = np.tile([0.2, 0.3, 0.6, 0.7], (COUNT, 1, 1))
Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class Case:
    shapes: tuple[tuple[int, ...], ...] = ((32, 32, 3),)
    classes: int = 4
    sets: dict[str, Any] = field(default_factory=dict)
    task: str = "classification"
    answers: Arrays = field(default_factory=lambda: {"y": np.arange(COUNT) % 4})
    targets: Sequence[str] = EXPORTED_NOW


PICTURES = ((32, 32, 3), (32, 32, 1))
CASES = {
    "squeezenet-se-auto": Case(sets={"set2_pairs": 1, "se_2": True, "se_skip_2": True}),
    "squeezenet-sem-auto": Case(shapes=PICTURES, sets={"merge_at": "fire3"}),
    "mlp-auto": Case(shapes=((8, 8, 1),)),
    "unet-auto": Case(
        shapes=((16, 16, 3),),
        classes=1,
        sets={"start_filters": 8, "depth": 2},
        task="segmentation",
        answers={"y": RNG.integers(0, 2, (COUNT, 16, 16))},
    ),
    "mobilenetv2-ssd-auto": Case(
        shapes=((196, 196, 1),),
        task="detection",
        answers={"y": np.arange(COUNT)[:, None] % 4, "boxes": BOXES},
    ),
}


@pytest.fixture(scope="module", params=CASES)
def scored(request: pytest.FixtureRequest, tmp_path_factory: Any) -> tuple[Case, Any, Any]:
    """A network's files, and how they do."""
    case, folder = CASES[request.param], tmp_path_factory.mktemp("files")
    inputs = [RNG.random((COUNT, *shape), dtype=np.float32) for shape in case.shapes]
    names = ["x", *(f"x{number}" for number in range(2, len(inputs) + 1))]
    parts = dict(zip(names, inputs, strict=True)) | case.answers
    np.savez(folder / "data.npz", **parts, **{f"{name}_train": a for name, a in parts.items()})
    data = DataPlan(name=str(folder / "data.npz"), validation=0.5)
    dataset = load_dataset(data)
    template = load_template(request.param, input_shapes=case.shapes, classes=case.classes)
    model = template.assemble(resolve_values(template, {}, case.sets).values)
    spread_weights(model)
    job = FilesJob(
        targets=tuple(map(ExportTarget.parse, case.targets)),
        data=data,
        seed=0,
        folder=str(folder),
        metadata=metadata_of(dataset.spec, "t001"),
    )

    def infer(path: Path, arrays: Sequence[Any]) -> list[Any]:
        return run_examples(choose_runtime(str(path)).open(str(path), 1, None), list(arrays))

    network = write_files(model, job)
    return case, network, score_files("t001", network, dataset, infer)


def test_every_file_is_made_and_answers(scored: tuple[Case, ShippedNetwork, ScoredNetwork]) -> None:
    case, _, found = scored
    assert found.failures == {}
    assert [str(artifact.target) for artifact in found.artifacts] == list(case.targets)
    for artifact in found.artifacts:
        parity = artifact.parity
        assert parity is not None
        assert parity.examples == COUNT
        assert np.isfinite(parity.max_abs_diff)
        assert 0 <= parity.mean_abs_diff <= parity.max_abs_diff
        assert artifact.accuracy is not None
        assert 0 <= artifact.accuracy <= 1


def test_floats_answer_as_keras_does(scored: tuple[Case, ShippedNetwork, ScoredNetwork]) -> None:
    _, _, found = scored
    for artifact in found.artifacts:
        if artifact.precision is Precision.FP32:
            assert artifact.parity is not None
            assert artifact.parity.max_abs_diff < 1e-4, artifact.target
            assert artifact.accuracy == pytest.approx(found.keras_score.value, abs=1e-3)


def test_what_a_task_can_say_is_said(scored: tuple[Case, ShippedNetwork, ScoredNetwork]) -> None:
    case, _, found = scored
    for artifact in found.artifacts:
        parity = artifact.parity
        assert parity is not None
        assert (parity.agreement is None) == (case.task == "detection")
        assert (parity.mcnemar_p is None) == (case.task != "classification")
        assert parity.scores, artifact.target


def test_files_say_what_stands_in_them(
    scored: tuple[Case, ShippedNetwork, ScoredNetwork],
) -> None:
    _, network, found = scored
    for artifact in found.artifacts:
        facts, parity = artifact.facts, artifact.parity
        assert facts is not None
        assert parity is not None
        is_float = artifact.precision in (Precision.FP32, Precision.FP16)
        assert len(parity.layers) == 0 if is_float else 0 < len(parity.layers) <= 5
        if artifact.format is not Format.KERAS:
            assert facts.ops
            assert facts.arena_bytes
    assert len({file.file.sha256 for file in network.files}) == len(network.files)
