"""SqueezeNet 1.0 and 1.1, and squeezenet-auto: the micro-architecture search around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import keras
import keras_tuner

from edgebench.blocks import BYPASSES, cbam, eca, fire, projected_skip, squeeze_excite
from edgebench.errors import InputError, UnknownNameError
from edgebench.records import DrawnBlock
from edgebench.templates.base import Option, Template
from edgebench.templates.fire_plan import Attention, Fire, FirePlan, Merge, Pool, Stage
from edgebench.templates.scopes import registered_values, scope

POOLS = {"max": keras.layers.MaxPooling2D, "avg": keras.layers.AveragePooling2D}
MERGES = {
    "add": keras.layers.Add,
    "concat": keras.layers.Concatenate,
    "average": keras.layers.Average,
}
SQUEEZE_STEP = 16


class FireTemplate(Template):
    """A template whose every candidate is a `FirePlan`; a subclass gives `space` and `plan`."""

    def plan(self, values: Mapping[str, Any]) -> FirePlan:
        """Return the fires and pools of these active values."""
        raise NotImplementedError

    def graph(
        self, inputs: Sequence[keras.KerasTensor], values: Mapping[str, Any]
    ) -> keras.KerasTensor:
        plan = self.plan(values)
        prefixes = [""] if len(inputs) == 1 else [f"branch{i}_" for i in range(1, len(inputs) + 1)]
        branches = [self._stem(x, plan, prefix) for x, prefix in zip(inputs, prefixes, strict=True)]
        for stage in plan.stages:
            if isinstance(stage, Merge):
                branches, prefixes = [MERGES[stage.kind](name="merge")(branches)], [""]
            else:
                branches = [
                    self._fire(x, stage, prefix)
                    if isinstance(stage, Fire)
                    else _pool(x, stage, prefix)
                    for x, prefix in zip(branches, prefixes, strict=True)
                ]
        (trunk,) = branches
        return self._head(trunk, values["dropout"])

    def describe(self, values: Mapping[str, Any]) -> str:
        return str(self.plan(values))

    def blocks(self, values: Mapping[str, Any]) -> list[DrawnBlock]:
        return self.plan(values).blocks(self.input_shapes)

    def smallest_input(self, values: Mapping[str, Any]) -> tuple[int, ...]:
        side = self.plan(values).smallest_side
        return side, side

    def _stem(self, x: keras.KerasTensor, plan: FirePlan, prefix: str) -> keras.KerasTensor:
        x = keras.layers.Conv2D(
            plan.stem_filters,
            plan.stem_kernel,
            strides=2,
            padding="same",
            activation="relu",
            kernel_initializer=self.options["initializer"],
            name=f"{prefix}conv1",
        )(x)
        return keras.layers.MaxPooling2D(3, 2, name=f"{prefix}conv1_pool")(x)

    def _fire(self, x: keras.KerasTensor, stage: Fire, prefix: str) -> keras.KerasTensor:
        name, initializer = f"{prefix}fire{stage.number}", self.options["initializer"]
        output = fire(x, stage.squeeze, bypass=stage.bypass, initializer=initializer, name=name)
        if stage.attention is None:
            return output
        output = _attend(output, stage.attention, initializer, f"{name}_{stage.attention.kind}")
        return projected_skip(x, output, name=f"{name}_skip") if stage.attention.skip else output

    def _head(self, x: keras.KerasTensor, dropout: float) -> keras.KerasTensor:
        x = keras.layers.Dropout(dropout, name="dropout")(x)
        x = keras.layers.Conv2D(
            self.classes, 1, kernel_initializer=self.options["initializer"], name="conv10"
        )(x)
        x = keras.layers.GlobalAveragePooling2D(name="conv10_pool")(x)
        return keras.layers.Activation("softmax", name="softmax")(x)


class SqueezeNet10(FireTemplate):
    """SqueezeNet 1.0: eight fires, pools after the stem, fire 4 and fire 8.

    Option ``bypass``: ``simple`` adds the input of fires 3, 5, 7 and 9 to their outputs, ``complex`` also that of the
    other fires, through a 1x1 convolution. 1,248,424 parameters at 1000 classes and 3 channels.

    Source: Iandola et al. 2016, arXiv:1602.07360, table 1; as in Chantrapornchai et al. 2023, doi
    10.1038/s41598-023-37682-0, the stem is padded ("same") and dropout is searched.
    """

    name = "squeezenet-1.0"
    stem: ClassVar[tuple[int, int]] = (96, 7)
    pools_after: ClassVar[tuple[int, ...]] = (4, 8)
    known_options: ClassVar[Mapping[str, Option]] = {
        **Template.known_options,
        "bypass": Option("none", BYPASSES),
    }

    def space(self, hp: keras_tuner.HyperParameters) -> None:
        self.training_space(hp)

    def plan(self, values: Mapping[str, Any]) -> FirePlan:
        stages: list[Stage] = []
        for number in range(2, 10):
            stages.append(
                Fire(
                    number=number,
                    squeeze=SQUEEZE_STEP * (number // 2),
                    bypass=self._bypass(number),
                    attention=self.attention(),
                )
            )
            if number in self.pools_after:
                stages.append(Pool(kind="max", after=number))
        filters, kernel = self.stem
        return FirePlan(stem_filters=filters, stem_kernel=kernel, stages=tuple(stages))

    def attention(self) -> Attention | None:
        """Return what follows every fire."""
        return None

    def describe(self, values: Mapping[str, Any]) -> str:
        bypass = self.options["bypass"]
        return self.name if bypass == "none" else f"{self.name} {bypass} bypass"

    def _bypass(self, number: int) -> str:
        bypass = str(self.options["bypass"])
        return (
            "simple"
            if bypass != "none" and number % 2
            else bypass
            if bypass == "complex"
            else "none"
        )


class SqueezeNet11(SqueezeNet10):
    """SqueezeNet 1.1: a smaller stem and earlier pools. 1,235,496 parameters at 1000 classes and 3 channels.

    Source: the SqueezeNet authors' release 1.1; deviations as in `SqueezeNet10`.
    """

    name = "squeezenet-1.1"
    stem: ClassVar[tuple[int, int]] = (64, 3)
    pools_after: ClassVar[tuple[int, ...]] = (3, 5)


class SqueezeNetAuto(FireTemplate):
    """Two sets of fire pairs: a pool after each pair of the first set, none in the second.

    Pair p holds fires 2p and 2p + 1, both squeezing to 16p filters. Hyperparameters: ``set1_pairs`` 1..2,
    ``set2_pairs`` 0..2, ``pool_p`` max or avg, ``bypass_3``, ``_5``, ``_7``, ``_9``.

    Source: Chantrapornchai et al. 2023, doi 10.1038/s41598-023-37682-0.
    """

    name = "squeezenet-auto"

    def space(self, hp: keras_tuner.HyperParameters) -> None:
        self.training_space(hp)
        hp.Int("set1_pairs", 1, 2, default=1)
        set1_sizes = registered_values(hp, "set1_pairs")
        for size in set1_sizes:
            with hp.conditional_scope("set1_pairs", [size]):
                hp.Int("set2_pairs", 0, 2, default=0)
        set2_sizes = registered_values(hp, "set2_pairs")
        _check_sizes(set1_sizes, set2_sizes)
        for pair in range(1, max(set1_sizes) + 1):
            with scope(hp, set1_pairs=[size for size in set1_sizes if size >= pair]):
                hp.Choice(f"pool_{pair}", list(POOLS), default="max")
        for pair in range(1, max(set1_sizes) + max(set2_sizes) + 1):
            for first in set1_sizes:
                second = [size for size in set2_sizes if first + size >= pair]
                if second:
                    with scope(hp, set1_pairs=[first], set2_pairs=second):
                        self.pair_space(hp, pair)

    def pair_space(self, hp: keras_tuner.HyperParameters, pair: int) -> None:
        """Register what a pair of fires adds, in the scope in which that pair exists."""
        hp.Boolean(f"bypass_{2 * pair + 1}", default=False)

    def plan(self, values: Mapping[str, Any]) -> FirePlan:
        stages: list[Stage] = []
        for pair in range(1, values["set1_pairs"] + values["set2_pairs"] + 1):
            for number in (2 * pair, 2 * pair + 1):
                is_bypassed = values.get(f"bypass_{number}", False)
                stages.append(
                    Fire(
                        number=number,
                        squeeze=SQUEEZE_STEP * pair,
                        bypass="simple" if is_bypassed else "none",
                        attention=self.attention(values, pair, number),
                    )
                )
            if pair <= values["set1_pairs"]:
                stages.append(Pool(kind=values[f"pool_{pair}"], after=number))
        return FirePlan(stem_filters=96, stem_kernel=3, stages=tuple(stages))

    def attention(self, values: Mapping[str, Any], pair: int, number: int) -> Attention | None:
        """Return what follows one fire."""
        return None


def _pool(x: keras.KerasTensor, stage: Pool, prefix: str) -> keras.KerasTensor:
    if stage.kind not in POOLS:
        raise UnknownNameError("a pool", stage.kind, POOLS)
    return POOLS[stage.kind](3, 2, name=f"{prefix}fire{stage.after}_pool")(x)


def _attend(
    x: keras.KerasTensor, attention: Attention, initializer: str, name: str
) -> keras.KerasTensor:
    if attention.ratio is None:
        return eca(x, initializer=initializer, name=name)
    block = {"se": squeeze_excite, "cbam": cbam}[attention.kind]
    return block(x, attention.ratio, initializer=initializer, name=name)


def _check_sizes(set1_sizes: Sequence[int], set2_sizes: Sequence[int]) -> None:
    for name, sizes, least in (("set1_pairs", set1_sizes, 1), ("set2_pairs", set2_sizes, 0)):
        if min(sizes) < least:
            raise InputError(f"{name} cannot be {min(sizes)}", remedy=f"use {least} or more")
