"""What was published, to be held against: numbers that were read in the paper and in its authors' logs, none computed here.

Source: Chantrapornchai, Kajkamhaeng and Romphet 2023, "Micro-architecture design exploration template for AutoML case study
on SqueezeSEMAuto", Scientific Reports, doi 10.1038/s41598-023-37682-0. Sizes are trainable parameters. A figure is the
best of a search on the part that it was chosen by, which was the test part.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgebench.records import METRICS, Goal

DOI = "10.1038/s41598-023-37682-0"
TRIALS, EPOCHS = 100, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The best that a search was published to find. ``search`` is empty where the source does not tell it."""

    search: str
    value: float
    params: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One experiment: a template searched on some data, and its published figures.

    Args:
        suite: Its name below ``paper/``.
        title: What people call it.
        template: Whose networks.
        data: Name of the data set.
        sample: The share of the data; None where runs of any share belong here.
        metric: Of the figures.
        goal_epochs: Trials times epochs of the published search; None where the source does not tell.
    """

    suite: str
    title: str
    template: str
    data: str
    figures: tuple[Figure, ...]
    sample: float | None = None
    metric: str = "val_accuracy"
    goal_epochs: int | None = TRIALS * EPOCHS


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The experiments on one data set."""

    title: str
    data: str
    about: str
    cases: tuple[Case, ...]


def _cifar(
    suite: str, title: str, template: str, *figures: Figure, sample: float | None = 0.2
) -> Case:
    return Case(
        suite=suite,
        title=title,
        template=template,
        data="cifar10",
        sample=sample,
        figures=figures,
    )


def _faces(short: str, title: str, template: str, *figures: Figure) -> Case:
    return Case(
        suite=f"tsinghua-{short}", title=title, template=template, data="tsinghua", figures=figures
    )


CIFAR = Group(
    title="CIFAR-10",
    data="cifar10",
    about="Best validation accuracy. The published searches trained on the first part of the training photographs and "
    "chose by the first part of those for testing.",
    cases=(
        _cifar(
            "cifar10-squeezenet", "SqueezeNet 1.0, first 20 %", "squeezenet-1.0",
            Figure(search="random", value=0.509, params=740_554),
            Figure(search="bayesian", value=0.520, params=740_554),
        ),
        _cifar(
            "cifar10-squeezenet11", "SqueezeNet 1.1, first 20 %", "squeezenet-1.1",
            Figure(search="random", value=0.538, params=727_626),
            Figure(search="bayesian", value=0.556, params=727_626),
        ),
        _cifar(
            "cifar10-squeezenet-auto", "SqueezeNet auto, first 20 %", "squeezenet-auto",
            Figure(search="random", value=0.592, params=124_394),
            Figure(search="hyperband", value=0.579),
        ),
        _cifar(
            "cifar10-squeezenet-se-auto", "SqueezeNet SE auto, first 10 %", "squeezenet-se-auto",
            Figure(search="", value=0.572), sample=0.1,
        ),
        _cifar(
            "cifar10-squeezenet-se-auto", "SqueezeNet SE auto, first 40 %", "squeezenet-se-auto",
            Figure(search="", value=0.697), sample=0.4,
        ),
    ),
)  # fmt: skip

TSINGHUA = Group(
    title="Tsinghua facial expressions",
    data="tsinghua",
    about="Best validation accuracy over eight expressions, 700 pictures to train and 175 to choose by.",
    cases=(
        _faces(
            "squeezenet", "SqueezeNet 1.0", "squeezenet-1.0",
            Figure(search="random", value=0.137, params=739_528),
            Figure(search="bayesian", value=0.154, params=739_528),
        ),
        _faces(
            "squeezenet11", "SqueezeNet 1.1", "squeezenet-1.1",
            Figure(search="random", value=0.126, params=726_600),
            Figure(search="bayesian", value=0.137, params=726_600),
        ),
        _faces("mlp", "Landmarks, multi-layer perceptron", "mlp-auto", Figure(search="", value=0.200)),
        _faces("auto", "SqueezeNet auto", "squeezenet-auto"),
        _faces(
            "se-auto", "SqueezeNet SE auto", "squeezenet-se-auto",
            Figure(search="random", value=0.509, params=145_032),
            Figure(search="hyperband", value=0.669, params=545_356),
            Figure(search="bayesian", value=0.651, params=174_344),
        ),
        _faces("se1", "Picture and depth, added at once", "squeezenet-se1-auto", Figure(search="random", value=0.691)),
        _faces(
            "sem", "Picture and depth, merged at a searched point", "squeezenet-sem-auto",
            Figure(search="bayesian", value=0.714, params=884_688),
        ),
    ),
)  # fmt: skip

CWFID = Group(
    title="CWFID, plants in a field",
    data="cwfid",
    about="Pixel accuracy, as published; saying soil everywhere already reaches .92, so the IoU stands beside ours.",
    cases=(
        Case(
            suite="cwfid-unet", title="U-Net", template="unet", data="cwfid", metric="val_pixel_accuracy",
            figures=(Figure(search="", value=0.964, params=31_032_837),), goal_epochs=None,
        ),
        Case(
            suite="cwfid-unet-auto", title="U-Net auto", template="unet-auto", data="cwfid",
            metric="val_pixel_accuracy",
            figures=(
                Figure(search="random", value=0.977),
                Figure(search="hyperband", value=0.973),
                Figure(search="bayesian", value=0.974),
            ),
        ),
    ),
)  # fmt: skip

MNIST = Group(
    title="MNIST detection",
    data="mnist-detection",
    about="Least validation loss, 600 images to train and 100 to choose by, 25 epochs. The published default boxes differ "
    "from ours, and so do the boxes that an object takes: losses compare in kind, not digit by digit.",
    cases=(
        Case(
            suite="mnist-ssd", title="MobileNetV2-SSD", template="mobilenetv2-ssd", data="mnist-detection",
            metric="val_loss", figures=(Figure(search="", value=0.0098, params=3_492_494),), goal_epochs=None,
        ),
        Case(
            suite="mnist-ssd-auto", title="MobileNetV2-SSD with repeated blocks", template="mobilenetv2-ssd-auto",
            data="mnist-detection", metric="val_loss",
            figures=(Figure(search="", value=0.00728, params=3_492_494),), goal_epochs=None,
        ),
    ),
)  # fmt: skip

GROUPS = (CIFAR, TSINGHUA, CWFID, MNIST)

FURTHER = {
    "tsinghua-se-auto": (
        Figure(search="random", value=0.1771, params=467_568),
        Figure(search="random", value=0.1714, params=1_001_720),
        Figure(search="random", value=0.1543, params=44_984),
        Figure(search="random", value=0.1543, params=903_964),
        Figure(search="hyperband", value=0.6514, params=183_048),
        Figure(search="hyperband", value=0.6057, params=192_944),
        Figure(search="hyperband", value=0.5657, params=147_200),
        Figure(search="hyperband", value=0.5429, params=140_792),
    ),
}
"""Others of the ten best of a search, by suite: as far as their sizes were told."""


def ten_best(case: Case) -> list[Figure]:
    """Return the best that was published of a case, of all its searches, best first."""
    known = (*case.figures, *FURTHER.get(case.suite, ()))
    is_gain = METRICS[case.metric].goal is Goal.MAX
    return sorted(known, key=lambda figure: figure.value, reverse=is_gain)[:10]
