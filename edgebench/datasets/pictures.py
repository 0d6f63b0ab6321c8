"""Pictures of classes: which files there are, and what networks are fed of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from edgebench.datasets.base import DatasetSpec, Labels, Part
from edgebench.datasets.images import Size, shown, size_of
from edgebench.datasets.plans import first_count, require_plan
from edgebench.datasets.views import Views
from edgebench.errors import InputError
from edgebench.records import DataPlan

TEST_SHARE = 0.2
SPLIT_SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """Files, the class number of each, and whom it shows where that is known. No pixel is read."""

    paths: tuple[str, ...]
    labels: Labels
    groups: Labels | None = None

    def __len__(self) -> int:
        return len(self.paths)

    def of(self, rows: Labels) -> Pictures:
        """Return some of them."""
        return Pictures(
            paths=tuple(self.paths[row] for row in rows.tolist()),
            labels=self.labels[rows],
            groups=None if self.groups is None else self.groups[rows],
        )

    def first_of_each_class(self, share: float) -> Pictures:
        """Return the first share of each class, at least one picture; fewer are always among more."""
        rows = [np.flatnonzero(self.labels == label) for label in np.unique(self.labels)]
        kept = [found[: first_count(share, len(found))] for found in rows]
        return self.of(np.sort(np.concatenate(kept)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The files of a data set by part, before its sample is taken.

    ``held_out`` are those that it holds out itself to choose by. ``split`` says in words how the parts were made.
    """

    labels: tuple[str, ...]
    pool: Pictures
    test: Pictures
    held_out: Pictures | None = None
    split: str

    def sampled(self, share: float) -> Listing:
        """Return the first share of each class of each part."""
        held_out = self.held_out
        return Listing(
            labels=self.labels,
            pool=self.pool.first_of_each_class(share),
            test=self.test.first_of_each_class(share),
            held_out=held_out and held_out.first_of_each_class(share),
            split=self.split,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What is said of a set of pictures, and where landmarks found in it are kept: ``root``."""

    name: str
    root: Path
    source: str
    labels: tuple[str, ...] = ()
    usual_size: Size | None = None
    synthetic: bool = False


class PictureSet:
    """Implements `Source` on pictures of classes, and `Divided` where they come with a part to choose by.

    Args:
        plan: ``size`` of the inputs, by default the origin's or that of all pictures; ``inputs``, any of `VIEWS`;
            ``sample`` takes that share of each class of each part, the first ones by name.
        origin: What is said of the set. Where it tells the ``labels``, none need be there to know the shape.
        listing: Returns the files; called once they are asked for.
        lacks: Returns what is missing.

    Raises:
        InputError: the plan asks for what pictures do not have.
    """

    def __init__(
        self,
        plan: DataPlan,
        origin: Origin,
        listing: Callable[[], Listing],
        lacks: Callable[[], tuple[str, ...]] = tuple,
    ) -> None:
        require_plan(plan, origin.name, "inputs")
        self._plan = plan
        self._origin = origin
        self._list = listing
        self._views = Views(plan.inputs, origin.root)
        self.lacks = lacks

    @property
    def spec(self) -> DatasetSpec:
        labels = self._origin.labels or self._listing.labels
        split = "" if self.lacks() else f"; {self._listing.split}"
        return DatasetSpec(
            name=self._origin.name,
            task="classification",
            input_shapes=self._views.shapes(self._size),
            classes=len(labels),
            labels=labels,
            normalisation=self._views.normalisation,
            source=self._origin.source + split,
            synthetic=self._origin.synthetic,
            notes=self._views.notes,
        )

    @property
    def pool_count(self) -> int:
        return 0 if self.lacks() else len(self._listing.pool)

    @property
    def held_out_count(self) -> int:
        return 0 if self.lacks() else len(self._listing.held_out or ())

    def pool(self) -> Part:
        return self._part(self._listing.pool)

    def test(self) -> Part:
        return self._part(self._listing.test)

    def held_out(self) -> Part:
        if self._listing.held_out is None:
            raise InputError(f"{self._origin.name} holds nothing out itself")
        return self._part(self._listing.held_out)

    @cached_property
    def _listing(self) -> Listing:
        return self._list().sampled(self._plan.sample)

    @cached_property
    def _size(self) -> Size:
        if self._plan.size or self._origin.usual_size:
            return self._plan.size or self._origin.usual_size or (0, 0)
        return size_of(self._listing.pool.paths[0])

    def _part(self, pictures: Pictures) -> Part:
        resize = bool(self._plan.size or self._origin.usual_size)
        rows, inputs = self._views.read(pictures.paths, self._size, resize=resize)
        kept = pictures.of(rows)
        for number in sorted(set(pictures.labels.tolist()) - set(kept.labels.tolist())):
            raise InputError(
                f"no face was found in any picture of {self._listing.labels[number]} in {self._origin.name}",
                why=f"{len(pictures) - len(kept)} of {len(pictures)} pictures have none",
                remedy="leave the class out, or feed data.inputs: [image] alone",
            )
        return Part(x=inputs[0], y=kept.labels, more=inputs[1:], groups=kept.groups)


def fifth_of_each_class(labels: Labels) -> Labels:
    """Return which rows are for testing: drawn, and the same for a class whatever the others are; at least one of two."""
    drawn = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        count = first_count(TEST_SHARE, len(rows))
        drawn.append(np.random.default_rng(SPLIT_SEED).permutation(rows)[:count])
    return np.sort(np.concatenate(drawn))


def fifth_of_groups(groups: Labels) -> Labels:
    """Return which rows are for testing: those of a fifth of the groups, at least one, that is drawn."""
    names = np.unique(groups)
    count = first_count(TEST_SHARE, len(names))
    drawn = np.random.default_rng(SPLIT_SEED).permutation(names)[:count]
    return np.flatnonzero(np.isin(groups, drawn))


def parted(pictures: Pictures, test_rows: Labels) -> tuple[Pictures, Pictures]:
    """Return the pool and the test part."""
    others = np.setdiff1d(np.arange(len(pictures)), test_rows)
    return pictures.of(others), pictures.of(test_rows)


def require_every_class(part: Pictures, labels: Sequence[str], where: str) -> None:
    """Raise `InputError` where a part has no picture of a class."""
    for number in sorted(set(range(len(labels))) - set(part.labels.tolist())):
        raise InputError(
            f"{shown(where)} has no picture of {labels[number]}",
            why="training, validation and test need each class",
            remedy="add some, or leave the class out everywhere",
        )
