"""What the task of a suite's data decides: metrics, losses, augmentation, and which templates go with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgebench import suites
from edgebench.errors import DocumentError, InputError
from edgebench.records import METRICS, DataPlan, Suite
from edgebench.suites import suite_hash, trained_metrics

pytestmark = pytest.mark.usefixtures("keras")

MASKS = "name: m\ntemplate: unet-auto\ndata: {name: cwfid, tile: [32, 32]}\n"
BOXES = "name: b\ntemplate: mobilenetv2-ssd-auto\ndata: {name: mnist-detection}\n"
CLASSES = "name: c\ntemplate: squeezenet-auto\ndata: {name: digits}\n"
PAPER = sorted(path.stem for path in (suites.shipped_dir() / "paper").glob("*.yaml"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without any data: what a network must look like is known all the same."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGEBENCH_DATA", str(tmp_path))
    return tmp_path


def load(text: str) -> Suite:
    Path("suite.yaml").write_text(text, encoding="utf-8")
    return suites.load("suite.yaml")


@pytest.mark.parametrize(
    ("text", "metric"),
    [(CLASSES, "val_accuracy"), (MASKS, "val_iou"), (BOXES, "val_map")],
)
def test_objectives_that_nobody_wrote_begin_with_the_task_s_metric(text: str, metric: str) -> None:
    suite = load(text)
    assert [o.metric for o in suite.objectives] == [metric, "param_bytes", "latency_ms"]
    assert suite.training.watch == metric


@pytest.mark.parametrize(
    ("text", "metric"),
    [(CLASSES, "val_accuracy"), (MASKS, "val_iou"), (BOXES, "val_map")],
)
def test_they_begin_with_the_reference_of_that_metric(text: str, metric: str) -> None:
    assert load(text).objectives[0].reference == 0.0
    assert load(f"{text}reference: {{{metric}: 0.4}}\n").objectives[0].reference == 0.4


def test_the_first_objective_that_is_trained_is_watched() -> None:
    assert load(f"{BOXES}objectives: {{latency_ms: min, val_loss: min}}\n").training.watch == (
        "val_loss"
    )
    both = load(f"{MASKS}objectives: {{val_pixel_accuracy: max, val_iou: max}}\n")
    assert both.training.watch == "val_pixel_accuracy"
    assert load(f"{MASKS}objectives: {{param_bytes: min}}\n").training.watch == "val_iou"


def test_the_metrics_of_a_task() -> None:
    assert trained_metrics("segmentation") == ("val_iou", "val_pixel_accuracy", "val_loss")
    assert trained_metrics("detection") == ("val_map", "val_loss")
    for task in ("classification", "segmentation", "detection"):
        assert {f"float_{name}" for name in trained_metrics(task)} <= METRICS.keys()


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (f"{MASKS}objectives: {{val_accuracy: max}}\n", "4:14", "val_accuracy is not a metric of segmentation"),
        (f"{CLASSES}objectives: {{val_map: max}}\n", "4:14", "val_map is not a metric of classification"),
        (f'{MASKS}constraints: ["val_accuracy>=0.9"]\n', "4:15", "val_accuracy is not a metric of segmentation"),
        (f'{CLASSES}constraints: ["test_accuracy>=0.9"]\n', "4:15", "test_accuracy is not a metric of classification"),
        (f"{CLASSES}objectives: {{test_accuracy: max}}\nreference: {{test_accuracy: 0.1}}\n", "4:14", "test_accuracy is not a metric"),
        (f"{MASKS}training: {{loss: mined}}\n", "4:18", "mined is not a loss of segmentation"),
        (f"{MASKS}training: {{augment: [mirror, mirrow]}}\n", "4:30", "mirrow is not a change"),
        (f"{BOXES}training: {{augment: [mirror]}}\n", "4:22", "mirror does not suit mnist-detection"),
        (MASKS.replace("[32, 32]", "[32, 48]") + "training: {augment: [turn]}\n", "4:22", "turn does not suit cwfid"),
        (MASKS.replace("unet-auto", "squeezenet-auto"), "2:11", "squeezenet-auto does not suit cwfid"),
        (BOXES.replace("mobilenetv2-ssd-auto", "unet"), "2:11", "unet does not suit mnist-detection"),
        (CLASSES.replace("squeezenet-auto", "squeezenet-sem-auto\nbaseline: unet"), "3:11", "unet does not suit digits"),
        (CLASSES.replace("digits}", "digits, validation: tset}"), "3:34", ""),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_told_with_its_place(
    text: str, place: str, message: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        load(text)
    assert caught.value.message.startswith(f"suite.yaml:{place}  {message}")


def test_the_test_part_may_be_what_is_chosen_by() -> None:
    suite = load(CLASSES.replace("digits}", "digits, validation: test}"))
    assert suite.data == DataPlan(name="digits", validation="test")
    assert suite_hash(suite) != suite_hash(load(CLASSES))


def test_losses_and_augmentation_make_results_incomparable() -> None:
    texts = ("", "training: {loss: dice}\n", "training: {augment: [mirror]}\n")
    assert len({suite_hash(load(MASKS + text)) for text in texts}) == 3


@pytest.mark.parametrize("name", PAPER)
def test_every_published_experiment_loads_without_its_data(name: str) -> None:
    suite = suites.load(f"paper/{name}")
    assert suite.name == name
    assert suite.objective == "accuracy"


def test_there_are_all_published_experiments() -> None:
    faces = ("squeezenet", "squeezenet11", "mlp", "auto", "se-auto", "se1", "sem")
    assert sorted([
        "cifar10-squeezenet", "cifar10-squeezenet11", "cifar10-squeezenet-auto", "cifar10-squeezenet-se-auto",
        *(f"tsinghua-{short}" for short in faces), "cwfid-unet", "cwfid-unet-auto", "mnist-ssd", "mnist-ssd-auto",
    ]) == PAPER  # fmt: skip


def test_a_suite_that_does_not_exist_names_those_in_folders() -> None:
    with pytest.raises(InputError) as caught:
        suites.find("paper/mnist-sdd")
    assert caught.value.remedy == "did you mean paper/mnist-ssd?"
