"""What a template is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import keras_tuner

from edgebench.errors import InputError, UnknownNameError
from edgebench.records import DrawnBlock
from edgebench.templates.graph_blocks import read_blocks
from edgebench.templates.terms import TRAINING_HYPERPARAMETERS, Shapes


@dataclass(frozen=True, slots=True)
class Option:
    """A template option: its default, and what else it may be (empty: anything)."""

    default: Any
    choices: tuple[Any, ...] = ()


class Template(keras_tuner.HyperModel):
    """A family of networks for given inputs and classes.

    The search calls `space` once to learn every hyperparameter, and `build` or `assemble` once a candidate.
    A subclass gives the class attributes, `space` and `graph`; it must call ``training_space`` in `space`.
    ``input_count`` None means any number of inputs; the usual shapes and classes are those of its publication.

    Args:
        input_shapes: One shape an input, without the batch.
        classes: Number of classes, at least 2; of masks for segmentation, at least 1.
        options: Values for some of `known_options`.

    Raises:
        UnknownNameError: An option, or the value of one, is not known.
        InputError: The number of inputs, a shape or the number of classes does not fit.
    """

    name: str = ""
    version: str = "1"
    task: str = "classification"
    input_count: int | None = 1
    usual_input_shapes: Shapes = ((224, 224, 3),)
    usual_classes: int = 1000
    known_options: ClassVar[Mapping[str, Option]] = {"initializer": Option("he_normal")}

    def __init__(
        self, *, input_shapes: Shapes, classes: int, options: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(name=type(self).name or type(self).__name__)
        self.input_shapes = tuple(tuple(shape) for shape in input_shapes)
        self.classes = classes
        self.options = self._checked_options(options or {})
        self._check_inputs()

    def space(self, hp: keras_tuner.HyperParameters) -> None:
        """Register every hyperparameter, active or not, each in its conditional scope; build nothing."""
        raise NotImplementedError

    def graph(
        self, inputs: Sequence[keras.KerasTensor], values: Mapping[str, Any]
    ) -> keras.KerasTensor:
        """Return the output for the inputs of one candidate, given its active values."""
        raise NotImplementedError

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """Return the candidate of these hyperparameters, uncompiled.

        Raises:
            InputError: The input is too small, or an active value is missing: keras-tuner's own class loses
                values of names that stand under several scopes, so give its tuners `discover_space(template)`.
        """
        self._check_values(hp)
        self.space(hp)
        # All names are registered by now, so that a tuner need not build once per scope to find them.
        hp.active_scopes.clear()
        hp.inactive_scopes.clear()
        return self.assemble(hp.values)

    def assemble(self, values: Mapping[str, Any]) -> keras.Model:
        """Return the candidate of these active values, uncompiled.

        Raises:
            InputError: The input is too small for it; the sentence names the smallest that works.
        """
        self._check_size(values)
        inputs = [
            keras.Input(shape, name="input" if len(self.input_shapes) == 1 else f"input_{i}")
            for i, shape in enumerate(self.input_shapes, 1)
        ]
        fed = inputs[0] if len(inputs) == 1 else inputs
        return keras.Model(fed, self.graph(inputs, values), name=self.name)

    def describe(self, values: Mapping[str, Any]) -> str:
        """Return the architecture of these active values in one line."""
        shown = [f"{k}={v}" for k, v in values.items() if k not in TRAINING_HYPERPARAMETERS]
        return " ".join([self.name, *shown])

    def blocks(self, values: Mapping[str, Any]) -> list[DrawnBlock]:
        """Return what `draw_text` and `draw_svg` draw of this candidate: here, its layers."""
        return read_blocks(self.assemble(values))

    def smallest_input(self, values: Mapping[str, Any]) -> tuple[int, ...]:
        """Return the least size along each spatial axis that this candidate can take."""
        return ()

    def training_space(self, hp: keras_tuner.HyperParameters) -> None:
        """Register the hyperparameters that every template has and that leave the graph as it is."""
        hp.Choice("optimizer", ["rmsprop", "sgd"], default="rmsprop")
        hp.Choice("learning_rate", [1e-3, 1e-4], default=1e-3)
        hp.Float("dropout", 0.0, 0.8, default=0.4)

    def _check_values(self, hp: keras_tuner.HyperParameters) -> None:
        missing = {e.name for e in hp.space if hp.is_active(e) and e.name not in hp.values}
        if missing:
            raise InputError(
                f"{self.name} has no value for {', '.join(sorted(missing))}",
                why="keras_tuner.HyperParameters loses values of names that stand under several scopes",
                remedy="give the tuner hyperparameters=discover_space(template)",
            )

    def _checked_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        for option in options:
            if option not in self.known_options:
                raise UnknownNameError(f"an option of {self.name}", option, self.known_options)
        chosen = {
            name: self._chosen(name, options[name]) if name in options else option.default
            for name, option in self.known_options.items()
        }
        if "initializer" in chosen:
            _check_initializer(chosen["initializer"])
        return chosen

    def _chosen(self, option: str, value: Any) -> Any:
        """Return the choice that a value, or its text, names."""
        choices = {str(choice).lower(): choice for choice in self.known_options[option].choices}
        if choices and str(value).lower() not in choices:
            raise UnknownNameError(f"a value of option {option}", str(value), choices)
        return choices.get(str(value).lower(), value)

    def _check_inputs(self) -> None:
        count = len(self.input_shapes)
        if count != (self.input_count or max(count, 1)):
            raise InputError(
                f"{self.name} takes {_count(self.input_count or 1, 'input')}, not {count}"
            )
        for shape in self.input_shapes:
            if not shape or any(not isinstance(n, int) or n < 1 for n in shape):
                raise InputError(f"{shape} is not an input shape", remedy="for example 32,32,3")
        least = 2 if self.task == "classification" else 1
        if self.classes < least:
            raise InputError(
                f"{self.name} needs {_count(least, 'class', 'classes')} or more, not {self.classes}"
            )

    def _check_size(self, values: Mapping[str, Any]) -> None:
        smallest = self.smallest_input(values)
        for shape in self.input_shapes:
            if smallest and len(shape) != len(smallest) + 1:
                raise InputError(
                    f"{self.name} cannot take an input of shape {_times(shape)}",
                    why=f"it needs {_count(len(smallest), 'spatial axis', 'spatial axes')} and channels",
                )
            if any(n < least for n, least in zip(shape, smallest, strict=False)):
                raise InputError(
                    f"an input of {_times(shape[:-1])} is too small for {self.name}: "
                    f"the smallest that works here is {_times(smallest)}",
                    why=f"the pools and strides of {self.describe(values)} would leave nothing",
                    remedy="use larger images or fewer pools",
                )


def _check_initializer(name: Any) -> None:
    try:
        keras.initializers.get(name)
    except (ValueError, TypeError):
        raise InputError(
            f"{name} is not a Keras initializer",
            remedy="for example he_normal or glorot_uniform",
        ) from None


def _times(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
